//! Serves an actix-web [`App`](actix_web::App) on a small device, in as few bytes as possible.
//!
//! Each worker is one thread that accepts and answers in its own runtime. actix-web's `HttpServer`
//! pulls in actix-server, which adds an accept thread, another runtime, channels between them and
//! code that counts processors. That is a quarter of a small program, and a single-core device has
//! no use for it. The App does not change: extractors, JSON, middleware, files, WebSocket and
//! streams work as they do under `HttpServer`.
//!
//! ```no_run
//! use actix_web::{App, web};
//! use tinyrust_serve::{Limits, listen, serve};
//!
//! fn main() -> std::io::Result<()> {
//!     let limits = Limits::default();
//!     let listener = listen(([0, 0, 0, 0], 80).into(), &limits)?;
//!     let app = || App::new().route("/", web::get().to(|| async { "Hello, world!" }));
//!     serve(listener, 1, limits, app, |event| eprintln!("{event:?}"))
//! }
//! ```
//!
//! [`serve`] returns after SIGTERM or SIGINT. The crate sets no allocator and reads no
//! environment variable.
//!
//! # What is limited
//!
//! [`Limits`] sets how many connections a worker holds and how long each may take. Some of
//! actix-http's behaviour is fixed: it reads a request head of up to 131,072 bytes and 96 fields
//! into memory before the App sees it (431 for a larger one), and answers a request that it cannot
//! parse with 400. A worker's worst case is therefore `connections` times 128 KiB, plus the bodies
//! that the App reads. actix-web's extractors have their own limits for bodies
//! ([`web::PayloadConfig`](actix_web::web::PayloadConfig), `web::JsonConfig`).
//!
//! actix-http times only the first request head of a connection. With keep-alive, a client that
//! sends one good request and then dribbles the next one could hold its connection forever, so
//! keep-alive is off by default.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use actix_http::{HttpService, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, apply_fn_factory, map_config};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::AppConfig;
use actix_web::http::{ConnectionType, KeepAlive};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

/// Connections the kernel queues while the server is busy.
const BACKLOG: i32 = 128;

/// Pause after the system refuses a connection (out of descriptors or memory); without it, the loop
/// would spin until one is free. A wait for a free place is reported once it lasts this long.
const REFUSED: Duration = Duration::from_millis(500);

/// How long a client has to take the refusal of its request and close.
const LINGER: Duration = Duration::from_secs(2);

/// How much of the device clients may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections per worker; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Time to send the head of a connection's first request, or get 408.
    pub request_timeout: Duration,
    /// Time a connection may idle between requests; zero closes it after each answer.
    pub keep_alive: Duration,
    /// Time a client may go without reading any of its answer; see [`listen`].
    pub write_timeout: Duration,
    /// Time to finish the requests in flight after SIGTERM or SIGINT.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    /// Limits for a device with 64 MiB of memory: 64 connections, 5 s for a head, no keep-alive,
    /// 10 s for a stalled reader and 10 s to stop.
    fn default() -> Self {
        Self {
            connections: 64,
            request_timeout: Duration::from_secs(5),
            keep_alive: Duration::ZERO,
            write_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// A change in the server's state, for its log.
#[derive(Debug)]
pub enum Event {
    /// The server accepts connections and handles signals.
    Ready,
    /// New connections wait: all places are taken (`None`), or the system is out of descriptors
    /// or memory.
    Waiting(Option<io::Error>),
    /// The server accepts new connections again.
    Accepting,
}

/// How far along a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// More requests may follow.
    Open,
    /// Its last request is being answered.
    Last,
    /// actix-http knows that it is the last.
    Drains,
}

/// Listens on `address`. The kernel closes a connection whose client has taken nothing for
/// `limits.write_timeout`, because accepted sockets inherit `TCP_USER_TIMEOUT` (tcp(7)).
/// [`serve`] also takes any other listener, without that limit.
///
/// # Errors
/// The system refuses the address or a socket option.
pub fn listen(address: SocketAddr, limits: &Limits) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_user_timeout(Some(limits.write_timeout))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves an application until SIGTERM or SIGINT, then answers the requests in flight within
/// `limits.drain_timeout`. Each worker calls `tell` with its events. One worker runs in the calling
/// thread; with a constant 1 for `workers`, no code that starts threads is linked.
///
/// # Errors
/// The system refuses a thread, an event queue or a signal handler.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    workers: usize,
    limits: Limits,
    app: F,
    tell: impl Fn(Event) + Copy + Send + 'static,
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
        others.push(thread::Builder::new().spawn(move || worker(listener, limits, app, tell))?);
    }
    worker(listener, limits, app, tell)?;
    for other in others {
        other
            .join()
            .map_err(|_| io::Error::other("worker panicked"))??;
    }
    Ok(())
}

