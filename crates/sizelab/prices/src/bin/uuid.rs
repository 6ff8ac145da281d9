//! A random identifier, by uuid.

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async { uuid::Uuid::new_v4().to_string() }));
    })
}
