//! JSON in and out by serde: `web::Json`.

use actix_web::web::{self, Json};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Network {
    name: String,
    address: Option<String>,
    dns: Vec<String>,
    mtu: u16,
    dhcp: bool,
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/network").route(web::put().to(async |set: Json<Network>| set)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
