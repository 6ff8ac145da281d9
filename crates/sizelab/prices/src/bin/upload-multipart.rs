//! A file sent by a form, by actix-multipart.

use actix_multipart::Multipart;
use actix_web::{Error, web};
use futures_util::TryStreamExt;

async fn upload(mut form: Multipart) -> Result<String, Error> {
    let mut length = 0;
    while let Some(mut field) = form.try_next().await? {
        while let Some(chunk) = field.try_next().await? {
            length += chunk.len();
        }
    }
    Ok(format!("{length} bytes"))
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(web::resource("/upload").route(web::post().to(upload)))
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
