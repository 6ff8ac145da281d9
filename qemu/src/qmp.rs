//! QEMU's machine protocol: <https://www.qemu.org/docs/master/interop/qmp-spec.html>.

use std::io::{self, BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::lock::lock;

/// QEMU answers from its main loop: far more than that ever takes, even on a machine
/// with too much to do.
const ANSWER: Duration = Duration::from_secs(60);

/// A connection to QEMU's monitor.
#[derive(Debug)]
pub(crate) struct Qmp {
    stream: UnixStream,
    answers: Mutex<Receiver<Value>>,
    events: Arc<Mutex<Vec<String>>>,
}

impl Qmp {
    /// Does the greeting on a fresh connection.
    pub(crate) fn attach(stream: UnixStream) -> io::Result<Self> {
        let reader = stream.try_clone()?;
        let (send, answers) = mpsc::channel();
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        std::thread::Builder::new()
            .name("qmp".to_owned())
            .spawn(move || {
                for line in BufReader::new(reader).lines() {
                    let Ok(line) = line else { break };
                    let Ok(message) = serde_json::from_str::<Value>(&line) else {
                        continue;
                    };
                    if let Some(name) = message["event"].as_str() {
                        lock(&sink).push(name.to_owned());
                    } else if message.get("QMP").is_none() && send.send(message).is_err() {
                        break;
                    }
                }
            })?;
        let qmp = Self {
            stream,
            answers: Mutex::new(answers),
            events,
        };
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Runs one command and gives what it returns.
    pub(crate) fn execute(&self, command: &str, arguments: Value) -> io::Result<Value> {
        // The lock is held until the answer is there: answers come in order.
        let answers = lock(&self.answers);
        let request = json!({ "execute": command, "arguments": arguments });
        (&self.stream).write_all(format!("{request}\n").as_bytes())?;
        let mut answer = answers.recv_timeout(ANSWER).map_err(|error| {
            io::Error::other(format!("QEMU did not answer `{command}`: {error}"))
        })?;
        match answer.get_mut("return") {
            Some(value) => Ok(value.take()),
            None => Err(io::Error::other(format!("`{command}`: {answer}"))),
        }
    }

    /// How often `event`, `RESET` or `WATCHDOG` for example, happened since the power
    /// went on.
    pub(crate) fn count(&self, event: &str) -> usize {
        let events = lock(&self.events);
        events.iter().filter(|happened| *happened == event).count()
    }

    /// The port on the host's loopback interface that leads to `guest_port`.
    ///
    /// QEMU was told port 0, so the host's kernel chose it when QEMU bound it: there
    /// is no moment in which another program could have taken it.
    pub(crate) fn forwarded_port(&self, guest_port: u16) -> io::Result<u16> {
        let reply = self.execute(
            "human-monitor-command",
            json!({ "command-line": "info usernet" }),
        )?;
        let table = reply.as_str().unwrap_or_default();
        forwarded_port(table, guest_port).ok_or_else(|| {
            io::Error::other(format!("QEMU forwards no port to {guest_port}:\n{table}"))
        })
    }
}

/// Finds a row such as
/// `TCP[HOST_FORWARD]   8       127.0.0.1 37417       10.0.2.15    80     0     0`.
fn forwarded_port(table: &str, guest_port: u16) -> Option<u16> {
    table.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        (fields.next()? == "TCP[HOST_FORWARD]").then_some(())?;
        let (_fd, address, port) = (fields.next()?, fields.next()?, fields.next()?);
        let (_guest, to) = (fields.next()?, fields.next()?);
        (address.parse() == Ok(Ipv4Addr::LOCALHOST) && to.parse() == Ok(guest_port))
            .then(|| port.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_port_that_the_host_chose() {
        let table = "Hub -1 (#net035):\r\n  \
            Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n  \
            TCP[ESTABLISHED]  11       127.0.0.1 80          10.0.2.15    80     0     0\r\n  \
            TCP[HOST_FORWARD]  9       127.0.0.1 40001       10.0.2.15    22     0     0\r\n  \
            TCP[HOST_FORWARD]  8       127.0.0.1 37417       10.0.2.15    80     0     0\r\n";
        assert_eq!(forwarded_port(table, 80), Some(37417));
        assert_eq!(forwarded_port(table, 443), None);
    }
}
