//! Makes sure that QEMU does not outlive the program that started it.
//!
//! A destructor does not run when a test is killed, when Ctrl-C ends `cargo test`,
//! or for a static at exit. `PR_SET_PDEATHSIG` would do, were it not bound to the
//! *thread* that started the child: a machine that several tests share would die
//! with the test that happened to boot it. So a small shell holds the reading end
//! of a pipe whose writing end is ours: however we end, the kernel closes it.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// First line: QEMU's process id. A second line: all is well, go. End of file before
/// that: the parent is gone, so kill QEMU and remove its files.
const SCRIPT: &str = r#"
if read -r pid; then
    if read -r released; then exit 0; fi
    kill -KILL "$pid"
fi
rm -rf -- "$1"
"#;

/// Kills a process and removes a directory when the program that made it is gone.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Starts the guard of `directory`. It runs before QEMU does, so that no moment
    /// is left in which QEMU is alone.
    pub(crate) fn new(directory: &Path) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A terminal's Ctrl-C goes to its whole foreground group.
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Puts the process `pid` under guard.
    pub(crate) fn watch(&mut self, pid: u32) -> io::Result<()> {
        match &mut self.pipe {
            Some(pipe) => writeln!(pipe, "{pid}"),
            None => Ok(()),
        }
    }

    /// The process has been reaped: its id may soon be another's, so nothing must be
    /// killed any more.
    pub(crate) fn release(&mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            // A guard that is gone already cannot kill anything either.
            let _ = writeln!(pipe, "released");
            drop(pipe);
            let _ = self.shell.wait();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").spawn().expect("sleep")
    }

    #[test]
    fn kills_and_removes_when_the_pipe_closes() {
        let directory = tempfile::tempdir().expect("tempdir").keep();
        std::fs::write(directory.join("flash.bin"), b"x").expect("write");
        let mut child = sleeper();
        let mut guard = Guard::new(&directory).expect("guard");
        guard.watch(child.id()).expect("watch");
        drop(guard.pipe.take());
        assert!(!child.wait().expect("wait").success());
        let deadline = Instant::now() + Duration::from_secs(30);
        while directory.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!directory.exists());
        guard.shell.wait().expect("guard ends");
    }

    #[test]
    fn kills_nothing_once_released() {
        let directory = tempfile::tempdir().expect("tempdir");
        let mut child = sleeper();
        let mut guard = Guard::new(directory.path()).expect("guard");
        guard.watch(child.id()).expect("watch");
        guard.release();
        assert!(child.try_wait().expect("try_wait").is_none());
        assert!(directory.path().exists());
        child.kill().expect("kill");
        child.wait().expect("wait");
    }
}
