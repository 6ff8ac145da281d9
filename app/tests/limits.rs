//! What one client may take, and what it gets when it wants more.

mod device;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use device::{Answer, Device, PATIENCE, read_answer};
use socket2::SockRef;

#[test]
fn a_head_over_the_limit_is_refused() {
    let device = Device::start(&[("MAX_HEAD", "1000")]);
    let begin = "GET /healthz HTTP/1.1\r\nHost: device\r\nX-Filler: ";
    let send = |size: usize| {
        let filler = "x".repeat(size - begin.len() - "\r\n\r\n".len());
        device.send(format!("{begin}{filler}\r\n\r\n")).status
    };
    assert_eq!((send(1000), send(1001)), (200, 431));
    assert_eq!(
        device.get(&format!("/healthz?{}", "q".repeat(1000))).status,
        431
    );
}

#[test]
fn the_default_head_limit_is_eight_kibibytes() {
    let device = Device::start(&[]);
    assert_eq!(
        device
            .request("GET", "/", &format!("X: {}\r\n", "x".repeat(8000)))
            .status,
        200
    );
    assert_eq!(
        device
            .request("GET", "/", &format!("X: {}\r\n", "x".repeat(8192)))
            .status,
        431
    );
}

/// The part that actix-http decides: it gives up before the routes see anything.
#[test]
fn a_head_without_end_is_refused_and_not_kept() {
    let mut device = Device::start(&[]);
    let mut stream = device.connect();
    let mut head = b"GET / HTTP/1.1\r\nHost: device\r\nX: ".to_vec();
    head.resize(200_000, b'x');
    // The server may close before everything is sent.
    let _ = stream.write_all(&head);
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    match end {
        Ok(_) => assert_eq!(Answer::parse(&answer).status, 431),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    let fields: String = (0..100).map(|n| format!("X-{n}: 1\r\n")).collect();
    assert_eq!(device.request("GET", "/", &fields).status, 431);
    device.assert_answers();
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let device = Device::start(&[("MAX_BODY", "10")]);
    assert_eq!(
        device
            .request("GET", "/healthz", "Content-Length: 10\r\n")
            .status,
        200
    );
    assert_eq!(
        device
            .request("GET", "/healthz", "Content-Length: 11\r\n")
            .status,
        413
    );
    assert_eq!(
        device
            .request(
                "POST",
                "/healthz",
                "Content-Length: 18446744073709551615\r\n"
            )
            .status,
        413
    );
    assert_eq!(
        device
            .request("POST", "/healthz", "Content-Length: 10\r\n")
            .status,
        405
    );
}

#[test]
fn a_body_of_unknown_length_is_refused() {
    let device = Device::start(&[]);
    let answer = device.request("POST", "/", "Transfer-Encoding: chunked\r\n");
    assert_eq!(answer.status, 411);
    assert_eq!(answer.field("connection"), Some("close"));
}

/// A client that goes on sending after it was refused does not keep its connection.
#[test]
fn a_body_that_never_ends_is_cut_off() {
    let device = Device::start(&[]);
    for announced in [
        "Transfer-Encoding: chunked",
        "Content-Length: 60000",
        "Content-Length: 99999999",
    ] {
        let mut stream = device.connect();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: device\r\n{announced}\r\n\r\n"
        )
        .expect("sent");
        send_until_closed(&mut stream, b"1\r\nx\r\n", announced);
    }
}

