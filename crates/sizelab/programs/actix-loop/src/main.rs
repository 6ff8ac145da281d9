//! The address to listen on is the only argument.

use std::net::SocketAddr;

use actix_http::HttpService;
use actix_service::{Service, ServiceFactory, map_config};
use actix_web::dev::AppConfig;
use actix_web::{App, web};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address: SocketAddr = address.parse().expect("an address and a port");
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let app = App::new().route("/", web::get().to(async || "Hello, world!"));
        let app = map_config(app, |_| AppConfig::default());
        let http = HttpService::build()
            .h1(app)
            .new_service(())
            .await
            .expect("a service");
        let listener = TcpListener::bind(address).await?;
        loop {
            if let Ok((stream, peer)) = listener.accept().await {
                spawn_local(http.call((stream, Some(peer))));
            }
        }
    })
}
