//! A device on the host: the real program on a free loopback port, in front of a directory that
//! looks like a device's file system.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use tempfile::TempDir;

/// How long anything may take before a test gives up. Nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The map of a device; `boot` is half full, `env` is erased.
pub const MTD: &str = "dev:    size   erasesize  name\n\
    mtd0: 00002000 00001000 \"boot\"\n\
    mtd1: 00001000 00001000 \"env\"\n\
    mtd2: 00001000 00001000 \"data\"\n";

/// A server and the device's files.
pub struct Device {
    pub address: SocketAddr,
    pub root: TempDir,
    log: Receiver<String>,
    process: Child,
}

/// An answer, read until the server closed.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The program without anything of the caller's environment that it would listen to.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinyrust"));
    // mimalloc asks the host for huge pages: memory in RAM then moves in steps of 2 MiB that say
    // nothing about the server (seen as growth beyond a bound that the server itself keeps).
    command.env("MIMALLOC_ALLOW_THP", "0");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TINYRUST_") {
            command.env_remove(name);
        }
    }
    command
}

/// The files of a device. What the kernel says about the process itself is real.
pub fn files() -> TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    let write = |path: &str, content: &[u8]| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, content).expect("a file");
    };
    write("proc/device-tree/model", b"Test board\0");
    write("proc/sys/kernel/hostname", b"device\n");
    write("proc/sys/kernel/osrelease", b"6.12.107\n");
    write("proc/cmdline", b"ro slot=a\n");
    write("proc/uptime", b"10.00 9.00\n");
    write("proc/loadavg", b"0.10 0.20 0.30 1/50 100\n");
    write("proc/stat", b"btime 1700000000\n");
    write(
        "proc/meminfo",
        b"MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 600 kB\n",
    );
    write("proc/mtd", MTD.as_bytes());
    write("dev/mtd0ro", &[[0x5a_u8; 4096], [0xff; 4096]].concat());
    write("dev/mtd1ro", &[0xff; 4096]);
    write("run/tinyrust/data", b"ok\n");
    write("data/x", b"");
    std::os::unix::fs::symlink("/proc/self", root.path().join("proc/self")).expect("a link");
    root
}

impl Device {
    /// Starts the server with further settings, as variables of the environment without their prefix.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_with(files(), settings)
    }

    /// Starts the server on files that are already there.
    pub fn start_with(root: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut command = program();
        command
            .env("TINYRUST_LISTEN", "127.0.0.1:0")
            .env("TINYRUST_ROOT", root.path());
        for (name, value) in settings {
            command.env(format!("TINYRUST_{name}"), value);
        }
        let mut process = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let (lines, log) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let line = log.recv_timeout(PATIENCE).expect("a line on stderr");
        let address = line.trim().strip_prefix("tinyrust: listening on http://");
        let address = address.unwrap_or_else(|| panic!("unexpected first line: {line}"));
        Self {
            address: address.parse().expect("an address"),
            root,
            log,
            process,
        }
    }

    /// The next line of its log; waits for it.
    pub fn logged(&self) -> String {
        self.log.recv_timeout(PATIENCE).expect("a line on stderr")
    }

    /// Lets it have `files` open files and sockets at most.
    pub fn limit_files(&self, files: u64) {
        let limit = Rlimit {
            current: Some(files),
            maximum: Some(4096),
        };
        let pid = Pid::from_child(&self.process);
        prlimit(Some(pid), Resource::Nofile, limit).expect("a limit");
    }

    /// A connection that gives up after [`PATIENCE`].
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends bytes and reads the answer to its end.
    pub fn send(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_ref()).expect("sent");
        read_answer(&mut stream)
    }

    /// `METHOD path` with further header lines, each with its line end.
    pub fn request(&self, method: &str, path: &str, fields: &str) -> Answer {
        self.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: device\r\nConnection: close\r\n{fields}\r\n"
        ))
    }

    /// A plain GET.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "")
    }

    /// The value of a metric, named with its labels.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").text();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        Some(value.parse().expect("a number"))
    }

    /// Memory of the server in RAM, in bytes, from the kernel of this machine.
    pub fn resident(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("VmRSS");
        let number = line.trim().strip_suffix(" kB").expect("kB");
        number.parse::<u64>().expect("a number") * 1024
    }

    /// Open files and sockets of the server.
    pub fn open_files(&self) -> usize {
        self.descriptors().count()
    }

    /// Open sockets of the server. What its scan of the flash reads is not among them.
    pub fn sockets(&self) -> usize {
        self.descriptors()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    }

    fn descriptors(&self) -> impl Iterator<Item = fs::DirEntry> {
        fs::read_dir(format!("/proc/{}/fd", self.process.id()))
            .expect("descriptors")
            .map_while(Result::ok)
    }

    /// Waits until something is so.
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !is_so(self) {
            assert!(begin.elapsed() < PATIENCE, "gave up waiting: {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, signal).expect("the process is there");
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("a child") {
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "the server did not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Fails unless the server answers as on the first day.
    pub fn assert_answers(&mut self) {
        let ended = self.process.try_wait().expect("a child");
        assert!(
            ended.is_none(),
            "the server ended: {ended:?}, signal {:?}",
            ended.and_then(|e| e.signal())
        );
        let answer = self.get("/healthz");
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads until the server closes, and takes the answer apart.
pub fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .expect("the server answers and closes");
    Answer::parse(&bytes)
}

impl Answer {
    /// Takes the first answer in these bytes.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).expect("a head in ASCII");
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .expect("a status line");
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header field");
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self {
            status: status.parse().expect("a status code"),
            fields: lines.map(field).collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// The value of a header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }
}
