//! What the server answers.

use tinyrust_qemu::http::{Client, Response};
use ureq::http::Method;

use crate::support::{metrics, shared};

crate::tests![
    the_page_is_html_that_needs_nothing_else,
    the_page_is_not_sent_twice_to_who_has_it,
    health_is_plain,
    the_system_is_json,
    metrics_are_prometheus_text,
    answers_are_counted_by_status,
    unknown_paths_are_not_found,
    other_methods_are_refused_with_what_is_allowed,
    head_is_get_without_the_body,
];

const PATHS: [&str; 4] = ["/", "/healthz", "/api/v1/system", "/metrics"];

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let server = shared().server().expect("power is on");
    Client::new(server)
        .request(method, path, headers)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn the_page_is_html_that_needs_nothing_else() {
    let page = request(Method::GET, "/", &[]);
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let html = page.text().to_lowercase();
    assert!(html.starts_with("<!doctype html>"), "{html}");
    assert!(html.contains("/api/v1/system"), "it refreshes itself");
    for outside in ["src=\"/", "src=\"h", "href=\"h", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
}

fn the_page_is_not_sent_twice_to_who_has_it() {
    let page = request(Method::GET, "/", &[]);
    let tag = page.header("etag").to_owned();
    assert!(
        tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2,
        "{tag}"
    );
    let again = request(Method::GET, "/", &[("If-None-Match", &tag)]);
    assert_eq!(again.status, 304);
    assert_eq!(again.header("etag"), tag);
    assert!(again.body.is_empty());
    let other = request(Method::GET, "/", &[("If-None-Match", "\"another\"")]);
    assert_eq!(other.status, 200);
    assert_eq!(other.body, page.body);
}

fn health_is_plain() {
    let answer = request(Method::GET, "/healthz", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text().trim(), "ok");
}

fn the_system_is_json() {
    let answer = request(Method::GET, "/api/v1/system", &[]);
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/json")
    );
    shared().system().unwrap_or_else(|error| panic!("{error}"));
}

fn metrics_are_prometheus_text() {
    let answer = request(Method::GET, "/metrics", &[]);
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4"),
        "{}",
        answer.header("content-type")
    );
    let metrics = metrics(shared());
    for name in [
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
        "http_requests_total",
        "tinyrust_build_info",
        "tinyrust_flash_partition_size_bytes",
        "tinyrust_flash_partition_used_bytes",
        "tinyrust_data_free_bytes",
        "tinyrust_data_state",
        "node_load1",
    ] {
        assert!(metrics.metric(name).is_some(), "{name}");
    }
}

fn answers_are_counted_by_status() {
    let count = || {
        metrics(shared())
            .value("http_requests_total", &[("code", "404")])
            .expect("404 is counted")
    };
    let before = count();
    for _ in 0..5 {
        assert_eq!(request(Method::GET, "/nothing/here", &[]).status, 404);
    }
    // Other tests ask this server for what is not there, too.
    assert!(count() >= before + 5.0);
}

fn unknown_paths_are_not_found() {
    for path in [
        "/nothing",
        "/healthz/",
        "/api/v1/system/x",
        "/../etc/passwd",
        "/%2e%2e/etc",
    ] {
        assert_eq!(request(Method::GET, path, &[]).status, 404, "{path}");
    }
}

fn other_methods_are_refused_with_what_is_allowed() {
    for path in PATHS {
        for method in [Method::DELETE, Method::OPTIONS] {
            let answer = request(method.clone(), path, &[]);
            assert_eq!(answer.status, 405, "{method} {path}");
            let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed, ["GET", "HEAD"], "{method} {path}");
        }
    }
}

fn head_is_get_without_the_body() {
    for path in PATHS {
        let get = request(Method::GET, path, &[]);
        let head = request(Method::HEAD, path, &[]);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        assert!(!head.header("content-length").is_empty(), "{path}");
    }
    let page = request(Method::GET, "/", &[]);
    let head = request(Method::HEAD, "/", &[]);
    assert_eq!(head.header("content-length"), page.body.len().to_string());
    assert_eq!(head.header("etag"), page.header("etag"));
}
