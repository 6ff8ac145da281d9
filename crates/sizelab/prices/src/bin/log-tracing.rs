//! A line for each request by tracing, with tracing-subscriber's formatter.

use actix_web::{HttpRequest, web};

async fn hello(request: HttpRequest) -> &'static str {
    tracing::info!(path = request.path(), "asked");
    prices::HELLO
}

fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .init();
    prices::run(|app| {
        app.default_service(web::to(hello));
    })
}
