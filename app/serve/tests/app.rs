//! What people put into an App works as it does under actix-web's `HttpServer`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use actix_service::{IntoServiceFactory, ServiceFactory};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Service};
use actix_web::http::header::{self, ContentType};
use actix_web::http::{KeepAlive, StatusCode};
use actix_web::middleware::{DefaultHeaders, ErrorHandlerResponse, ErrorHandlers, NormalizePath};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, guard, web};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tinyrust_serve::{Event, Limits, listen, serve};
use tungstenite::Message;

/// A dependent's own allocator links, since the library has none.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(unsafe_code)]
// SAFETY: everything is System's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps alloc's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps dealloc's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

const KEPT: Duration = Duration::from_secs(600);

/// Serves until the test's process ends.
fn start<F, I, S, B>(limits: Limits, workers: usize, app: F) -> SocketAddr
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, actix_http::Request>,
    S: ServiceFactory<actix_http::Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_http::Response<BoxBody>> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<actix_http::Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<actix_http::Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), &limits).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let (ready, is_ready) = sync_channel(workers);
    // A channel's end is not Sync, and `tell` is Copy.
    let ready: &'static _ = Box::leak(Box::new(ready));
    thread::spawn(move || {
        serve(listener, workers, limits, app, move |event| {
            if matches!(event, Event::Ready) {
                ready.send(()).expect("a receiver");
            }
        })
    });
    for _ in 0..workers {
        is_ready
            .recv_timeout(Duration::from_secs(60))
            .expect("the server is ready");
    }
    address
}

/// Head and body of the answer to a request that closes its connection.
fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    fields: &str,
    body: &str,
) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(KEPT)).expect("a timeout");
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nHost: device\r\nConnection: close\r\n");
    if !body.is_empty() {
        write!(request, "Content-Length: {}\r\n", body.len()).expect("a string");
    }
    write!(request, "{fields}\r\n{body}").expect("a string");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

fn get(address: SocketAddr, target: &str) -> (String, String) {
    ask(address, "GET", target, "", "")
}

#[derive(Debug, Deserialize, Serialize)]
struct Lamp {
    name: String,
    watts: u32,
}

