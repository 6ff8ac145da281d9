//! Asking another server by HTTP, with minreq.

use actix_web::{HttpRequest, HttpResponse, rt, web};

fn ask(url: &str) -> Result<String, minreq::Error> {
    Ok(minreq::get(url).send()?.as_str()?.to_owned())
}

async fn answer(request: HttpRequest) -> HttpResponse {
    let url = request.query_string().to_owned();
    match rt::task::spawn_blocking(move || ask(&url)).await {
        Ok(Ok(text)) => HttpResponse::Ok().body(text),
        Ok(Err(error)) => HttpResponse::Ok().body(error.to_string()),
        Err(error) => HttpResponse::Ok().body(error.to_string()),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(answer));
    })
}
