//! A file sent as the body of a PUT, taken piece by piece.

use actix_web::{Error, web};
use futures_util::TryStreamExt;

async fn upload(mut body: web::Payload) -> Result<String, Error> {
    let mut length = 0;
    while let Some(chunk) = body.try_next().await? {
        length += chunk.len();
    }
    Ok(format!("{length} bytes"))
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/upload").route(web::put().to(upload)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
