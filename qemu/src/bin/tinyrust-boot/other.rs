//! Another program in the server's place: the wait for its first answer, and why none comes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tinyrust_qemu::Machine;
use tinyrust_qemu::http::Client;

/// How long a program may take, once the system is up, before it is looked for elsewhere. An answer
/// that comes meanwhile ends the wait at once.
const LOOK: Duration = Duration::from_secs(8);

/// How long it may take at all.
const GIVE_UP: Duration = Duration::from_secs(60);

/// The console's lines that an error has.
const LINES: usize = 15;

/// What a program says of a system that is not as it expects, and what to do.
const HINTS: [(&str, &str); 2] = [
    (
        "(os error 30)",
        "the root file system is read-only; the program can write to /data/tinyrust, which \
         survives restarts, and to /tmp: set `directory` and `arguments` under [app] in \
         tinyrust.toml",
    ),
    (
        "(os error 97)",
        "the kernel has no IPv6: give the program an IPv4 address to listen on, such as 0.0.0.0",
    ),
];

/// What was seen in place of an answer.
enum Seen {
    Answer(Duration),
    /// It answers with another status.
    Status(u16),
    /// It listens on these ports.
    Elsewhere(Vec<u16>),
    /// It listens nowhere.
    Silent,
}

/// Waits until `path` is answered with 200, and gives the time since the power went on.
pub(crate) fn wait(machine: &Machine, path: &str) -> Result<Duration> {
    let start = Instant::now();
    let port = machine.images().board().port();
    let server = machine.server()?;
    let (mut up, mut looked, mut status) = (None, Instant::now(), None);
    let mut said = Vec::new();
    let mut attempt = Duration::from_millis(200);
    let what = format!("HTTP 200 for {path} on port {port}");
    let seen = machine.wait_for(&what, || {
        match Client::with_timeout(server, attempt).get(path) {
            Ok(answer) if answer.status == 200 => return Some(Seen::Answer(start.elapsed())),
            Ok(answer) => status = Some(answer.status),
            Err(_) => {}
        }
        attempt = (attempt + attempt / 20).min(Duration::from_secs(5));
        let offers_a_shell = machine.offers_a_shell();
        let up = *up.get_or_insert_with(Instant::now);
        if !offers_a_shell || up.elapsed() < LOOK || looked.elapsed() < LOOK {
            return None;
        }
        looked = Instant::now();
        if let Some(status) = status {
            return Some(Seen::Status(status));
        }
        // Before the shell's own words are among them.
        if said.is_empty() {
            said = machine
                .console()
                .map(|console| console.last_lines(LINES))
                .unwrap_or_default();
        }
        let ports = machine.listening().unwrap_or_default();
        match ports.contains(&port) {
            false if !ports.is_empty() => Some(Seen::Elsewhere(ports)),
            false if up.elapsed() > GIVE_UP => Some(Seen::Silent),
            _ => None,
        }
    })?;
    match seen {
        Seen::Answer(took) => Ok(took),
        Seen::Status(status) => bail!(
            "GET {path} on port {port} is answered with status {status}, 200 expected: choose \
             another path with --path PATH, or `path = \"PATH\"` under [app] in tinyrust.toml"
        ),
        Seen::Elsewhere(ports) => bail!(elsewhere(machine, path, port, &ports)),
        Seen::Silent => {
            let lines = said.join("\n  ");
            let hints = HINTS.iter().filter(|(words, _)| lines.contains(words));
            let hints = hints.map(|(_, hint)| format!("\n{hint}"));
            let hint = hints.collect::<String>();
            bail!(
                "the program listens on no port {} s after the system came up; the console's \
                 last lines are\n  {lines}\n(complete log: {}){hint}",
                GIVE_UP.as_secs(),
                machine.keep_log().display()
            )
        }
    }
}

fn elsewhere(machine: &Machine, path: &str, port: u16, ports: &[u16]) -> String {
    let mut text = format!("nothing listens on port {port} of the device;");
    for &found in ports {
        let answer = machine
            .forward(found)
            .and_then(|server| Client::with_timeout(server, Duration::from_secs(10)).get(path));
        let answers = match answer {
            Ok(answer) => format!(" and answers GET {path} with status {}", answer.status),
            Err(_) => String::new(),
        };
        let _ = write!(text, " the program listens on port {found}{answers};");
    }
    let first = ports[0];
    let _ = write!(
        text,
        "\npass it an argument that makes it listen on {port} (run.sh --crate … -- ARGUMENT…, \
         or `arguments` under [app] in tinyrust.toml), or state its port with --port {first}, \
         or with `port = {first}` there"
    );
    text
}
