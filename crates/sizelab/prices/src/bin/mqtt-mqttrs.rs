//! Telling a broker of each request by MQTT: packets by mqttrs, over a socket of std.

use std::io::{Error, Read, Write};
use std::net::TcpStream;

use actix_web::{HttpRequest, web};
use mqttrs::{Connect, Packet, Pid, Protocol, Publish, QosPid, encode_slice};

fn publish(path: &str) -> Result<(), Error> {
    let mut broker = TcpStream::connect("127.0.0.1:1883")?;
    let mut buffer = [0; 512];
    let connect = Packet::Connect(Connect {
        protocol: Protocol::MQTT311,
        keep_alive: 30,
        client_id: "device",
        clean_session: true,
        last_will: None,
        username: None,
        password: None,
    });
    let length = encode_slice(&connect, &mut buffer).map_err(|_| Error::other("too long"))?;
    broker.write_all(&buffer[..length])?;
    let length = broker.read(&mut buffer)?;
    match mqttrs::decode_slice(&buffer[..length]) {
        Ok(Some(Packet::Connack(_))) => {}
        _ => return Err(Error::other("the broker does not welcome")),
    }
    let publish = Packet::Publish(Publish {
        dup: false,
        qospid: QosPid::AtLeastOnce(Pid::new()),
        retain: false,
        topic_name: "asked",
        payload: path.as_bytes(),
    });
    let length = encode_slice(&publish, &mut buffer).map_err(|_| Error::other("too long"))?;
    broker.write_all(&buffer[..length])
}

async fn tell(request: HttpRequest) -> &'static str {
    match publish(request.path()) {
        Ok(()) => prices::HELLO,
        Err(_) => "no broker",
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(tell));
    })
}
