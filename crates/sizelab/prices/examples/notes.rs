//! Keeps notes of very different lengths as parsed JSON: work for an allocator.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::web::{self, Data, Json, Path};
use actix_web::{App, HttpResponse};
use serde_json::Value;
use tinyrust_serve::{Limits, listen, serve};

#[cfg(feature = "allocator-dlmalloc")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[cfg(feature = "allocator-mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "allocator-talc")]
#[global_allocator]
static ALLOCATOR: talc::TalcLock<spinning_top::RawSpinlock, talc::source::Claim> =
    talc::TalcLock::new({
        static mut HEAP: [u8; prices::HEAP] = [0; prices::HEAP];
        // SAFETY: nothing else uses the heap.
        unsafe { talc::source::Claim::array(&raw mut HEAP) }
    });

type Notes = Data<Mutex<HashMap<u32, Value>>>;

/// Keeps a note and answers with the one that was there.
async fn put(notes: Notes, name: Path<u32>, note: Json<Value>) -> HttpResponse {
    let former = match notes.lock() {
        Ok(mut notes) => notes.insert(*name, note.into_inner()),
        Err(_) => return HttpResponse::InternalServerError().finish(),
    };
    HttpResponse::Ok().json(former)
}

async fn forget(notes: Notes) -> HttpResponse {
    if let Ok(mut notes) = notes.lock() {
        *notes = HashMap::new();
    }
    HttpResponse::Ok().finish()
}

/// `notes ADDRESS [WORKERS]`
fn main() -> io::Result<()> {
    let workers = std::env::args().nth(2).and_then(|text| text.parse().ok());
    let limits = Limits {
        keep_alive: Duration::from_secs(60),
        ..Limits::default()
    };
    let listener = listen(prices::address(), &limits)?;
    let notes = Notes::default();
    let app = move || {
        App::new()
            .app_data(notes.clone())
            .route("/notes/{name}", web::put().to(put))
            .route("/notes", web::delete().to(forget))
            .default_service(web::to(|| async { prices::HELLO }))
    };
    serve(listener, workers.unwrap_or(1), limits, app, |event| {
        eprintln!("{event:?}");
    })
}
