//! What the programs with a path of their own have: one `web::resource`.

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/status").route(web::get().to(|| async { prices::HELLO })))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
