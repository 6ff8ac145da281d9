//! What one client may take from the device. Each limit has its default and its range in
//! [`crate::cli`], where `--help` has them as well.
//!
//! What actix-http itself does, and no setting of this server changes: it reads a request head
//! of up to 131,072 bytes and 96 fields into memory before the routes see it (over that, 431), and
//! a request with a method, target or field it cannot parse gets 400. A worker's worst case is thus
//! `connections` times 128 KiB, and the default keeps that under the memory of a small device.
//!
//! Its head timer runs for the first request of a connection only. With keep-alive, a client that
//! sends one good request and then dribbles the next one holds its connection for as long as
//! it likes; so keep-alive is off unless asked for.

use std::time::Duration;

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header;

/// The limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections per worker; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Bytes of a request head that are accepted; beyond, 431.
    pub head: usize,
    /// Bytes of a request body that may be announced; beyond, 413. Nothing reads a body.
    pub body: u64,
    /// Time to send the head of a connection's first request; beyond, 408.
    pub request_timeout: Duration,
    /// Time a connection may idle between two requests; zero closes after each answer.
    pub keep_alive: Duration,
    /// Time in which a client must take something of an answer (TCP_USER_TIMEOUT).
    pub write_timeout: Duration,
    /// Time that requests in flight are given after SIGTERM.
    pub drain_timeout: Duration,
}

/// Why a request is not looked at any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The head is larger than the limit.
    Head,
    /// The announced body is larger than the limit.
    Body,
    /// A body without an announced length.
    UnknownLength,
}

impl Refusal {
    /// The status code of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Head => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownLength => StatusCode::LENGTH_REQUIRED,
        }
    }
}

impl Limits {
    /// Checks a request's head and what it announces.
    ///
    /// # Errors
    /// The first limit that the request is over.
    pub fn check(&self, head: &RequestHead) -> Result<(), Refusal> {
        if head_size(head) > self.head {
            return Err(Refusal::Head);
        }
        if head.headers().contains_key(header::TRANSFER_ENCODING) {
            return Err(Refusal::UnknownLength);
        }
        // actix-http has refused a length that is no number.
        let length = head.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.trim_ascii().parse::<u64>().ok());
        if length.is_some_and(|length| length > self.body) {
            return Err(Refusal::Body);
        }
        Ok(())
    }
}

/// The bytes of a request head as it was sent, but for optional white space.
fn head_size(head: &RequestHead) -> usize {
    let target = head.uri.path().len() + head.uri.query().map_or(0, |query| query.len() + 1);
    let line = head.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
    let field = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    line + head.headers().iter().map(field).sum::<usize>() + "\r\n".len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_size_of_a_head_is_what_was_sent() {
        let sent = "GET /a?b=c HTTP/1.1\r\nhost: device\r\nx-one: 1\r\nx-one: 22\r\n\r\n";
        let request = TestRequest::with_uri("/a?b=c")
            .append_header(("host", "device"))
            .append_header(("x-one", "1"))
            .append_header(("x-one", "22"))
            .to_srv_request();
        assert_eq!(head_size(request.head()), sent.len());
    }
}