#[test]
fn paths_queries_forms_and_shared_data_are_extracted() {
    let lamps = web::Data::new(AtomicUsize::new(0));
    let address = start(Limits::default(), 1, move || {
        App::new()
            .app_data(lamps.clone())
            .service(
                web::scope("/lamps").service(
                    web::resource("/{name}")
                        .guard(guard::Host("device"))
                        .route(web::get().to(
                            async |path: web::Path<String>,
                                   query: web::Query<std::collections::BTreeMap<String, u32>>,
                                   count: web::Data<AtomicUsize>| {
                                let number = count.fetch_add(1, Ordering::Relaxed);
                                format!("{path} {:?} {number}", *query)
                            },
                        ))
                        .route(web::post().to(async |form: web::Form<Lamp>| {
                            format!("{}={}", form.name, form.watts)
                        })),
                ),
            )
            .default_service(web::to(HttpResponse::ImATeapot))
    });
    assert_eq!(get(address, "/lamps/hall?w=5").1, r#"hall {"w": 5} 0"#);
    assert_eq!(get(address, "/lamps/a%20b").1, "a b {} 1");
    let (head, body) = get(address, "/lamps/hall?w=many");
    assert!(
        head.starts_with("HTTP/1.1 400 ") && body.contains("invalid digit"),
        "{head} {body}"
    );
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let posted = ask(address, "POST", "/lamps/x", form, "name=hall&watts=7");
    assert_eq!(posted.1, "hall=7");
    assert!(get(address, "/other").0.starts_with("HTTP/1.1 418 "));
    assert!(ALLOCATIONS.load(Ordering::Relaxed) > 0);
}

#[test]
fn json_goes_in_and_out_and_its_limit_holds() {
    let address = start(Limits::default(), 1, || {
        App::new()
            .app_data(web::JsonConfig::default().limit(64))
            .route(
                "/",
                web::put().to(async |mut lamp: web::Json<Lamp>| {
                    lamp.watts *= 2;
                    lamp
                }),
            )
    });
    let json = "Content-Type: application/json\r\n";
    let (head, body) = ask(address, "PUT", "/", json, r#"{"name":"hall","watts":4}"#);
    assert!(head.contains("application/json"), "{head}");
    assert_eq!(body, r#"{"name":"hall","watts":8}"#);
    let large = format!(r#"{{"name":"{}","watts":4}}"#, "x".repeat(100));
    let (head, _) = ask(address, "PUT", "/", json, &large);
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
}

#[test]
fn middleware_sees_requests_and_changes_answers() {
    let address = start(Limits::default(), 1, || {
        App::new()
            .wrap(DefaultHeaders::new().add(("X-Device", "lamp")))
            .wrap(NormalizePath::trim())
            .wrap(
                ErrorHandlers::new().handler(StatusCode::NOT_FOUND, |answer| {
                    let (request, _) = answer.into_parts();
                    let page = HttpResponse::NotFound().body("no such page");
                    Ok(ErrorHandlerResponse::Response(
                        actix_web::dev::ServiceResponse::new(request, page).map_into_right_body(),
                    ))
                }),
            )
            .wrap_fn(|request, service| {
                let known = request.headers().contains_key(header::AUTHORIZATION);
                let answer = service.call(request);
                async move {
                    let mut answer = answer.await?;
                    if !known {
                        *answer.response_mut().status_mut() = StatusCode::UNAUTHORIZED;
                    }
                    Ok(answer)
                }
            })
            .route("/a", web::get().to(async || "a"))
    });
    let known = "Authorization: Basic x\r\n";
    let (head, body) = ask(address, "GET", "/a/", known, "");
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.contains("x-device: lamp"),
        "{head}"
    );
    assert_eq!(body, "a");
    assert!(get(address, "/a").0.starts_with("HTTP/1.1 401 "));
    assert_eq!(ask(address, "GET", "/b", known, "").1, "no such page");
}

#[test]
fn files_come_with_type_and_range() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("page.html"), "<p>0123456789</p>").expect("a file");
    let path = folder.path().to_owned();
    let address = start(Limits::default(), 1, move || {
        App::new().service(actix_files::Files::new("/", &path).index_file("page.html"))
    });
    let (head, body) = get(address, "/");
    assert!(
        head.contains("text/html") && head.contains("etag"),
        "{head}"
    );
    assert_eq!(body, "<p>0123456789</p>");
    let (head, body) = ask(address, "GET", "/page.html", "Range: bytes=3-5\r\n", "");
    assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
    assert_eq!(body, "012");
    assert!(get(address, "/../etc/passwd").0.starts_with("HTTP/1.1 40"));
}

#[test]
fn streams_go_both_ways() {
    let address = start(Limits::default(), 1, || {
        App::new()
            .route(
                "/",
                web::get().to(async || {
                    let parts = stream::iter(["one ", "two ", "three"])
                        .map(|part| Ok::<_, Error>(web::Bytes::from_static(part.as_bytes())));
                    HttpResponse::Ok()
                        .content_type(ContentType::plaintext())
                        .streaming(parts)
                }),
            )
            .route(
                "/",
                web::post().to(async |mut body: web::Payload| {
                    let mut length = 0;
                    while let Some(part) = body.next().await {
                        length += part?.len();
                    }
                    Ok::<_, Error>(length.to_string())
                }),
            )
    });
    let (head, body) = get(address, "/");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert_eq!(body, "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n");
    // Larger than every buffer on the way.
    let large = "x".repeat(3 << 20);
    assert_eq!(
        ask(address, "POST", "/", "", &large).1,
        large.len().to_string()
    );
}

/// With keep-alive, and without, where each answer is a connection's last but for this one.
#[test]
fn a_websocket_stays_open() {
    for keep_alive in [Duration::ZERO, KEPT] {
        let limits = Limits {
            keep_alive,
            ..Limits::default()
        };
        let address = start(limits, 1, || {
            App::new().route(
                "/",
                web::get().to(async |request: HttpRequest, body: web::Payload| {
                    let (answer, mut session, mut messages) = actix_ws::handle(&request, body)?;
                    actix_web::rt::spawn(async move {
                        while let Some(Ok(actix_ws::Message::Text(text))) = messages.next().await {
                            if session.text(format!("<{text}>")).await.is_err() {
                                break;
                            }
                        }
                    });
                    Ok::<_, Error>(answer)
                }),
            )
        });
        let stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        let (mut socket, _) =
            tungstenite::client(format!("ws://{address}/"), stream).expect("an upgrade");
        for number in 0..3 {
            let text = format!("message {number}");
            socket.send(Message::text(&text)).expect("sent");
            let answer = socket.read().expect("an answer");
            assert_eq!(answer, Message::text(format!("<{text}>")), "{keep_alive:?}");
        }
    }
}

/// The same requests, byte for byte, to both servers: what differs but for the date is a fault.
#[test]
fn the_answers_are_those_of_http_server() {
    let app = || {
        App::new()
            .route("/", web::get().to(async || "Hello, world!"))
            .route("/empty", web::get().to(HttpResponse::NoContent))
            .route(
                "/error",
                web::get().to(async || Err::<String, _>(actix_web::error::ErrorConflict("taken"))),
            )
            .route("/body", web::post().to(async |body: String| body))
    };
    let ours = start(Limits::default(), 1, app);
    let (tell, told) = sync_channel(1);
    thread::spawn(move || {
        let server = HttpServer::new(app)
            .workers(1)
            .keep_alive(KeepAlive::Disabled)
            .bind((Ipv4Addr::LOCALHOST, 0))
            .expect("a port");
        tell.send(server.addrs()[0]).expect("a receiver");
        actix_web::rt::System::new()
            .block_on(server.run())
            .expect("it serves");
    });
    let theirs = told
        .recv_timeout(Duration::from_secs(60))
        .expect("an address");
    let requests = [
        "GET / HTTP/1.1\r\nHost: device\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: device\r\n\r\n",
        "GET /empty HTTP/1.1\r\nHost: device\r\n\r\n",
        "GET /error HTTP/1.1\r\nHost: device\r\n\r\n",
        "GET /nowhere HTTP/1.1\r\nHost: device\r\n\r\n",
        "POST /body HTTP/1.1\r\nHost: device\r\nContent-Length: 2\r\n\r\nab",
        "POST /body HTTP/1.1\r\nHost: device\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: device\r\nBroken\r\n\r\n",
        "NONSENSE\r\n\r\n",
    ];
    for request in requests {
        let answer = |address| {
            let mut stream = TcpStream::connect(address).expect("a connection");
            stream
                .set_read_timeout(Some(Duration::from_secs(60)))
                .expect("a timeout");
            stream.write_all(request.as_bytes()).expect("sent");
            stream.shutdown(Shutdown::Write).expect("half closed");
            let mut answer = Vec::new();
            // A reset after the answer is one as well.
            let _ = stream.read_to_end(&mut answer);
            let answer = String::from_utf8_lossy(&answer).into_owned();
            let lines = answer.lines().filter(|line| !line.starts_with("date: "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let (our, their) = (answer(ours), answer(theirs));
        assert_eq!(our, their, "{request:?}");
        assert!(!our.is_empty(), "{request:?}");
    }
}

#[test]
fn each_worker_has_an_app_of_its_own() {
    static APPS: AtomicUsize = AtomicUsize::new(0);
    let address = start(Limits::default(), 3, || {
        APPS.fetch_add(1, Ordering::Relaxed);
        App::new().route("/", web::get().to(async || "here"))
    });
    assert_eq!(APPS.load(Ordering::Relaxed), 3);
    for _ in 0..20 {
        assert_eq!(get(address, "/").1, "here");
    }
}
