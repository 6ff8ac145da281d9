//! Settings in place of a database: lines in a file that is written anew and renamed.

use std::fs::{self, File};
use std::io::{self, Write};

use actix_web::{HttpResponse, web};

fn save(value: u32) -> io::Result<String> {
    let mut new = File::create("/tmp/settings.new")?;
    writeln!(new, "seen={value}")?;
    new.sync_all()?;
    fs::rename("/tmp/settings.new", "/tmp/settings")?;
    fs::read_to_string("/tmp/settings")
}

async fn answer() -> HttpResponse {
    match save(1) {
        Ok(text) => HttpResponse::Ok().body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(answer));
    })
}
