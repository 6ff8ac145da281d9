//! A line for each request by `eprintln!`, which the system's log takes.

use actix_web::{HttpRequest, web};

async fn hello(request: HttpRequest) -> &'static str {
    eprintln!("asked for {}", request.path());
    prices::HELLO
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(hello));
    })
}
