//! A cookie read and set, by actix-web's feature `cookies`.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};

async fn count(request: HttpRequest) -> HttpResponse {
    let seen = request.cookie("seen");
    let seen: u32 = seen.and_then(|seen| seen.value().parse().ok()).unwrap_or(0);
    let cookie = Cookie::build("seen", (seen + 1).to_string())
        .http_only(true)
        .finish();
    HttpResponse::Ok().cookie(cookie).body(seen.to_string())
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/count").route(web::get().to(count)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
