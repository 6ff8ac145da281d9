//! Date and time in the form of RFC 3339 by time.

use actix_web::web;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async {
            let now = OffsetDateTime::now_utc().format(&Rfc3339);
            now.unwrap_or_default()
        }));
    })
}
