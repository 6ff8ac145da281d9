//! A folder of static files by actix-files.

use actix_files::Files;
use actix_web::web;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.service(Files::new("/files", "/etc").show_files_listing())
            .default_service(web::to(|| async { prices::HELLO }));
    })
}
