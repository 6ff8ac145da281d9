//! Server-sent events: a stream of text lines, one a second.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures_util::stream;

async fn events() -> HttpResponse {
    let ticks = stream::unfold(0_u32, |tick| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let line = web::Bytes::from(format!("data: {tick}\n\n"));
        Some((Ok::<_, Infallible>(line), tick + 1))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(ticks)
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/events").route(web::get().to(events)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
