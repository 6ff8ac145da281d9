//! What the programs with a path of their own have: one `web::resource`.

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/network").route(web::put().to(async |body: web::Bytes| body)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
