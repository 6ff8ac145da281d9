//! A database: redb, keys and values in one file.

use actix_web::{HttpResponse, web};
use redb::backends::InMemoryBackend;
use redb::{Database, Error, ReadableDatabase, TableDefinition};

const SEEN: TableDefinition<u64, u64> = TableDefinition::new("seen");

fn count() -> Result<u64, Error> {
    let database = Database::builder().create_with_backend(InMemoryBackend::new())?;
    let write = database.begin_write()?;
    write.open_table(SEEN)?.insert(1, 1)?;
    write.commit()?;
    let table = database.begin_read()?.open_table(SEEN)?;
    Ok(table.get(1)?.map_or(0, |value| value.value()))
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
