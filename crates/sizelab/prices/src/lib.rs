//! What the programs have in common: a server with one thing in it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use actix_web::App;
use actix_web::web::ServiceConfig;
use tinyrust_serve::{Limits, listen, serve};

/// What a program answers where what it is for has a path of its own.
pub const HELLO: &str = "Hello, world!";

/// The memory that talc divides: a page of it costs nothing before it is used.
pub const HEAP: usize = 16 << 20;

/// Serves at the address that the command line names, by default at port 80.
pub fn run(configure: fn(&mut ServiceConfig)) -> io::Result<()> {
    let limits = Limits::default();
    let listener = listen(address(), &limits)?;
    let app = move || App::new().configure(configure);
    serve(listener, 1, limits, app, |event| eprintln!("{event:?}"))
}

/// The address that the command line names.
pub fn address() -> SocketAddr {
    let named = std::env::args().nth(1).and_then(|text| text.parse().ok());
    named.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80)))
}
