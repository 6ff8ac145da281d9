//! Asking the device's server something.

use std::net::SocketAddr;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Method, Request};

use crate::error::Error;

/// An emulated CPU on a host with too much to do still answers in less.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How often a request is sent again that the server says it waited for in vain.
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
        }
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn get(&self, path: &str) -> Result<Response, Error> {
        self.request(Method::GET, path, &[])
    }

    /// Any request without a body. Status 408 makes it go again, as RFC 9110, section
    /// 15.5.9 has it: an emulated server on a busy host may look at a request only after
    /// the time that it gives its clients.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response, Error> {
        let mut answer = self.once(&method, path, headers)?;
        for _ in 0..REPEATS {
            if answer.status != 408 {
                break;
            }
            answer = self.once(&method, path, headers)?;
        }
        Ok(answer)
    }

    fn once(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response, Error> {
        let url = format!("{}{path}", self.base);
        let failed = |reason: String| Error::Http {
            url: url.clone(),
            reason,
        };
        let mut request = Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(())
            .map_err(|error| failed(error.to_string()))?;
        let mut response = self
            .agent
            .run(request)
            .map_err(|error| failed(error.to_string()))?;
        let body = response
            .body_mut()
            .with_config()
            .limit(LARGEST_BODY)
            .read_to_vec()
            .map_err(|error| failed(error.to_string()))?;
        Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
        })
    }
}
