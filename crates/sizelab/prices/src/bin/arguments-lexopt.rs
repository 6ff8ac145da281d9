//! The command line, by lexopt.

use std::net::SocketAddr;

use actix_web::web;
use lexopt::prelude::*;

fn parse() -> Result<(), lexopt::Error> {
    let (mut address, mut root, mut verbose) = (None, "/".to_owned(), false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("root") => root = parser.value()?.string()?,
            Short('v') | Long("verbose") => verbose = true,
            Value(value) => address = Some(value.parse::<SocketAddr>()?),
            _ => return Err(argument.unexpected()),
        }
    }
    if verbose {
        eprintln!("{root} {address:?}");
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    parse().map_err(std::io::Error::other)?;
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
