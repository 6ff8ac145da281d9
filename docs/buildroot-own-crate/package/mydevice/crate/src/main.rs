//! The smallest program that can take the server's place: it answers `/` in one thread.

use std::convert::Infallible;
use std::io;

use actix_http::{HttpService, Request, Response};
use actix_service::{Service, ServiceFactory};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

fn main() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve())
}

async fn serve() -> io::Result<()> {
    let http = HttpService::build()
        .h1(async |request: Request| {
            Ok::<_, Infallible>(match request.path() {
                "/" => Response::ok().set_body("mydevice\n"),
                _ => Response::not_found().set_body("nothing here\n"),
            })
        })
        .new_service(())
        .await
        .map_err(|()| io::Error::other("HTTP cannot be set up"))?;
    let listener = TcpListener::bind(std::net::SocketAddr::from(([0, 0, 0, 0], 80))).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        spawn_local(http.call((stream, Some(peer))));
    }
}
