//! Child processes: a clean environment, output in the step's log.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::processor;

/// What a child may inherit. A list of what is let in, because what can leak in has no
/// end: Buildroot's `CARGO_PROFILE_*`, a shell's `CFLAGS`, `MAKEFLAGS` of an outer make and
/// `PERL_MM_OPT` have each changed or broken a build without a word.
const INHERITED: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "TERM",
    "TMPDIR",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO_HOME",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Where crates come from is the user's business and cannot change what is compiled: the
/// lock file holds the crates' checksums.
const INHERITED_PREFIXES: &[&str] = &["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_"];

/// 2025-01-01T00:00:00Z: the time in everything that wants one. Two builds of the same
/// inputs are to be the same bytes.
pub const SOURCE_DATE_EPOCH: &str = "1735689600";

/// A command with a clean environment.
///
/// The system's directories come first on `PATH`: U-Boot's build wants the system's Python,
/// whose headers and setuptools the packages bring, not a pyenv's.
pub fn tool(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for (name, value) in std::env::vars_os() {
        let known = name.to_str().is_some_and(|name| {
            INHERITED.contains(&name) || INHERITED_PREFIXES.iter().any(|p| name.starts_with(p))
        });
        if known {
            command.env(name, value);
        }
    }
    let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let inherited = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("{system}:{inherited}"))
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH)
        .stdin(Stdio::null());
    command
}

/// The output of a short command that is to succeed.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!(
            "`{shown}`: {status}: {}",
            String::from_utf8_lossy(&stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// The command line as one would type it, environment left out.
pub fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>();
    shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap_or_else(|_| words.join(" "))
}

/// A step's log: everything its children print, each preceded by its command line.
pub struct Log {
    path: PathBuf,
    file: File,
    /// Set when another step failed: there is no point in going on.
    cancelled: Arc<AtomicBool>,
}

/// A command that was ended because something else failed, or by a signal.
#[derive(Debug)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stopped {}

impl Log {
    /// Starts an empty log.
    pub fn create(path: &Path) -> Result<Self> {
        Self::cancelled_by(path, Arc::default())
    }

    /// Starts an empty log whose children are ended when the flag is set.
    pub fn cancelled_by(path: &Path, cancelled: Arc<AtomicBool>) -> Result<Self> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
        }
        File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        // Appending, so that the children's output and the notes keep their order.
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            cancelled,
        })
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a line of the builder's own. A log that cannot be written (a full disk) shows
    /// at once in the children, which write to the same file.
    pub fn note(&self, text: impl AsRef<str>) {
        let _ = writeln!(&self.file, "{}", text.as_ref());
    }

    /// Runs a command to its end, output into the log.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        self.run_counted(command).map(drop)
    }

    /// The same; what the command and its children took of the processors, in seconds.
    pub fn run_counted(&self, command: &mut Command) -> Result<f64> {
        let shown = show(command);
        self.note(format!("$ {shown}"));
        let mut child = command
            .stdout(self.file.try_clone()?)
            .stderr(self.file.try_clone()?)
            .spawn()
            .with_context(|| format!("cannot run `{shown}`"))?;
        let pid =
            Pid::from_raw(child.id().cast_signed()).context("a child process without an ID")?;
        // Not waited for yet: its account goes with it.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            if waitid(WaitId::Pid(pid), look)?.is_some() {
                let seconds = processor::seconds(child.id(), processor::WITH_CHILDREN)?;
                let status = child.wait()?;
                if status.success() {
                    return Ok(seconds);
                }
                // A Ctrl-C reaches the children as well, and they may be the first to end.
                if self.cancelled.load(Ordering::SeqCst) {
                    return Err(Stopped.into());
                }
                let name = command.get_program().to_string_lossy().into_owned();
                bail!("{name}: {status}");
            }
            if self.cancelled.load(Ordering::SeqCst) {
                // SIGTERM, which make and cargo hand on to their own children.
                let _ = kill_process(pid, Signal::TERM);
                child.wait()?;
                return Err(Stopped.into());
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// The last lines of the log, for the terminal.
    pub fn tail(&self, lines: usize) -> String {
        let text = std::fs::read(&self.path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all = text.lines().map(shorten).collect::<Vec<_>>();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

/// A compiler's command line hides the error that follows it; its beginning says enough.
fn shorten(line: &str) -> String {
    const WIDTH: usize = 400;
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_builds_silently_stays_outside() {
        // Cargo itself gives this test CARGO_MANIFEST_DIR and the like.
        assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO_PKG_")));
        let printed = output(&mut tool("env")).unwrap();
        let names = printed
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .collect::<Vec<_>>();
        assert!(names.contains(&"SOURCE_DATE_EPOCH"), "{names:?}");
        for leak in ["CARGO_PKG_NAME", "LD_LIBRARY_PATH", "RUSTFLAGS", "CFLAGS"] {
            assert!(!names.contains(&leak), "{leak} leaked: {names:?}");
        }
    }

    #[test]
    fn what_is_cancelled_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let flag = Arc::new(AtomicBool::new(false));
        let log = Log::cancelled_by(&folder.path().join("a.log"), Arc::clone(&flag)).unwrap();
        let started = std::time::Instant::now();
        let error = std::thread::scope(|scope| {
            let running = scope.spawn(|| log.run(tool("sleep").arg("60")));
            std::thread::sleep(Duration::from_millis(100));
            flag.store(true, Ordering::SeqCst);
            running.join().unwrap().unwrap_err()
        });
        assert!(error.is::<Stopped>());
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_failing_command_is_named_and_its_output_is_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::create(&folder.path().join("logs/a.log")).unwrap();
        let error = log
            .run(tool("sh").args(["-c", "echo out; echo err >&2; exit 3"]))
            .unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        assert_eq!(
            log.tail(2).lines().collect::<Vec<_>>(),
            ["out", "err"],
            "{}",
            log.tail(9)
        );
        assert!(log.tail(9).starts_with("$ sh -c"));
        log.note("x".repeat(1000));
        assert_eq!(log.tail(1).chars().count(), 401);
    }
}
