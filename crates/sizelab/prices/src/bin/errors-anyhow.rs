//! Errors with their causes, by anyhow.

use actix_web::{HttpResponse, web};
use anyhow::{Context, Result};

fn read() -> Result<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname").context("no host name")?;
    Ok(text)
}

async fn answer() -> HttpResponse {
    match read() {
        Ok(text) => HttpResponse::Ok().body(text),
        Err(error) => HttpResponse::InternalServerError().body(format!("{error:#}")),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(answer));
    })
}
