//! The command line, by clap.

use std::net::SocketAddr;

use actix_web::web;
use clap::Parser;

/// A server.
#[derive(Parser)]
struct Arguments {
    /// Where to listen
    address: Option<SocketAddr>,
    /// Where the files are
    #[arg(long, default_value = "/")]
    root: String,
    /// Say more
    #[arg(long, short)]
    verbose: bool,
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    if arguments.verbose {
        eprintln!("{} {:?}", arguments.root, arguments.address);
    }
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
