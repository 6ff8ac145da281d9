//! What one client may take from the device. Each limit has its default and its range in
//! [`crate::cli`], where `--help` has them as well; those of connections and of time are
//! [`tinyrust_serve`]'s.

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header;

/// The limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections, and how long each may take.
    pub serve: tinyrust_serve::Limits,
    /// Bytes of a request head that are accepted; beyond, 431.
    pub head: usize,
    /// Bytes of a request body that may be announced; beyond, 413. Nothing reads a body.
    pub body: u64,
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
