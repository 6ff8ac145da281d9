//! The address to listen on is the only argument.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address: SocketAddr = address.parse().expect("an address and a port");
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let router = Router::new().route("/", get(async || "Hello, world!"));
        axum::serve(TcpListener::bind(address).await?, router).await
    })
}
