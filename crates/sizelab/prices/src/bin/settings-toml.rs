//! Settings in TOML, read by toml and serde.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

#[derive(Deserialize)]
struct Settings {
    name: String,
    port: Option<u16>,
}

async fn answer(request: HttpRequest) -> HttpResponse {
    match toml::from_str::<Settings>(request.query_string()) {
        Ok(set) => HttpResponse::Ok().body(format!("{} {:?}", set.name, set.port)),
        Err(error) => HttpResponse::Ok().body(error.to_string()),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(answer));
    })
}
