//! Serves a page, and the same data as JSON. The only argument is the address to listen on;
//! by default, port 80 on every interface.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Instant;

use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, web};
use serde::Serialize;
use tinyrust_serve::{Event, Limits, listen, serve};

const PAGE: &str = include_str!("page.html");

/// The response to `GET /api/state`.
#[derive(Serialize)]
struct State {
    name: &'static str,
    version: &'static str,
    uptime_seconds: u64,
}

async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .body(PAGE)
}

async fn state(started: web::Data<Instant>) -> web::Json<State> {
    web::Json(State {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: started.elapsed().as_secs(),
    })
}

fn main() -> ExitCode {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("0.0.0.0:80");
    let Ok(address) = address.parse::<SocketAddr>() else {
        eprintln!("usage: {{project-name}} [ADDRESS:PORT]");
        return ExitCode::from(2);
    };
    match run(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{{project-name}}: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: SocketAddr) -> std::io::Result<()> {
    let limits = Limits::default();
    let listener = listen(address, &limits)?;
    let address = listener.local_addr()?;
    let started = web::Data::new(Instant::now());
    let app = move || {
        App::new()
            .app_data(started.clone())
            .route("/", web::get().to(page))
            .route("/api/state", web::get().to(state))
    };
    serve(listener, 1, limits, app, move |event| match event {
        Event::Ready => eprintln!("{{project-name}}: listening on http://{address}"),
        other => eprintln!("{{project-name}}: {other:?}"),
    })
}
