//! The steps of a build: a log for each, and what is said when one fails.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Error, Result};

use crate::command::{Log, Stopped};
use crate::progress::{Outcome, Progress};

/// How much of a failed step's log is shown.
const TAIL: usize = 30;

/// A build's steps.
pub struct Steps {
    progress: Progress,
    logs: PathBuf,
    started: AtomicUsize,
    /// Set when one failed: there is no point in going on with the others.
    cancelled: Arc<AtomicBool>,
}

/// A step that failed, with the end of its log.
#[derive(Debug)]
struct Failed {
    step: &'static str,
    log: PathBuf,
    tail: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.tail.lines() {
            writeln!(f, "  | {line}")?;
        }
        write!(
            f,
            "the step {} failed; its log is {}",
            self.step,
            self.log.display()
        )
    }
}

impl Steps {
    /// Steps whose logs go into the folder `logs`.
    pub fn new(total: usize, logs: &Path) -> Self {
        Self {
            progress: Progress::new(total),
            logs: logs.to_owned(),
            started: AtomicUsize::new(0),
            cancelled: Arc::default(),
        }
    }

    /// Makes signals that end a program end the children first: a make that lives on would
    /// keep all cores busy, and write into a folder that the next build removes. A second
    /// signal ends the program at once.
    pub fn stop_on_signals(&self) -> Result<()> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            let flag = || Arc::clone(&self.cancelled);
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, flag())?;
            signal_hook::flag::register(signal, flag())?;
        }
        Ok(())
    }

    /// Where the logs are.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// Tells people something.
    pub fn note(&self, text: &str) {
        self.progress.note(text);
    }

    /// Runs a step. What it returns is its result, and whether that came from the cache.
    pub fn run<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Log) -> Result<(T, bool)>,
    ) -> Result<T> {
        let number = self.started.fetch_add(1, Ordering::SeqCst) + 1;
        let path = self.logs.join(format!("{name}.log"));
        let log = Log::cancelled_by(&path, Arc::clone(&self.cancelled))?;
        let shown = self.progress.start(number, name);
        match work(&log) {
            Ok((value, cached)) => {
                shown.finish(Outcome::of(cached));
                Ok(value)
            }
            Err(error) => {
                log.note(format!("{error:#}"));
                if stopped(&error) {
                    shown.finish(Outcome::Stopped);
                    return Err(error);
                }
                shown.finish(Outcome::Failed);
                self.cancelled.store(true, Ordering::SeqCst);
                Err(error.context(Failed {
                    step: name,
                    log: log.path().to_owned(),
                    tail: log.tail(TAIL),
                }))
            }
        }
    }
}

/// The results of two branches of a build that ran side by side; when both failed, the
/// failure that was not merely a consequence of the other.
pub fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(if stopped(&one) { other } else { one }),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

fn stopped(error: &Error) -> bool {
    error.is::<Stopped>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tool;

    #[test]
    fn a_failed_step_shows_the_end_of_its_log_and_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let steps = Steps::new(1, folder.path());
        let error = steps
            .run("kernel", |log| -> Result<((), bool)> {
                log.run(tool("sh").args(["-c", "seq 1 100; echo no rule to make it; exit 2"]))?;
                Ok(((), false))
            })
            .unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("no rule to make it"), "{text}");
        assert!(
            text.contains("kernel.log") && !text.contains("| 50\n"),
            "{text}"
        );
    }

    #[test]
    fn the_cause_is_told_and_not_its_consequence() {
        let consequence = || -> Result<()> { Err(Stopped.into()) };
        let cause = || -> Result<()> { Err(anyhow::anyhow!("the cause")) };
        for both in [both(consequence(), cause()), both(cause(), consequence())] {
            assert_eq!(both.unwrap_err().to_string(), "the cause");
        }
    }
}
