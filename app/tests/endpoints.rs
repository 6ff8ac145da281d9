//! What each endpoint answers.

mod device;
#[path = "../../crates/flashfit/tests/common/golden.rs"]
mod golden;

use std::collections::HashSet;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use device::Device;
use golden::assert_golden;
use serde_json::Value;

const PATHS: [&str; 4] = ["/", "/api/v1/system", "/healthz", "/metrics"];

#[test]
fn the_page_is_one_complete_document() {
    let device = Device::start(&[]);
    let answer = device.get("/");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.field("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(
        answer.field("content-length"),
        Some(answer.body.len().to_string().as_str())
    );
    assert_eq!(answer.text(), include_str!("../src/page.html"));
}

/// Each value of the JSON document is on the page: its key occurs in the page's script.
#[test]
fn the_page_shows_every_field() {
    fn keys(value: &Value, found: &mut HashSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    found.insert(key.clone());
                    keys(value, found);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let device = Device::start(&[]);
    let document = serde_json::from_str(&device.get("/api/v1/system").text()).expect("valid JSON");
    let mut found = HashSet::new();
    keys(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    let page = device.get("/").text();
    for key in found {
        assert!(
            page.contains(&format!(".{key}")),
            "the page does not show {key}"
        );
    }
}

#[test]
fn the_page_is_sent_once_and_then_only_confirmed() {
    let device = Device::start(&[]);
    let first = device.get("/");
    let tag = first.field("etag").expect("an entity tag").to_owned();
    for condition in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let again = device.request("GET", "/", &format!("If-None-Match: {condition}\r\n"));
        assert_eq!(again.status, 304, "{condition}");
        assert_eq!(again.field("etag"), Some(tag.as_str()));
        assert!(again.body.is_empty());
    }
    let changed = device.request("GET", "/", "If-None-Match: \"other\"\r\n");
    assert_eq!((changed.status, changed.body), (200, first.body));
}

/// Waits until the server has looked through its chip, which it does in the background.
fn wait_for_the_scan(device: &Device) {
    let start = Instant::now();
    loop {
        let system: Value =
            serde_json::from_str(&device.get("/api/v1/system").text()).expect("valid JSON");
        if system["flash"][1]["used_bytes"].is_u64() {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{system}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_system_document_describes_the_device() {
    let device = Device::start(&[]);
    wait_for_the_scan(&device);
    let answer = device.get("/api/v1/system");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("content-type"), Some("application/json"));
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    let system: Value = serde_json::from_str(&answer.text()).expect("valid JSON");
    assert_eq!(system["hostname"], "device");
    assert_eq!(system["model"], "Test board");
    assert_eq!(system["kernel"], "6.12.107");
    assert_eq!(system["slot"], "a");
    assert_eq!(system["uptime_seconds"], 10.0);
    assert_eq!(system["load"], serde_json::json!([0.1, 0.2, 0.3]));
    assert_eq!(system["memory"]["total_bytes"], 1_024_000);
    assert_eq!(system["flash"][0]["name"], "boot");
    assert_eq!(system["flash"][0]["size_bytes"], 8192);
    assert_eq!(system["flash"][0]["used_bytes"], 4096);
    assert_eq!(system["flash"][1]["used_bytes"], 0);
    assert_eq!(system["data"]["state"], "ok");
    assert!(system["data"]["free_bytes"].is_u64());
    assert_eq!(system["server"]["version"], env!("CARGO_PKG_VERSION"));
    let allocator = if cfg!(feature = "mimalloc") {
        "mimalloc"
    } else {
        "system"
    };
    assert_eq!(system["server"]["allocator"], allocator);
    assert!(system["server"]["rss_bytes"].as_u64().expect("a number") > 100_000);
}

/// What a device knows of itself, and what one does that has no file to ask: the same keys.
#[test]
fn the_system_document_has_the_promised_shape() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let device = Device::start(&[]);
    wait_for_the_scan(&device);
    let document = device.get("/api/v1/system").text();
    assert_golden(&golden.join("system.json"), &document);

    let nothing = tempfile::tempdir().expect("a temporary directory");
    let device = Device::start_with(nothing, &[]);
    let document = device.get("/api/v1/system").text();
    assert_golden(&golden.join("system-unknown.json"), &document);
}

#[test]
fn the_page_of_the_interface_shows_the_same_document() {
    let app = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = std::fs::read_to_string(app.join("tests/golden/system.json")).expect("a file");
    let page = std::fs::read_to_string(app.join("../docs/http-api.md")).expect("a page");
    assert!(
        page.contains(&format!("```json\n{golden}```\n")),
        "docs/http-api.md has another document than tests/golden/system.json"
    );
}

#[test]
fn a_device_without_any_file_still_answers() {
    let nothing = tempfile::tempdir().expect("a temporary directory");
    let mut device = Device::start_with(nothing, &[]);
    let system: Value =
        serde_json::from_str(&device.get("/api/v1/system").text()).expect("valid JSON");
    assert!(system["hostname"].is_null() && system["flash"].is_null());
    assert_eq!(device.get("/metrics").status, 200);
    device.assert_answers();
}

#[test]
fn files_full_of_garbage_are_survived() {
    let root = device::files();
    for file in [
        "proc/mtd",
        "proc/uptime",
        "proc/loadavg",
        "proc/meminfo",
        "proc/cmdline",
        "proc/stat",
    ] {
        let garbage: Vec<u8> = (0..100_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        std::fs::write(root.path().join(file), garbage).expect("written");
    }
    std::fs::write(
        root.path().join("proc/sys/kernel/hostname"),
        b"\xff\x00<b>\"\n",
    )
    .expect("written");
    let mut device = Device::start_with(root, &[]);
    let system: Value =
        serde_json::from_str(&device.get("/api/v1/system").text()).expect("valid JSON");
    assert_eq!(system["hostname"], "\u{fffd}\0<b>\"");
    assert_eq!(device.get("/metrics").status, 200);
    device.assert_answers();
}

#[test]
fn unknown_paths_are_not_found() {
    let device = Device::start(&[]);
    for path in [
        "/index.html",
        "/api/v1/system/",
        "/API/v1/system",
        "//",
        "/%2e%2e/etc/passwd",
        "/healthz%00",
    ] {
        assert_eq!(device.get(path).status, 404, "{path}");
    }
    assert_eq!(device.request("POST", "/nowhere", "").status, 404);
    assert_eq!(device.get("/healthz?verbose").status, 200);
    assert_eq!(device.get("http://device/healthz").status, 200);
}

#[test]
fn wrong_methods_name_the_right_ones() {
    let device = Device::start(&[]);
    for path in PATHS {
        for method in [
            "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND",
        ] {
            let answer = device.request(method, path, "");
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.field("allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
}

#[test]
fn head_is_get_without_the_body() {
    let device = Device::start(&[]);
    for path in ["/", "/healthz", "/nowhere"] {
        let get = device.get(path);
        let head = device.request("HEAD", path, "");
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        let without_date = |fields: &[(String, String)]| -> HashSet<(String, String)> {
            fields
                .iter()
                .filter(|(name, _)| name != "date")
                .cloned()
                .collect()
        };
        assert_eq!(
            without_date(&head.fields),
            without_date(&get.fields),
            "{path}"
        );
    }
    assert!(device.request("HEAD", "/metrics", "").body.is_empty());
    assert!(device.request("HEAD", "/api/v1/system", "").body.is_empty());
}

#[test]
fn requests_are_counted_by_status_code() {
    let device = Device::start(&[]);
    let count = |code: u16| device.metric(&format!("http_requests_total{{code=\"{code}\"}}"));
    assert_eq!(count(200), Some(0.0));
    assert_eq!(count(200), Some(1.0));
    for _ in 0..3 {
        device.get("/nowhere");
    }
    device.request("POST", "/", "");
    device.request("GET", "/", "If-None-Match: *\r\n");
    device.request("GET", "/", "Content-Length: 99999999\r\n");
    assert_eq!(count(404), Some(3.0));
    assert_eq!(count(405), Some(1.0));
    assert_eq!(count(304), Some(1.0));
    assert_eq!(count(413), Some(1.0));
    assert_eq!(count(200), Some(6.0));
}

/// `/proc/mtd` may have a name twice; Prometheus refuses the whole answer for a series that comes
/// twice.
#[test]
fn partitions_of_one_name_are_two_series() {
    let root = device::files();
    let twice = device::MTD.replace("\"env\"", "\"boot\"");
    std::fs::write(root.path().join("proc/mtd"), twice).expect("written");
    let device = Device::start_with(root, &[]);
    wait_for_the_scan(&device);
    let text = device.get("/metrics").text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let mut series = HashSet::new();
    for sample in samples {
        let (name, _) = sample.rsplit_once(' ').expect("a value");
        assert!(series.insert(name), "{name} comes twice");
    }
    for name in ["size", "used"] {
        for number in [0, 1] {
            let name = format!(
                "tinyrust_flash_partition_{name}_bytes{{device=\"mtd{number}\",partition=\"boot\"}}"
            );
            assert!(series.contains(name.as_str()), "{name} is missing:\n{text}");
        }
    }
}

/// The rules of the text format: HELP and TYPE before the samples of a family, families in one
/// piece, no sample twice, every value a number.
#[test]
fn metrics_are_in_prometheus_text_format() {
    let device = Device::start(&[]);
    wait_for_the_scan(&device);
    let answer = device.get("/metrics");
    assert_eq!(
        answer.field("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = answer.text();
    assert!(text.ends_with('\n'));
    let (mut families, mut samples) = (HashSet::new(), HashSet::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let help = line
            .strip_prefix("# HELP ")
            .unwrap_or_else(|| panic!("{line}"));
        let (family, _) = help.split_once(' ').expect("a help text");
        assert!(families.insert(family.to_owned()), "{family} comes twice");
        let kind = lines
            .next()
            .and_then(|line| line.strip_prefix(&format!("# TYPE {family} ")));
        let kind = kind.unwrap_or_else(|| panic!("{family} has no type"));
        assert!(["counter", "gauge"].contains(&kind), "{family}: {kind}");
        assert_eq!(kind == "counter", family.ends_with("_total"), "{family}");
        let before = samples.len();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (name, value) = sample.rsplit_once(' ').expect("a value");
            value.parse::<f64>().unwrap_or_else(|_| panic!("{sample}"));
            let rest = name
                .strip_prefix(family)
                .unwrap_or_else(|| panic!("{sample} in {family}"));
            assert!(
                rest.is_empty() || (rest.starts_with('{') && rest.ends_with("\"}")),
                "{sample}"
            );
            assert!(samples.insert(name.to_owned()), "{name} comes twice");
        }
        assert!(samples.len() > before, "{family} has no sample");
    }
    for sample in [
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
        "node_load1",
        "node_load15",
        "tinyrust_flash_partition_size_bytes{device=\"mtd0\",partition=\"boot\"}",
        "tinyrust_flash_partition_used_bytes{device=\"mtd0\",partition=\"boot\"}",
        "tinyrust_data_free_bytes",
        "tinyrust_data_state{state=\"ok\"}",
        "tinyrust_data_state{state=\"formatted-corrupt\"}",
        "tinyrust_slot_info{slot=\"a\"}",
        "tinyrust_connection_waits_total",
    ] {
        assert!(samples.contains(sample), "{sample} is missing");
    }
    assert_eq!(
        device.metric("tinyrust_data_state{state=\"ok\"}"),
        Some(1.0)
    );
    assert_eq!(
        device.metric("tinyrust_data_state{state=\"tmpfs\"}"),
        Some(0.0)
    );
    assert!(device.metric("process_open_fds").expect("a value") >= 4.0);
}

#[test]
fn several_workers_share_the_counters() {
    let device = Device::start(&[("WORKERS", "3")]);
    for _ in 0..30 {
        assert_eq!(device.get("/healthz").status, 200);
    }
    assert_eq!(
        device.metric("http_requests_total{code=\"200\"}"),
        Some(30.0)
    );
}

#[test]
fn keep_alive_is_off_by_default_and_works_when_asked_for() {
    use std::io::{Read, Write};
    let closing = Device::start(&[]);
    let answer = closing.send("GET /healthz HTTP/1.1\r\nHost: device\r\n\r\n");
    assert_eq!(
        (answer.status, answer.field("connection")),
        (200, Some("close"))
    );

    let device = Device::start(&[("KEEP_ALIVE", "600")]);
    let mut stream = device.connect();
    for _ in 0..3 {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: device\r\n\r\n")
            .expect("sent");
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\nok\n") {
            let mut byte = [0];
            stream
                .read_exact(&mut byte)
                .expect("an answer on the same connection");
            bytes.extend(byte);
        }
        assert_eq!(device::Answer::parse(&bytes).status, 200);
    }
}
