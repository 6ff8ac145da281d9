//! The address to listen on is the only argument.

use std::net::SocketAddr;

use tiny_http::{Response, Server};

fn main() {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address: SocketAddr = address.parse().expect("an address and a port");
    let server = Server::http(address).expect("a free address");
    for request in server.incoming_requests() {
        let answer = match request.url() {
            "/" => Response::from_string("Hello, world!"),
            _ => Response::from_string("").with_status_code(404),
        };
        // A client that is gone is no reason to stop.
        let _ = request.respond(answer);
    }
}
