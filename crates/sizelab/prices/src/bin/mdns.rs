//! The device tells its name in the local network by multicast DNS, with mdns-sd.

use actix_web::web;
use mdns_sd::{Error, ServiceDaemon, ServiceInfo};

fn announce() -> Result<ServiceDaemon, Error> {
    let daemon = ServiceDaemon::new()?;
    let none: &[(&str, &str)] = &[];
    let service = ServiceInfo::new("_http._tcp.local.", "device", "device.local.", "", 80, none)?;
    daemon.register(service.enable_addr_auto())?;
    Ok(daemon)
}

fn main() -> std::io::Result<()> {
    // Not where it is only tried.
    let on_device = std::env::args().len() == 1;
    let _daemon = on_device
        .then(announce)
        .transpose()
        .inspect_err(|error| eprintln!("no mDNS: {error}"));
    prices::run(|app| {
        app.default_service(web::to(|| async { prices::HELLO }));
    })
}