/// Sends on and on; `what` is said where the server lets that happen for long.
fn send_until_closed(stream: &mut TcpStream, bytes: &[u8], what: &str) {
    let begin = Instant::now();
    while stream.write_all(bytes).is_ok() {
        assert!(
            begin.elapsed() < PATIENCE,
            "{what}: the connection stays open"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_slow_head_is_timed_out() {
    let device = Device::start(&[("REQUEST_TIMEOUT", "1")]);
    let mut stream = device.connect();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: dev")
        .expect("sent");
    assert_eq!(read_answer(&mut stream).status, 408);

    send_until_closed(&mut device.connect(), b"x", "a head byte by byte");
}

#[test]
fn a_connection_that_says_nothing_is_closed() {
    let device = Device::start(&[("REQUEST_TIMEOUT", "1")]);
    let mut stream = device.connect();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the server closes");
}

#[test]
fn an_idle_connection_is_closed_after_keep_alive() {
    let device = Device::start(&[("KEEP_ALIVE", "1")]);
    let mut stream = device.connect();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: device\r\n\r\n")
        .expect("sent");
    assert_eq!(read_answer(&mut stream).status, 200);
}

/// The answers to `requests`, sent at once, until the server closes.
fn answers(device: &Device, requests: &str) -> usize {
    let mut stream = device.connect();
    stream.write_all(requests.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the server closes");
    let text = String::from_utf8_lossy(&bytes);
    text.matches("HTTP/1.1 ").count()
}

/// RFC 9112, 9.6: whoever says `Connection: close` answers nothing that comes after.
#[test]
fn nothing_is_answered_after_the_last_request() {
    let plain = "GET /healthz HTTP/1.1\r\nHost: device\r\n\r\n";
    let head = "HEAD /metrics HTTP/1.1\r\nHost: device\r\n\r\n";
    let close = "GET /healthz HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\r\n";
    let refused = "POST / HTTP/1.1\r\nHost: device\r\nContent-Length: 3\r\n\r\nabc";
    let old = "GET /healthz HTTP/1.0\r\n\r\n";

    let device = Device::start(&[("KEEP_ALIVE", "0")]);
    for request in [
        plain,
        head,
        close,
        "GET /none HTTP/1.1\r\nHost: device\r\n\r\n",
    ] {
        assert_eq!(answers(&device, &request.repeat(3)), 1, "{request}");
    }
    let mut device = Device::start(&[("KEEP_ALIVE", "1"), ("MAX_BODY", "2")]);
    assert_eq!(answers(&device, &plain.repeat(3)), 3);
    for last in [close, refused, old] {
        let sent = format!("{plain}{last}{plain}{plain}");
        assert_eq!(answers(&device, &sent), 2, "{last}");
    }
    device.assert_answers();
}

/// A reader that takes nothing fills both kernels' buffers; then the connection is dropped. The server
/// cannot tell the client, so its own descriptors are looked at.
#[test]
fn a_reader_that_stalls_is_dropped() {
    let mut device = Device::start(&[("WRITE_TIMEOUT", "1"), ("KEEP_ALIVE", "600")]);
    let before = device.sockets();
    let mut stream = device.connect();
    SockRef::from(&stream)
        .set_recv_buffer_size(4096)
        .expect("a small buffer");
    stream
        .set_write_timeout(Some(Duration::from_millis(500)))
        .expect("a timeout");
    let requests = "GET / HTTP/1.1\r\nHost: device\r\n\r\n".repeat(100);
    while stream.write_all(requests.as_bytes()).is_ok() {}
    device.wait_until("the stalled connection is dropped", |device| {
        device.sockets() <= before
    });
    device.assert_answers();
}

#[test]
fn connections_over_the_limit_wait_their_turn() {
    let mut device = Device::start(&[("MAX_CONNECTIONS", "4"), ("REQUEST_TIMEOUT", "600")]);
    let before = device.sockets();
    let mut held: Vec<TcpStream> = (0..4).map(|_| device.connect()).collect();
    device.wait_until("four connections are taken", |device| {
        device.sockets() >= before + 4
    });

    let mut fifth = device.connect();
    fifth
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: device\r\n\r\n")
        .expect("sent");
    fifth
        .set_read_timeout(Some(Duration::from_millis(300)))
        .expect("a timeout");
    let answered = fifth.read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(
        answered,
        Err(ErrorKind::WouldBlock),
        "a fifth connection is served"
    );

    let freed = held.pop().expect("a connection");
    freed.shutdown(Shutdown::Both).expect("closed");
    fifth.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert_eq!(read_answer(&mut fifth).status, 200);
    drop(held);
    device.assert_answers();
}

/// A wait is told when it begins and when it ends, and counted.
#[test]
fn a_wait_for_a_free_place_is_told() {
    let mut device = Device::start(&[("MAX_CONNECTIONS", "2"), ("REQUEST_TIMEOUT", "600")]);
    let held: Vec<TcpStream> = (0..2).map(|_| device.connect()).collect();
    assert_eq!(
        device.logged(),
        "tinyrust: new connections wait: --max-connections reached"
    );
    drop(held);
    assert_eq!(device.metric("tinyrust_connection_waits_total"), Some(1.0));
    assert_eq!(device.logged(), "tinyrust: accepting new connections again");
    device.assert_answers();
}

#[test]
fn a_system_without_descriptors_is_told() {
    let device = Device::start(&[("REQUEST_TIMEOUT", "600")]);
    // Fewer than it has open already.
    device.limit_files(3);
    let waits = device.connect();
    assert_eq!(
        device.logged(),
        "tinyrust: new connections wait: Too many open files (os error 24)"
    );
    device.limit_files(1024);
    assert_eq!(device.logged(), "tinyrust: accepting new connections again");
    drop(waits);
    assert_eq!(device.metric("tinyrust_connection_waits_total"), Some(1.0));
}
