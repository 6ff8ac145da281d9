//! JSON in and out by miniserde: the body is taken and written as text.

use actix_web::web;
use actix_web::{HttpResponse, http::header::ContentType};
use miniserde::{Deserialize, Serialize, json};

#[derive(Serialize, Deserialize)]
struct Network {
    name: String,
    address: Option<String>,
    dns: Vec<String>,
    mtu: u16,
    dhcp: bool,
}

async fn network(body: web::Bytes) -> HttpResponse {
    let network = str::from_utf8(&body).map(json::from_str::<Network>);
    match network {
        Ok(Ok(set)) => HttpResponse::Ok()
            .content_type(ContentType::json())
            .body(json::to_string(&set)),
        _ => HttpResponse::BadRequest().finish(),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/network").route(web::put().to(network)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
