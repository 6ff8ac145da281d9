//! The address to listen on is the only argument.

use std::convert::Infallible;
use std::net::SocketAddr;

use actix_http::{HttpService, Request, Response, StatusCode};
use actix_service::{Service, ServiceFactory};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address: SocketAddr = address.parse().expect("an address and a port");
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let http = HttpService::build()
            .h1(answer)
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

async fn answer(request: Request) -> Result<Response<&'static str>, Infallible> {
    Ok(match request.path() {
        "/" => Response::build(StatusCode::OK)
            .message_body("Hello, world!")
            .expect("a body"),
        _ => Response::build(StatusCode::NOT_FOUND)
            .message_body("")
            .expect("a body"),
    })
}
