//! The address to listen on is the only argument.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

fn main() -> Result<()> {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address: SocketAddr = address.parse().expect("an address and a port");
    for stream in TcpListener::bind(address)?.incoming() {
        let stream = stream?;
        // A client that is gone ends its own thread and nothing else.
        thread::spawn(move || serve(&stream));
    }
    Ok(())
}

fn serve(mut stream: &TcpStream) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    while let Some(request) = lines.next().transpose()? {
        let mut close = false;
        for field in lines.by_ref() {
            let field = field?;
            if field.is_empty() {
                break;
            }
            close |= field.eq_ignore_ascii_case("connection: close");
        }
        let answer: &[u8] = if request.starts_with("GET / ") {
            b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nHello, world!"
        } else {
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
        };
        stream.write_all(answer)?;
        if close {
            break;
        }
    }
    Ok(())
}
