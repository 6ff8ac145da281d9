//! The body of a request as text: its bytes, which must be UTF-8.

use actix_web::{HttpResponse, web};

async fn network(body: web::Bytes) -> HttpResponse {
    match str::from_utf8(&body) {
        Ok(text) => HttpResponse::Ok().body(text.to_owned()),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/network").route(web::put().to(network)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
