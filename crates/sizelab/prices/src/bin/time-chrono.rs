//! Date and time in the form of RFC 3339 by chrono.

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async { chrono::Utc::now().to_rfc3339() }));
    })
}
