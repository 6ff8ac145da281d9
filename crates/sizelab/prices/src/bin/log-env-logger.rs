//! A line for each request by log and env_logger.

use actix_web::{HttpRequest, web};

async fn hello(request: HttpRequest) -> &'static str {
    log::info!("asked for {}", request.path());
    prices::HELLO
}

fn main() -> std::io::Result<()> {
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Info)
        .init();
    prices::run(|app| {
        app.default_service(web::to(hello));
    })
}
