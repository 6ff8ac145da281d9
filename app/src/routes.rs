//! Which request gets which answer.
//!
//! Four fixed paths need no router: they are compared. actix-web's own router brings a
//! regular-expression engine with it (docs/choices.md has the bytes).

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse, HttpResponseBuilder};

use crate::counters::Counters;
use crate::flash::{self, Scanned};
use crate::limits::Limits;
use crate::metrics;
use crate::page;
use crate::root::Root;
use crate::system::System;

const TEXT: &str = "text/plain; charset=utf-8";

/// What all workers share.
#[derive(Debug)]
pub struct State {
    root: Root,
    limits: Limits,
    /// What is counted.
    pub counters: Counters,
    flash: Option<Vec<Scanned>>,
}

impl State {
    /// The state of a server that has not been asked anything yet.
    #[must_use]
    pub fn new(root: Root, limits: Limits) -> Self {
        Self {
            flash: flash::table(&root),
            root,
            limits,
            counters: Counters::default(),
        }
    }

    /// Scans the partitions once, in its own thread: the chip is slow to read, and the parts that
    /// this server may read do not change while it runs. Until the scan is done, how much of each
    /// is used is unknown.
    pub fn scan(&self) {
        flash::scan(&self.root, self.flash.as_deref().unwrap_or_default());
    }

    /// The device now.
    fn system(&self) -> System<'_> {
        System::read(&self.root, self.flash.as_deref())
    }
}

/// Answers a request. It never waits but for the files of the system.
pub fn answer(state: &State, mut request: ServiceRequest) -> ServiceResponse {
    let response = match state.limits.check(request.head()) {
        Ok(()) => route(state, request.head()),
        Err(refusal) => refuse(refusal.status(), request.take_payload()),
    };
    state.counters.count(response.status().as_u16());
    request.into_response(response)
}

fn route(state: &State, head: &RequestHead) -> HttpResponse {
    let content: fn(&State, &RequestHead) -> HttpResponse = match head.uri.path() {
        "/" => |_, head| status_page(head),
        "/api/v1/system" => |state, _| fresh("application/json", state.system().json()),
        "/healthz" => |_, _| fresh(TEXT, "ok\n"),
        "/metrics" => |state, _| {
            fresh(
                metrics::CONTENT_TYPE,
                metrics::render(&state.system(), &state.counters),
            )
        },
        _ => return error(StatusCode::NOT_FOUND).body("not found\n"),
    };
    if head.method == Method::GET || head.method == Method::HEAD {
        content(state, head)
    } else {
        let mut response = error(StatusCode::METHOD_NOT_ALLOWED);
        response.insert_header(field(header::ALLOW, "GET, HEAD"));
        response.body("method not allowed\n")
    }
}

fn status_page(head: &RequestHead) -> HttpResponse {
    let mut fields = head.headers().get_all(header::IF_NONE_MATCH);
    let current = fields.any(|value| value.to_str().is_ok_and(page::is_current));
    let status = if current {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let mut response = with_type(status, "text/html; charset=utf-8");
    response.insert_header(field(header::ETAG, page::ETAG));
    response.insert_header(field(header::CACHE_CONTROL, "no-cache"));
    if current {
        return response.finish();
    }
    response.insert_header(field(
        header::CONTENT_SECURITY_POLICY,
        page::CONTENT_SECURITY_POLICY,
    ));
    response.body(page::HTML)
}

/// An answer that is true only now.
fn fresh(media_type: &'static str, body: impl Into<String>) -> HttpResponse {
    let mut response = with_type(StatusCode::OK, media_type);
    response.insert_header(field(header::CACHE_CONTROL, "no-store"));
    response.body(body.into())
}

fn error(status: StatusCode) -> HttpResponseBuilder {
    with_type(status, TEXT)
}

fn with_type(status: StatusCode, media_type: &'static str) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header(field(header::CONTENT_TYPE, media_type));
    response.insert_header(field(header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

fn field(name: HeaderName, value: &'static str) -> (HeaderName, HeaderValue) {
    (name, HeaderValue::from_static(value))
}

fn refuse(status: StatusCode, unread: Payload) -> HttpResponse {
    let text = status.canonical_reason().unwrap_or_default();
    let body = RefusalBody {
        text: Some(Bytes::from_static(text.as_bytes())),
        _unread: unread,
    };
    let mut response = error(status);
    response.force_close();
    response.body(actix_web::body::BoxBody::new(body))
}

/// The body of a refusal. It keeps the unread body of the request to its own end: actix-http goes on
/// reading a chunked body that everybody dropped, for as long as the client sends, but closes the
/// connection over one that is still held.
struct RefusalBody {
    text: Option<Bytes>,
    _unread: Payload,
}

impl MessageBody for RefusalBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.text.as_ref().map_or(0, |text| text.len() as u64))
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.text.take().map(Ok))
    }
}
