//! hello.rs, served as the device's own program is: [`tinyrust::serve`] in the place of actix-web's
//! `HttpServer`. A third smaller, with a limit of connections, time limits and SIGTERM heeded. The
//! port is the only argument.

use std::net::{Ipv4Addr, TcpListener};
use std::process::exit;
use std::time::Duration;

use actix_web::{App, web};
use tinyrust::limits::Limits;
use tinyrust::serve::serve;

/// One thread, which is the smallest: more of them link the code that starts threads.
const WORKERS: usize = 1;

const LIMITS: Limits = Limits {
    connections: 64,
    head: 8 << 10,
    body: 64 << 10,
    request_timeout: Duration::from_secs(5),
    keep_alive: Duration::from_secs(5),
    write_timeout: Duration::from_secs(10),
    drain_timeout: Duration::from_secs(2),
};

fn main() -> std::io::Result<()> {
    let Some(port) = std::env::args()
        .nth(1)
        .and_then(|port| port.parse::<u16>().ok())
    else {
        eprintln!("served: the port, a number from 0 to 65535, is the only argument");
        exit(2);
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let app = || App::new().route("/", web::get().to(|| async { "Hello, world!" }));
    serve(listener, WORKERS, LIMITS, app, |_| ())
}
