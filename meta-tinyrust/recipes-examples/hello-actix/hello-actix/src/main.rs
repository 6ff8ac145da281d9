//! The smallest program in tinyrust's place.

use std::net::{Ipv4Addr, SocketAddr};

use actix_web::{App, HttpServer, rt, web};

fn main() -> std::io::Result<()> {
    // An address and no host name: a name would link the resolver in.
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80));
    let server =
        HttpServer::new(|| App::new().route("/", web::get().to(|| async { "Hello, world!" })))
            .workers(1)
            .bind(address)?;
    rt::System::new().block_on(server.run())
}
