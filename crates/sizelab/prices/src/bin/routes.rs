//! The router: four paths, one of them with a parameter.

use actix_web::web;

async fn hello() -> &'static str {
    prices::HELLO
}

async fn led(number: web::Path<u8>) -> String {
    format!("led {number}")
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.route("/", web::get().to(hello))
            .route("/status", web::get().to(hello))
            .route("/led/{number}", web::get().to(led))
            .route("/led/{number}", web::put().to(led));
    })
}
