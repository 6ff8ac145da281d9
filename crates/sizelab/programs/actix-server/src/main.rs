//! The address to listen on is the only argument.

use std::net::SocketAddr;

use actix_web::{App, HttpServer, rt, web};

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address: SocketAddr = address.parse().expect("an address and a port");
    let server = HttpServer::new(|| App::new().route("/", web::get().to(async || "Hello, world!")))
        .workers(1)
        .bind(address)?;
    rt::System::new().block_on(server.run())
}
