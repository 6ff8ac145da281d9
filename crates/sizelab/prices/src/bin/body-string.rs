//! The body of a request as text: the extractor `String`, which knows every encoding.

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/network").route(web::put().to(async |body: String| body)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
