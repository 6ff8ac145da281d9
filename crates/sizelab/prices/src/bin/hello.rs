//! The program that all others are compared with: one handler for whatever is asked.

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
