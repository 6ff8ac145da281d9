//! Asking the device's server something.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Method, Request};

use crate::error::Error;

/// An emulated CPU on a host with too much to do still answers in less.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How often a request is sent again that got no answer.
const REPEATS: usize = 5;

/// The largest body that is read: far above anything the server sends, and a bound
/// in case it never stops.
const LARGEST_BODY: u64 = 4 << 20;

/// An answer of the server, whatever its status.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A client of one device.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    repeats: Cell<usize>,
}

impl Client {
    /// A client that waits as long as a slow emulation needs.
    #[must_use]
    pub fn new(server: SocketAddr) -> Self {
        Self::with_timeout(server, TIMEOUT)
    }

    /// A client that gives up on a request after `timeout`.
    #[must_use]
    pub fn with_timeout(server: SocketAddr, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            // The host's http_proxy is not for the device.
            .proxy(None)
            .allow_non_standard_methods(true)
            .build();
        Self {
            agent: config.into(),
            base: format!("http://{server}"),
            repeats: Cell::new(0),
        }
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn get(&self, path: &str) -> Result<Response, Error> {
        self.request(Method::GET, path, &[])
    }

    /// Any request without a body. It goes again after status 408 (RFC 9110, section 15.5.9), and
    /// after a connection that was closed without an answer if the method is safe (section 9.2.2):
    /// where the host's processor is busy elsewhere, an emulated device finds that its own times
    /// have run out. See [`repeats`](Self::repeats).
    ///
    /// # Errors
    /// When no answer comes.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response, Error> {
        for _ in 0..REPEATS {
            match self.once(&method, path, headers) {
                Ok(answer) if answer.status == 408 => {}
                Err(ureq::Error::Io(error))
                    if method.is_safe() && error.kind() == io::ErrorKind::UnexpectedEof => {}
                done => return self.named(path, done),
            }
            self.repeats.set(self.repeats.get() + 1);
        }
        self.named(path, self.once(&method, path, headers))
    }

    /// Requests that were sent again.
    #[must_use]
    pub fn repeats(&self) -> usize {
        self.repeats.get()
    }

    fn named(&self, path: &str, done: Result<Response, ureq::Error>) -> Result<Response, Error> {
        done.map_err(|error| Error::Http {
            url: format!("{}{path}", self.base),
            reason: error.to_string(),
        })
    }

    fn once(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response, ureq::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(())?)?;
        let body = response
            .body_mut()
            .with_config()
            .limit(LARGEST_BODY)
            .read_to_vec()
            .map_err(|error| io::Error::other(format!("in the response's body: {error}")))?;
        Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A client of a server that gives one connection each of these answers.
    fn client_of(answers: &[&'static str]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let client = Client::new(listener.local_addr().expect("its address"));
        let answers = answers.to_vec();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().expect("a connection");
                let _ = stream.read(&mut [0; 1024]).expect("a request");
                stream.write_all(answer.as_bytes()).expect("a reader");
            }
        });
        client
    }

    const GOOD: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    const LATE: &str = "HTTP/1.1 408 Late\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const SHORT: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\no";

    #[test]
    fn what_got_no_answer_goes_again_and_is_counted() {
        let client = client_of(&["", LATE, GOOD]);
        assert_eq!(client.get("/").expect("an answer").text(), "ok");
        assert_eq!(client.repeats(), 2);
    }

    #[test]
    fn an_answer_that_ends_early_is_a_fault() {
        let client = client_of(&[SHORT, GOOD]);
        assert!(client.get("/").is_err());
        assert_eq!(client.repeats(), 0);
    }

    #[test]
    fn what_is_not_safe_goes_once() {
        let client = client_of(&["", GOOD]);
        assert!(client.request(Method::DELETE, "/", &[]).is_err());
        assert_eq!(client.repeats(), 0);
    }
}
