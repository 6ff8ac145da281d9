//! The smallest App: `/` answers `Hello, world!` on loopback. The port is the only argument.

use std::net::Ipv4Addr;
use std::process::exit;
use std::time::Duration;

use actix_web::{App, web};
use tinyrust_serve::{Limits, listen, serve};

/// One is smallest: more would link the code that starts threads.
const WORKERS: usize = 1;

fn main() -> std::io::Result<()> {
    let Some(port) = std::env::args()
        .nth(1)
        .and_then(|port| port.parse::<u16>().ok())
    else {
        eprintln!("hello: the port, a number from 0 to 65535, is the only argument");
        exit(2);
    };
    let limits = Limits {
        keep_alive: Duration::from_secs(5),
        ..Limits::default()
    };
    let listener = listen((Ipv4Addr::LOCALHOST, port).into(), &limits)?;
    let app = || App::new().route("/", web::get().to(|| async { "Hello, world!" }));
    serve(listener, WORKERS, limits, app, |_| ())
}
