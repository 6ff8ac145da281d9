//! The command line, by pico-args.

use std::net::SocketAddr;

use actix_web::web;

fn parse() -> Result<(), pico_args::Error> {
    let mut arguments = pico_args::Arguments::from_env();
    let root: Option<String> = arguments.opt_value_from_str("--root")?;
    let verbose = arguments.contains(["-v", "--verbose"]);
    let address: Option<SocketAddr> = arguments.opt_free_from_str()?;
    if verbose {
        eprintln!("{root:?} {address:?}");
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    parse().map_err(std::io::Error::other)?;
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
