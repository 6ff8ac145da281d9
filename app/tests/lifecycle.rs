//! How the program starts and how it ends.

mod device;

use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpStream;
use std::process::Output;

use device::{Device, program, read_answer};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = program();
    command.args(arguments).envs(environment.iter().copied());
    command.output().expect("the program runs")
}

#[test]
fn sigterm_ends_an_idle_server_with_zero() {
    let mut device = Device::start(&[]);
    device.assert_answers();
    device.signal(Signal::TERM);
    assert_eq!(device.wait().code(), Some(0));
}

#[test]
fn sigint_ends_it_as_well() {
    let mut device = Device::start(&[]);
    device.signal(Signal::INT);
    assert_eq!(device.wait().code(), Some(0));
}

/// A named pipe in place of `/proc/loadavg` holds the request in the middle of its answer, until
/// the signal is there.
#[test]
fn sigterm_lets_a_request_in_flight_finish() {
    let root = device::files();
    let pipe = root.path().join("proc/loadavg");
    std::fs::remove_file(&pipe).expect("removed");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a named pipe");
    let mut device = Device::start_with(root, &[("DRAIN_TIMEOUT", "60")]);

    let mut request = device.connect();
    request
        .write_all(b"GET /api/v1/system HTTP/1.1\r\nHost: device\r\n\r\n")
        .expect("sent");
    // Opens when the server opened the other end.
    let mut load = OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("the server reads");

    device.signal(Signal::TERM);
    load.write_all(b"0.12 0.34 0.56 1/1 1\n")
        .expect("the server still reads");
    drop(load);
    let answer = read_answer(&mut request);
    assert_eq!(answer.status, 200);
    assert!(
        answer.text().contains("[0.12,0.34,0.56]"),
        "{}",
        answer.text()
    );
    assert_eq!(device.wait().code(), Some(0));
    TcpStream::connect(device.address).expect_err("nobody listens any more");
}

/// Arguments, environment, a word of the message.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn a_bad_setting_is_one_line_and_exit_two() {
    let cases: [Case; 9] = [
        (&["--nonsense"], &[], "--nonsense"),
        (&["serve"], &[], "serve"),
        (&["--listen", "localhost:80"], &[], "localhost:80"),
        (&["--listen", "127.0.0.1:99999"], &[], "--listen"),
        (&["--listen"], &[], "--listen"),
        (&["--workers", "0"], &[], "1 to 64"),
        (&["--workers", "-1"], &[], "--workers"),
        (&[], &[("TINYRUST_LISTEN", "nowhere")], "TINYRUST_LISTEN"),
        (&[], &[("TINYRUST_WORKERS", "many")], "TINYRUST_WORKERS"),
    ];
    for (arguments, environment, word) in cases {
        let output = run(arguments, environment);
        let line = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {line}");
        assert!(output.stdout.is_empty());
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(
            line.starts_with("tinyrust: ") && line.contains(word),
            "{line}"
        );
    }
}

#[test]
fn an_address_in_use_is_one_line_and_exit_one() {
    let device = Device::start(&[]);
    let address = device.address.to_string();
    let output = run(&["--listen", &address], &[]);
    let line = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(
        line.contains(&address) && line.lines().count() == 1,
        "{line}"
    );
}

#[test]
fn help_explains_every_setting_with_examples() {
    for option in ["-h", "--help"] {
        let output = run(&[option], &[]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        for word in [
            "--listen",
            "--workers",
            "TINYRUST_",
            "Examples:",
            "/metrics",
        ] {
            assert!(text.contains(word), "{word}");
        }
    }
}

#[test]
fn version_says_how_it_was_built() {
    let text = String::from_utf8(run(&["--version"], &[]).stdout).expect("UTF-8");
    assert!(
        text.starts_with(concat!("tinyrust ", env!("CARGO_PKG_VERSION"), " (")),
        "{text}"
    );
    assert!(text.contains(" allocator)"), "{text}");
}
