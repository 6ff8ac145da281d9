//! Static files that are in the program.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};

async fn page(path: web::Path<String>) -> HttpResponse {
    match path.as_str() {
        "hello.rs" => HttpResponse::Ok()
            .content_type(ContentType::plaintext())
            .body(include_str!("hello.rs")),
        _ => HttpResponse::NotFound().finish(),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/files/{name}").route(web::get().to(page)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