fn worker<F, I, S, B>(
    listener: TcpListener,
    limits: Limits,
    app: F,
    tell: impl Fn(Event),
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
        // Of the connection that is being polled. actix-http also answers what was sent behind a
        // last request, but for a server that drains.
        let phase = Rc::new(Cell::new(Phase::Open));
        let drained = phase.clone();
        let drain = move || {
            let phase = drained.clone();
            poll_fn(move |_| match phase.get() {
                Phase::Open => Poll::Pending,
                _ => {
                    phase.set(Phase::Drains);
                    Poll::Ready(())
                }
            })
        };
        let asked = phase.clone();
        let app = apply_fn_factory(
            map_config(app(), |_| AppConfig::default()),
            move |request: Request, app: &S::Service| {
                let closes = limits.keep_alive.is_zero()
                    || request.head().connection_type() == ConnectionType::Close;
                let answer = app.call(request);
                let phase = asked.clone();
                async move {
                    let answer: Response<B> = answer.await?.into();
                    let closes = closes || answer.head().connection_type() == ConnectionType::Close;
                    // Held back until actix-http knows.
                    poll_fn(|context| {
                        if !closes || phase.get() == Phase::Drains {
                            return Poll::Ready(());
                        }
                        phase.set(Phase::Last);
                        context.waker().wake_by_ref();
                        Poll::Pending
                    })
                    .await;
                    Ok::<_, S::Error>(answer)
                }
            },
        );
        let http = HttpService::build()
            .keep_alive(keep_alive)
            .client_request_timeout(limits.request_timeout)
            .client_disconnect_timeout(LINGER)
            .graceful_shutdown_signal(drain)
            .h1(app)
            .new_service(())
            .await
            .map_err(|()| io::Error::other("the application cannot be set up"))?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // A place per connection: taken by the accept loop, given back when the connection ends.
        let places = Arc::new(Semaphore::new(limits.connections));
        tell(Event::Ready);
        let waiting = Cell::new(false);
        loop {
            let mut next = pin!(async {
                loop {
                    let place = timeout(REFUSED, places.clone().acquire_owned()).await;
                    let refused = match place {
                        Err(_) => None,
                        Ok(place) => match listener.accept().await {
                            Ok(client) => return (client, place),
                            Err(error) => {
                                sleep(REFUSED).await;
                                Some(error)
                            }
                        },
                    };
                    if !waiting.replace(true) {
                        tell(Event::Waiting(refused));
                    }
                }
            });
            let next = poll_fn(|context| {
                let told = [terminate.poll_recv(context), interrupt.poll_recv(context)];
                if told.iter().any(Poll::is_ready) {
                    return Poll::Ready(None);
                }
                next.as_mut().poll(context).map(Some)
            });
            let Some(((stream, peer), place)) = next.await else {
                break;
            };
            if waiting.take() {
                tell(Event::Accepting);
            }
            let answered = http.call((stream, Some(peer)));
            let phase = phase.clone();
            spawn_local(async move {
                let mut answered = pin!(answered);
                let mut own = Phase::Open;
                let _ = poll_fn(|context| {
                    phase.set(own);
                    let end = answered.as_mut().poll(context);
                    own = phase.get();
                    end
                })
                .await;
                drop(place);
            });
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
