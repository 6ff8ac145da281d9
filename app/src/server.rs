//! The server: a listener, actix-web on it, and how it ends.

use std::fmt::Display;
use std::future::ready;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::thread;

use actix_web::App;
use actix_web::dev::{ServiceRequest, fn_service};
use thiserror::Error;
use tinyrust_serve::{Event, listen, serve};

use crate::cli::Config;
use crate::root::Root;
use crate::routes::{self, State};

/// Why the server is not running.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        error: io::Error,
    },
    /// The server could not start, or failed.
    #[error("{0}")]
    Serve(#[from] io::Error),
}

/// Serves until SIGTERM or SIGINT; requests in flight are then answered.
///
/// # Errors
/// The address cannot be listened on, or the system refuses a thread or an event queue.
pub fn run(config: Config) -> Result<(), ServerError> {
    let limits = config.limits;
    let refused = |error| ServerError::Listen {
        address: config.listen,
        error,
    };
    let listener = listen(config.listen, &limits.serve).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    // It is shared by all workers and lives as long as the process.
    let state: &'static State = Box::leak(Box::new(State::new(Root::new(config.root), limits)));
    thread::Builder::new().spawn(|| state.scan())?;
    let app = move || {
        App::new().default_service(fn_service(move |request: ServiceRequest| {
            ready(Ok(routes::answer(state, request)))
        }))
    };
    serve(
        listener,
        config.workers,
        limits.serve,
        app,
        move |event| match event {
            Event::Ready => log(format_args!("listening on http://{address}")),
            Event::Waiting(reason) => {
                state.counters.wait();
                let reason: &dyn Display = match &reason {
                    Some(error) => error,
                    None => &"--max-connections reached",
                };
                log(format_args!("new connections wait: {reason}"));
            }
            Event::Accepting => log(format_args!("accepting new connections again")),
        },
    )?;
    log(format_args!("stopped"));
    Ok(())
}

/// Writes a line to stderr, where init's log takes it. A log nobody reads is no reason to fail.
pub fn log(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "tinyrust: {line}");
}
