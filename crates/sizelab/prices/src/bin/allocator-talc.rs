//! Another allocator: talc, on a heap of fixed size.

use actix_web::web;
use talc::TalcLock;
use talc::source::Claim;

#[global_allocator]
static ALLOCATOR: TalcLock<spinning_top::RawSpinlock, Claim> = TalcLock::new({
    static mut HEAP: [u8; prices::HEAP] = [0; prices::HEAP];
    // SAFETY: nothing else uses the heap.
    unsafe { Claim::array(&raw mut HEAP) }
});

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
