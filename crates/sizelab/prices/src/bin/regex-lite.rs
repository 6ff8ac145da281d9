//! A regular expression that is compiled at run time, by regex-lite.

use actix_web::{HttpRequest, web};
use regex_lite::Regex;

async fn address(request: HttpRequest) -> String {
    let Ok(pattern) = Regex::new(request.query_string()) else {
        return "no pattern".to_owned();
    };
    pattern.is_match(prices::HELLO).to_string()
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(address));
    })
}
