//! Another allocator: dlmalloc.

use actix_web::web;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
