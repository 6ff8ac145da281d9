//! A row's program, running: does it answer, how soon, and with how much memory?

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::load;
use buildkit::command::tool;
use buildkit::processor;

/// What every program has to answer before its row counts.
pub const HELLO: &[u8] = b"Hello, world!";

/// How long a program may take to its first answer; emulated ones are slow.
const START: Duration = Duration::from_secs(30);

/// How a server is started. `{address}` and `{port}` stand for where it has to listen.
#[derive(Debug, Clone)]
pub struct Launch {
    pub command: Vec<String>,
    pub folder: PathBuf,
}

/// A server that runs, killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From its start to the first 200.
    pub started_in: Duration,
}

/// Memory in KiB, of the process and its children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Anonymous: heap, stacks, written data.
    pub anonymous: u64,
    pub total: u64,
}

impl Launch {
    /// A program that takes what it listens on, `{address}` or `{port}`, as its only argument.
    pub fn program(file: &Path, runner: Option<&str>, argument: &str) -> Self {
        let mut command = Vec::new();
        command.extend(runner.map(str::to_owned));
        command.push(file.display().to_string());
        command.push(argument.to_owned());
        let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
        Self { command, folder }
    }

    /// Starts it and waits for the first answer, which has to be the right one.
    pub fn start(&self) -> Result<Server> {
        self.start_and_expect(Some(HELLO))
    }

    /// Starts it and waits for the first answer: 200, and this body if there is one.
    pub fn start_and_expect(&self, body: Option<&[u8]>) -> Result<Server> {
        let address = free_address()?;
        let mut command = self.at(address)?;
        let since = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.command[0]))?;
        let mut server = Server {
            child,
            address,
            started_in: Duration::ZERO,
        };
        loop {
            if let Ok(answer) = load::get(address) {
                server.started_in = since.elapsed();
                ensure!(
                    answer.status == 200 && body.is_none_or(|body| answer.body == body),
                    "{}: status {}, {:?}",
                    self.command[0],
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                );
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!(
                    "{}: exited with {status} before it answered",
                    self.command.join(" ")
                );
            }
            ensure!(
                since.elapsed() < START,
                "{}: no answer",
                self.command.join(" ")
            );
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    fn at(&self, address: SocketAddr) -> Result<Command> {
        let port = address.port().to_string();
        let place = |text: &str| {
            text.replace("{address}", &address.to_string())
                .replace("{port}", &port)
        };
        // Servers that take a file instead of arguments get one per run, beside the template.
        let mut words = Vec::new();
        for word in &self.command {
            if let Some(template) = word.strip_prefix("@") {
                let text = fs::read_to_string(self.folder.join(template))?;
                let made = self.folder.join(format!("{template}.{port}"));
                let folder = self.folder.display().to_string();
                fs::write(&made, place(&text).replace("{folder}", &folder))?;
                words.push(made.display().to_string());
            } else {
                words.push(place(word));
            }
        }
        let mut command = tool(&words[0]);
        command
            .args(&words[1..])
            .current_dir(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command)
    }
}

impl Server {
    /// What it and its children hold now.
    pub fn memory(&self) -> Result<Memory> {
        let mut memory = Memory::default();
        for pid in family(self.child.id())? {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            memory.anonymous += kib(&text, "Anonymous:");
            memory.total += kib(&text, "Rss:");
        }
        Ok(memory)
    }
}

impl Server {
    /// What it and its children have used of the processors so far; none where the kernel keeps
    /// no account of children that are gone, because the server ignores SIGCHLD (wait(2)).
    pub fn processor_seconds(&self) -> Result<Option<f64>> {
        const SIGCHLD: u32 = 17;
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = u64::from_str_radix(ignored.unwrap_or_default().trim(), 16)?;
        if ignored & (1 << (SIGCHLD - 1)) != 0 {
            return Ok(None);
        }
        let mut seconds = 0.0;
        for pid in family(self.child.id())? {
            seconds += processor::seconds(pid, processor::OF_CHILDREN)?;
            seconds += processor::exact_seconds(pid)?;
        }
        Ok(Some(seconds))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The children first: a master would start new ones.
        let pids = family(self.child.id()).unwrap_or_default();
        let _ = self.child.kill();
        for pid in pids.into_iter().skip(1) {
            if let Some(pid) = rustix::process::Pid::from_raw(pid.cast_signed()) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
        let _ = self.child.wait();
    }
}

/// A process and its children, itself first.
fn family(pid: u32) -> Result<Vec<u32>> {
    let mut pids = vec![pid];
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let children = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        pids.extend(
            children
                .split_whitespace()
                .filter_map(|word| word.parse::<u32>().ok()),
        );
    }
    Ok(pids)
}

fn kib(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// A free port on loopback. Another program could take it before the server does; the start
/// fails then and says so.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_without_an_answer_is_said() {
        let launch = Launch {
            command: vec!["false".into()],
            folder: "/".into(),
        };
        let error = launch.start().err().unwrap().to_string();
        assert!(error.contains("before it answered"), "{error}");
    }

    #[test]
    fn memory_is_read_from_the_kernels_table() {
        let text = "Rss:     1234 kB\nPss:  7 kB\nAnonymous:   56 kB\n";
        assert_eq!(kib(text, "Rss:"), 1234);
        assert_eq!(kib(text, "Anonymous:"), 56);
    }
}
