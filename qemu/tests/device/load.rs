//! What a hostile network does to the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use crate::harness::say;
use crate::support::{Device, metrics, run};

crate::tests![ten_thousand_malformed_requests_leave_the_server_answering,];

/// How many requests of each kind.
const ROUNDS: usize = 2_500;

/// Clients at the same time. QEMU's user network is a single thread, and every
/// connection costs it and the emulated CPU: more only wait.
const CLIENTS: usize = 8;

/// For one request; a refused or forgotten connection must not hold a client for ever.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What comes over the wire.
fn malformed(kind: usize, random: &mut Rng) -> Vec<u8> {
    const GOOD: &[u8] = b"GET /api/v1/system HTTP/1.1\r\nHost: device\r\nAccept: */*\r\n\r\n";
    match kind {
        // Truncated.
        0 => GOOD[..random.usize(0..GOOD.len())].to_vec(),
        // Oversized: a target, a field, many fields, an announced body.
        1 => {
            let size = random.usize(8_000..40_000);
            let filling = "x".repeat(size);
            match random.usize(0..4) {
                0 => format!("GET /{filling} HTTP/1.1\r\nHost: device\r\n\r\n"),
                1 => format!("GET / HTTP/1.1\r\nHost: device\r\nX: {filling}\r\n\r\n"),
                2 => format!(
                    "GET / HTTP/1.1\r\nHost: device\r\n{}\r\n",
                    "X: y\r\n".repeat(size / 60)
                ),
                _ => format!("POST / HTTP/1.1\r\nHost: device\r\nContent-Length: {size}00000\r\n\r\n{filling}"),
            }
            .into_bytes()
        }
        // Garbage.
        2 => {
            let mut bytes = vec![0; random.usize(1..2_000)];
            random.fill(&mut bytes);
            bytes
        }
        // Almost right: one byte of a good request is another.
        _ => {
            let mut bytes = GOOD.to_vec();
            let at = random.usize(0..bytes.len());
            bytes[at] = random.u8(..);
            bytes
        }
    }
}

/// Sends `bytes` and reads what comes until the connection is closed. What happens
/// is up to the server: an answer, a close, a reset.
fn send(server: SocketAddr, bytes: &[u8]) -> std::io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&server, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(bytes)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.take(1 << 20).read_to_end(&mut Vec::new())?;
    Ok(())
}

fn ten_thousand_malformed_requests_leave_the_server_answering() {
    let device = Device::up();
    let machine = &device.machine;
    let server = machine.server().expect("power is on");
    let pid = run(machine, "pidof tinyrust");
    let start = metrics(machine)
        .value("process_start_time_seconds", &[])
        .expect("start");

    // Slow ones all the while: a byte now and then of a head that never ends.
    let slow: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect_timeout(&server, TIMEOUT).expect("connect");
            stream
                .write_all(b"GET / HTTP/1.1\r\nX: ")
                .expect("the first bytes");
            stream
        })
        .collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let next = &next;
            scope.spawn(move || {
                let mut random = Rng::with_seed(client as u64);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= 4 * ROUNDS {
                        break;
                    }
                    // How it ends for the client does not matter.
                    let _ = send(server, &malformed(number % 4, &mut random));
                }
            });
        }
        scope.spawn(|| {
            while next.load(Ordering::Relaxed) < 4 * ROUNDS {
                for mut stream in &slow {
                    // The server has closed it by now, as it should.
                    let _ = stream.write_all(b"x");
                }
                thread::sleep(Duration::from_millis(500));
            }
        });
    });
    // Each slow one was thrown out: a read comes to its end.
    for mut stream in slow {
        stream.set_read_timeout(Some(TIMEOUT)).expect("a time-out");
        let ended = stream.read_to_end(&mut Vec::new());
        assert!(
            ended.as_ref().map_err(std::io::Error::kind) != Err(std::io::ErrorKind::WouldBlock),
            "a slow client is still connected"
        );
    }

    assert_eq!(machine.get("/healthz").expect("an answer").status, 200);
    assert_eq!(
        run(machine, "pidof tinyrust"),
        pid,
        "the server was restarted"
    );
    let after = metrics(machine);
    assert_eq!(after.value("process_start_time_seconds", &[]), Some(start));
    // What the flood left is at most what its own limits allow.
    let files = after.value("process_open_fds", &[]).expect("open files");
    assert!(files < 32.0, "{files} files are open");
    let rss = after
        .value("process_resident_memory_bytes", &[])
        .expect("rss");
    say(format_args!(
        "after 10,000 malformed requests: rss {rss} bytes, {files} open files"
    ));
    assert!(rss < f64::from(8 << 20), "{rss} bytes");
}
