//! HTTPS: a thread for each connection that unpacks TLS by BearSSL, before the server.

use std::ffi::c_int;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;

use actix_web::web;

/// The one of tls-bearssl.c.
#[repr(C)]
struct Tls {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn tls_new(
        socket: c_int,
        certificate: *const u8,
        certificate_length: usize,
        key: *const u8,
        key_length: usize,
    ) -> *mut Tls;
    fn tls_read(tls: *mut Tls, data: *mut u8, length: usize) -> c_int;
    fn tls_write(tls: *mut Tls, data: *const u8, length: usize) -> c_int;
    fn tls_flush(tls: *mut Tls) -> c_int;
    fn tls_free(tls: *mut Tls);
}

struct Client {
    tls: *mut Tls,
    _socket: TcpStream,
}

impl Client {
    fn new(socket: TcpStream, identity: &'static Identity) -> io::Result<Self> {
        let (certificate, key) = (&identity.certificate, &identity.key);
        // SAFETY: both are never freed, and the socket is open as long as the client is.
        let tls = unsafe {
            tls_new(
                socket.as_raw_fd(),
                certificate.as_ptr(),
                certificate.len(),
                key.as_ptr(),
                key.len(),
            )
        };
        if tls.is_null() {
            return Err(io::Error::other("not a private key of an elliptic curve"));
        }
        Ok(Self {
            tls,
            _socket: socket,
        })
    }
}

fn result(count: c_int) -> io::Result<usize> {
    usize::try_from(count).map_err(|_| io::ErrorKind::ConnectionAborted.into())
}

// SAFETY of the calls: `tls` is what tls_new made, and the slices are as long as is said.
impl Read for Client {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        result(unsafe { tls_read(self.tls, data.as_mut_ptr(), data.len()) })
    }
}

impl Write for Client {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        result(unsafe { tls_write(self.tls, data.as_ptr(), data.len()) })
    }

    fn flush(&mut self) -> io::Result<()> {
        result(unsafe { tls_flush(self.tls) }).map(drop)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        unsafe { tls_free(self.tls) }
    }
}

/// Certificate and private key in DER.
struct Identity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

fn serve_one(identity: &'static Identity, client: TcpStream) -> io::Result<()> {
    let mut client = Client::new(client, identity)?;
    let mut request = [0; 4096];
    let length = client.read(&mut request)?;
    let mut server = TcpStream::connect("127.0.0.1:80")?;
    server.write_all(&request[..length])?;
    io::copy(&mut server, &mut client)?;
    client.flush()
}

fn terminate() -> io::Result<()> {
    let identity: &Identity = Box::leak(Box::new(Identity {
        certificate: std::fs::read("/data/tls/certificate.der")?,
        key: std::fs::read("/data/tls/key.der")?,
    }));
    for client in TcpListener::bind("0.0.0.0:443")?.incoming() {
        let client = client?;
        thread::spawn(move || serve_one(identity, client));
    }
    Ok(())
}

fn main() -> io::Result<()> {
    thread::spawn(|| terminate().inspect_err(|error| eprintln!("no TLS: {error}")));
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
