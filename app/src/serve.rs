//! actix-web's `App` on actix-http, without actix-server: each worker is one thread with a runtime of
//! its own that accepts and answers. actix-server adds a thread that accepts, one more runtime, channels
//! between them and a count of the machine's processors: a third of the program (docs/choices.md has the
//! bytes), and nothing that a device with one core has a use for.

use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use actix_http::{HttpService, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, map_config};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::AppConfig;
use actix_web::http::KeepAlive;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use crate::limits::Limits;

/// Pause after the system refused a connection (out of descriptors or memory): without it the loop
/// would spin until one is free.
const REFUSED: Duration = Duration::from_millis(500);

/// Time that a client whose request was refused has to take the answer and close.
const LINGER: Duration = Duration::from_secs(2);

/// Serves an application until SIGTERM or SIGINT: requests in flight are then answered, within
/// `limits.drain_timeout`. `ready` is called once these signals are heeded.
///
/// # Errors
/// The system refuses a thread, an event queue or a signal handler.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    workers: usize,
    limits: Limits,
    app: F,
    ready: impl FnOnce(),
) -> io::Result<()>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    listener.set_nonblocking(true)?;
    let mut others = Vec::new();
    for _ in 1..workers {
        let (listener, app) = (listener.try_clone()?, app.clone());
        others.push(thread::Builder::new().spawn(move || worker(listener, limits, app, || ()))?);
    }
    worker(listener, limits, app, ready)?;
    for other in others {
        other
            .join()
            .map_err(|_| io::Error::other("a worker broke"))??;
    }
    Ok(())
}

fn worker<F, I, S, B>(
    listener: TcpListener,
    limits: Limits,
    app: F,
    ready: impl FnOnce(),
) -> io::Result<()>
where
    F: Fn() -> I,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move {
        let keep_alive = match limits.keep_alive {
            Duration::ZERO => KeepAlive::Disabled,
            time => KeepAlive::Timeout(time),
        };
        let http = HttpService::build()
            .keep_alive(keep_alive)
            .client_request_timeout(limits.request_timeout)
            .client_disconnect_timeout(LINGER)
            .h1(map_config(app(), |_| AppConfig::default()))
            .new_service(())
            .await
            .map_err(|()| io::Error::other("the application cannot be set up"))?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // A place per connection: taken by the accept loop, given back when the connection ends.
        let places = Arc::new(Semaphore::new(limits.connections));
        ready();
        loop {
            let mut next = pin!(async {
                let place = places.clone().acquire_owned().await;
                (listener.accept().await, place)
            });
            let next = poll_fn(|context| {
                let told = [terminate.poll_recv(context), interrupt.poll_recv(context)];
                if told.iter().any(Poll::is_ready) {
                    return Poll::Ready(None);
                }
                next.as_mut().poll(context).map(Some)
            });
            match next.await {
                None => break,
                Some((Err(_), _)) => sleep(REFUSED).await,
                Some((Ok((stream, peer)), place)) => {
                    let answered = http.call((stream, Some(peer)));
                    spawn_local(async move {
                        let _ = answered.await;
                        drop(place);
                    });
                }
            }
        }
        drop(listener);
        // All places are free again when the last connection is closed.
        let _ = timeout(
            limits.drain_timeout,
            places.acquire_many(limits.connections as u32),
        )
        .await;
        Ok(())
    })
}
