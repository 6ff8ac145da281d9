//! Another allocator: mimalloc.

use actix_web::web;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
