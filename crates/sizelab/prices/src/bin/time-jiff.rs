//! Date and time in the form of RFC 3339 by jiff.

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async { jiff::Timestamp::now().to_string() }));
    })
}
