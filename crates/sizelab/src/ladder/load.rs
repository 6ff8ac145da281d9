//! A small HTTP load: as many requests as a server answers in a given time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// A server that is silent for longer than this is broken.
const PATIENCE: Duration = Duration::from_secs(5);

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The only one of its connection.
const LAST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// An answer's status code and body.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// The server closes the connection now.
    closes: bool,
}

/// Sends one request on a new connection.
pub fn get(address: SocketAddr) -> Result<Answer> {
    Client::connect(address)?.ask(LAST)
}

/// How many requests `clients` connections get answered in a time.
pub fn requests(address: SocketAddr, clients: usize, time: Duration) -> Result<f64> {
    let until = Instant::now() + time;
    let answered = std::thread::scope(|scope| -> Result<u32> {
        let threads = (0..clients)
            .map(|_| scope.spawn(move || ask_until(address, until)))
            .collect::<Vec<_>>();
        let mut answered = 0;
        for thread in threads {
            answered += thread.join().ok().context("a client panicked")??;
        }
        Ok(answered)
    })?;
    Ok(f64::from(answered))
}

fn ask_until(address: SocketAddr, until: Instant) -> Result<u32> {
    let mut answered = 0;
    let mut client = None;
    while Instant::now() < until {
        let mut open = match client.take() {
            Some(open) => open,
            None => Client::connect(address)?,
        };
        let answer = open.ask(GET)?;
        ensure!(answer.status == 200, "{address}: status {}", answer.status);
        answered += 1;
        if !answer.closes {
            client = Some(open);
        }
    }
    Ok(answered)
}

/// A connection to a server.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends a whole request and waits for the whole answer.
    pub fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut chunk = [0; 4096];
        loop {
            let read = self.stream.read(&mut chunk)?;
            self.buffer.extend_from_slice(&chunk[..read]);
            if let Some(answer) = parse(&self.buffer, read == 0)? {
                return Ok(answer);
            }
            ensure!(
                read > 0,
                "the server closed the connection in the middle of a response"
            );
        }
    }
}

/// An answer, if it is complete. One without a length ends with the connection.
fn parse(bytes: &[u8], ended: bool) -> Result<Option<Answer>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..head]).context("the response's head is not text")?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .with_context(|| format!("not HTTP: {first:?}"))?;
    let (mut length, mut closes) = (None, first.starts_with("HTTP/1.0"));
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>().context("content-length")?);
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let body = &bytes[head + 4..];
    let complete = match length {
        Some(length) => body.len() >= length,
        None => ended,
    };
    Ok(complete.then(|| Answer {
        status,
        body: body.to_vec(),
        closes: closes || length.is_none(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_when_its_length_is_there() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!";
        for cut in 0..text.len() {
            assert_eq!(parse(&text[..cut], false).unwrap(), None, "{cut}");
        }
        let answer = parse(text, false).unwrap().unwrap();
        assert_eq!((answer.status, answer.closes), (200, false));
        assert_eq!(answer.body, b"Hello, world!");
    }

    #[test]
    fn an_answer_without_a_length_ends_with_the_connection() {
        let text = b"HTTP/1.0 200 OK\r\n\r\nHello";
        assert_eq!(parse(text, false).unwrap(), None);
        let answer = parse(text, true).unwrap().unwrap();
        assert!(answer.closes);
        assert_eq!(answer.body, b"Hello");
    }

    #[test]
    fn what_is_not_http_is_an_error() {
        assert!(parse(b"SSH-2.0\r\n\r\n", false).is_err());
    }
}
