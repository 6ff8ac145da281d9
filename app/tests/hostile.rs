//! Ten thousand requests that are none.

mod device;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

use device::{Device, PATIENCE};

const REQUESTS: u64 = 10_000;
const CLIENTS: u64 = 8;

/// Memory the server may have gained afterwards: one request buffer of actix-http, 128 KiB, for every
/// connection it takes, in this test 16.
const GROWTH: u64 = 16 * 128 * 1024;

/// Connections that are left open in the middle of a head by each client.
const SLOW: usize = 16;

#[test]
fn ten_thousand_malformed_requests_leave_the_server_answering() {
    let settings = [("MAX_CONNECTIONS", "16"), ("REQUEST_TIMEOUT", "1")];
    let mut device = Device::start(&settings);
    for path in ["/", "/api/v1/system", "/healthz", "/metrics"] {
        assert_eq!(device.get(path).status, 200);
    }
    let (resident, files) = (device.resident(), device.open_files());

    let address = device.address;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| thread::spawn(move || attack(address, client)))
        .collect();
    for client in clients {
        client
            .join()
            .expect("the server closed each connection in time");
    }

    device.wait_until("all connections are closed", |device| {
        device.open_files() <= files
    });
    let grown = device.resident().saturating_sub(resident);
    assert!(
        grown <= GROWTH,
        "{grown} bytes more in RAM, {GROWTH} allowed"
    );
    device.assert_answers();
    assert_eq!(device.get("/").status, 200);
}

fn attack(address: SocketAddr, client: u64) {
    let mut random = Random(client + 1);
    let mut slow = Vec::new();
    for number in 0..REQUESTS / CLIENTS {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        let request = malformed(&mut random, number);
        // The server may refuse and close before it has read everything.
        let _ = stream.write_all(&request);
        if number % 79 == 0 && slow.len() < SLOW {
            slow.push(stream);
            continue;
        }
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        if stream
            .read_to_end(&mut answer)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        {
            panic!("no end after {:?}", String::from_utf8_lossy(&request));
        }
        if let Some(status) = answer.get(9..12) {
            assert_ne!(
                status,
                b"500",
                "after {:?}",
                String::from_utf8_lossy(&request)
            );
        }
    }
    for mut stream in slow {
        let mut answer = Vec::new();
        let end = stream
            .read_to_end(&mut answer)
            .map_err(|error| error.kind());
        assert_ne!(
            end,
            Err(std::io::ErrorKind::WouldBlock),
            "a slow client is still connected"
        );
    }
}

fn malformed(random: &mut Random, number: u64) -> Vec<u8> {
    let whole = b"GET /api/v1/system?x=1 HTTP/1.1\r\nHost: device\r\nAccept: */*\r\nUser-Agent: test\r\n\r\n";
    let with =
        |fields: &str| format!("GET / HTTP/1.1\r\nHost: device\r\n{fields}\r\n").into_bytes();
    match number % 20 {
        0 => whole[..random.below(whole.len())].to_vec(),
        1 => random.bytes(400),
        2 => {
            let mut damaged = whole.to_vec();
            for _ in 0..=random.below(8) {
                let at = random.below(damaged.len());
                damaged[at] = random.next() as u8;
            }
            damaged
        }
        3 => [&whole[..16], &random.bytes(60), b"\r\n\r\n"].concat(),
        4 => with(&format!("X: {}\r\n", "x".repeat(8192 + random.below(4096)))),
        5 => with(
            &(0..100 + random.below(50))
                .map(|n| format!("X-{n}: 1\r\n"))
                .collect::<String>(),
        ),
        6 => with("Content-Length: -1\r\n"),
        7 => with("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        8 => with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        9 => with("Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        10 => with(&format!(
            "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
            u64::MAX
        )),
        11 => with("Host: again\r\n"),
        12 => b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        13 => b"GET / HTTP/9.9\r\nHost: device\r\n\r\n".to_vec(),
        14 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        15 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        16 => with("No colon here\r\n"),
        17 => format!("GET /{} HTTP/1.1\r\n", "a/".repeat(random.below(4000))).into_bytes(),
        18 if number % 400 == 18 => with(&format!("X: {}\r\n", "x".repeat(200_000))),
        18 => b"\r\n".repeat(random.below(200)),
        _ => [&whole[..], &random.bytes(100)].concat(),
    }
}

/// xorshift64*: the same requests in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    fn bytes(&mut self, limit: usize) -> Vec<u8> {
        (0..=self.below(limit)).map(|_| self.next() as u8).collect()
    }
}
