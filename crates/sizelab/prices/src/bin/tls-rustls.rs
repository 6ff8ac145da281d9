//! HTTPS: a thread for each connection that unpacks TLS by rustls and ring, before the server.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use actix_web::web;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn serve_one(config: Arc<ServerConfig>, client: TcpStream) -> io::Result<()> {
    let session = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut client = StreamOwned::new(session, client);
    let mut request = [0; 4096];
    let length = client.read(&mut request)?;
    let mut server = TcpStream::connect("127.0.0.1:80")?;
    server.write_all(&request[..length])?;
    io::copy(&mut server, &mut client)?;
    Ok(())
}

fn terminate() -> io::Result<()> {
    let chain = CertificateDer::pem_file_iter("/data/tls/chain.pem").map_err(io::Error::other)?;
    let chain = chain.collect::<Result<Vec<_>, _>>();
    let key = PrivateKeyDer::from_pem_file("/data/tls/key.pem").map_err(io::Error::other)?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain.map_err(io::Error::other)?, key)
        .map_err(io::Error::other)?;
    let config = Arc::new(config);
    for client in TcpListener::bind("0.0.0.0:443")?.incoming() {
        let (config, client) = (config.clone(), client?);
        thread::spawn(move || serve_one(config, client));
    }
    Ok(())
}

fn main() -> io::Result<()> {
    thread::spawn(|| terminate().inspect_err(|error| eprintln!("no TLS: {error}")));
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
