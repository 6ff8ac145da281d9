//! A database: SQLite, compiled into the program by rusqlite.

use actix_web::{HttpResponse, web};
use rusqlite::Connection;

fn count() -> rusqlite::Result<i64> {
    let database = Connection::open_in_memory()?;
    database.execute("CREATE TABLE seen (at INTEGER)", ())?;
    database.execute("INSERT INTO seen VALUES (?1)", (1,))?;
    database.query_row("SELECT count(*) FROM seen", (), |row| row.get(0))
}

async fn answer() -> HttpResponse {
    match count() {
        Ok(count) => HttpResponse::Ok().body(count.to_string()),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(answer));
    })
}
