//! On which ports the device's programs listen, and the way to one of them.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;

use crate::error::Error;
use crate::machine::Machine;

impl Machine {
    /// The TCP ports that something on the device listens on, sorted.
    ///
    /// # Errors
    /// When the device is off, or its console gives no shell.
    pub fn listening(&self) -> Result<Vec<u16>, Error> {
        let tables = self.run("cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null || true")?;
        Ok(ports(&tables.output))
    }

    /// Opens a way from a free port of the host's loopback interface to a port of the device.
    ///
    /// # Errors
    /// When the device is off, or QEMU refuses.
    pub fn forward(&self, port: u16) -> Result<SocketAddr, Error> {
        let qmp = &self.on("forwarding one of its ports")?.qmp;
        let add = format!("hostfwd_add tcp:127.0.0.1:0-:{port}");
        let forwarded = qmp
            .execute("human-monitor-command", json!({ "command-line": add }))
            .and_then(|_| qmp.forwarded_port(port));
        let host = forwarded.map_err(Error::io(format_args!("forwarding to port {port}")))?;
        Ok((Ipv4Addr::LOCALHOST, host).into())
    }
}

/// Rows of `/proc/net/tcp` in the state LISTEN, 0A (Linux `include/net/tcp_states.h`).
fn ports(tables: &str) -> Vec<u16> {
    let mut ports = tables
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, _remote, state) = (fields.next()?, fields.next()?, fields.next()?);
            let (_, port) = local.rsplit_once(':')?;
            (state == "0A").then(|| u16::from_str_radix(port, 16).ok())?
        })
        .collect::<Vec<_>>();
    ports.sort_unstable();
    ports.dedup();
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_is_found_in_both_tables() {
        let tables = "  sl  local_address rem_address   st tx_queue rx_queue tr\n   \
            0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000\n   \
            1: 0F02000A:0050 0202000A:E1C2 01 00000000:00000000 00:00000000\n  \
            sl  local_address                         remote_address\n   \
            0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n   \
            1: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0\n";
        assert_eq!(ports(tables), [80, 8080]);
        assert_eq!(ports("nothing"), [0; 0]);
    }
}
