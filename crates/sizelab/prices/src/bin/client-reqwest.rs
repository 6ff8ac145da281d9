//! Asking another server by HTTP, with reqwest.

use actix_web::{HttpRequest, HttpResponse, web};

async fn ask(url: &str) -> Result<String, reqwest::Error> {
    reqwest::get(url).await?.text().await
}

async fn answer(request: HttpRequest) -> HttpResponse {
    match ask(request.query_string()).await {
        Ok(text) => HttpResponse::Ok().body(text),
        Err(error) => HttpResponse::Ok().body(error.to_string()),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(answer));
    })
}
