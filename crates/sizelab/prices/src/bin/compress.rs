//! Answers compressed by gzip, with actix-web's `Compress`.

use actix_web::middleware::Compress;
use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        let hello = web::resource("/").wrap(Compress::default());
        app.service(hello.route(web::get().to(|| async { prices::HELLO })));
    })
}
