//! The addresses of a name, by the C library, in a thread that may wait.

use std::net::ToSocketAddrs;

use actix_web::{HttpRequest, HttpResponse, rt, web};

async fn resolve(request: HttpRequest) -> HttpResponse {
    let name = request.query_string().to_owned();
    let found = rt::task::spawn_blocking(move || (&*name, 80).to_socket_addrs());
    match found.await {
        Ok(Ok(mut found)) => HttpResponse::Ok().body(format!("{:?}", found.next())),
        _ => HttpResponse::Ok().body("unknown"),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(resolve));
    })
}
