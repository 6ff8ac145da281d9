//! The smallest web server: `/` answers `Hello, world!` on loopback. The port is the only argument, or PORT in
//! the environment, or 8080.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};

use actix_web::{App, HttpServer, rt, web};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    let port = env::args().nth(1).or_else(|| env::var("PORT").ok());
    let port = match port.map(|port| port.parse::<u16>()) {
        None => 8080,
        Some(Ok(port)) => port,
        Some(Err(_)) => {
            eprintln!("hello: the port is a number from 0 to 65535");
            std::process::exit(2);
        }
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server =
        HttpServer::new(|| App::new().route("/", web::get().to(|| async { "Hello, world!" })))
            .workers(1)
            .bind(address)?;
    rt::System::new().block_on(server.run())
}
