//! The example answers as its size is advertised.

mod device;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use device::{Answer, PATIENCE, read_answer};

#[test]
fn hello_answers_thirteen_bytes() {
    let program = Path::new(env!("CARGO_BIN_EXE_tinyrust"))
        .with_file_name("examples")
        .join("hello");
    let bad = Command::new(&program)
        .arg("http")
        .output()
        .expect("cargo test builds the examples");
    assert_eq!(bad.status.code(), Some(2));

    // The example takes no port of the system's choice, so a free one may be taken by another
    // program in between: the next one is tried then.
    let begin = Instant::now();
    let answer = loop {
        assert!(begin.elapsed() < PATIENCE, "hello does not answer");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let mut process = Command::new(&program)
            .arg(port.to_string())
            .spawn()
            .expect("hello starts");
        let mut answer = None;
        while answer.is_none() && process.try_wait().expect("a child").is_none() {
            assert!(begin.elapsed() < PATIENCE, "hello does not listen");
            answer = TcpStream::connect(("127.0.0.1", port)).ok().map(ask);
        }
        let _ = process.kill();
        let _ = process.wait();
        if let Some(answer) = answer {
            break answer;
        }
    };
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "Hello, world!")
    );
}

fn ask(mut stream: TcpStream) -> Answer {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\r\n")
        .expect("sent");
    read_answer(&mut stream)
}
