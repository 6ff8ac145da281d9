//! A WebSocket that says what it hears, by actix-ws.

use actix_web::{Error, HttpRequest, HttpResponse, rt, web};
use actix_ws::Message;
use futures_util::StreamExt;

async fn echo(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, Error> {
    let (response, mut session, mut stream) = actix_ws::handle(&request, body)?;
    rt::spawn(async move {
        while let Some(Ok(message)) = stream.next().await {
            let sent = match message {
                Message::Text(text) => session.text(text).await,
                Message::Ping(bytes) => session.pong(&bytes).await,
                _ => return,
            };
            if sent.is_err() {
                return;
            }
        }
    });
    Ok(response)
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/echo").route(web::get().to(echo)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
