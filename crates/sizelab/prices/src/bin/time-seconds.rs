//! Seconds since 1970, which the page turns into a date.

use std::time::UNIX_EPOCH;

use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async {
            let now = UNIX_EPOCH.elapsed().unwrap_or_default();
            now.as_secs().to_string()
        }));
    })
}
