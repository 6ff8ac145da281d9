//! The address to listen on is the only argument.

use std::net::SocketAddr;

use rocket::config::{Config, LogLevel};

#[rocket::get("/")]
fn hello() -> &'static str {
    "Hello, world!"
}

fn main() {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address: SocketAddr = address.parse().expect("an address and a port");
    let config = Config {
        address: address.ip(),
        port: address.port(),
        workers: 1,
        log_level: LogLevel::Off,
        ..Config::default()
    };
    rocket::execute(
        rocket::custom(config)
            .mount("/", rocket::routes![hello])
            .launch(),
    )
    .expect("a server");
}
