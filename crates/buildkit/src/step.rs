//! The steps of a build: a log for each, and what is said when one fails.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Error, Result, anyhow};

use crate::command::{Log, Stopped};
use crate::made::Made;
use crate::progress::{Outcome, Progress};

/// How much of a failed step's log is shown.
const TAIL: usize = 30;

/// A build's steps.
pub struct Steps {
    names: &'static [&'static str],
    progress: Progress,
    logs: PathBuf,
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
            "step {} failed; its log is {}",
            self.step,
            self.log.display()
        )
    }
}

impl Steps {
    /// The steps of these names, whose logs go into the folder `logs`.
    pub fn new(names: &'static [&'static str], logs: &Path) -> Self {
        Self {
            names,
            progress: Progress::new(names.len()),
            logs: logs.to_owned(),
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

    /// Runs one of the steps, and gives what it made. When it fails, its error has the end of its
    /// log, and all other steps are made to end.
    pub fn run<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Log) -> Result<Made<T>>,
    ) -> Result<T> {
        let at = self.names.iter().position(|known| *known == name);
        let number = at.with_context(|| format!("{name:?} is not one of {:?}", self.names))? + 1;
        let path = self.logs.join(format!("{name}.log"));
        let log = Log::cancelled_by(&path, Arc::clone(&self.cancelled))?;
        let shown = self.progress.start(number, name);
        match work(&log) {
            Ok(made) => {
                shown.finish(Outcome::of(made.cached));
                Ok(made.value)
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

/// Runs two branches of a build side by side. When both fail, the failure is the one that was not
/// merely a consequence of the other, and of two of those the first branch's.
pub fn side_by_side<A, B: Send>(
    one: impl FnOnce() -> Result<A>,
    other: impl FnOnce() -> Result<B> + Send,
) -> Result<(A, B)> {
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        let other = other.join();
        (
            one,
            other.unwrap_or_else(|_| Err(anyhow!("a thread panicked"))),
        )
    });
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
        let steps = Steps::new(&["kernel"], folder.path());
        let error = steps
            .run("kernel", |log| {
                log.run(tool("sh").args(["-c", "seq 1 100; echo no rule to make it; exit 2"]))
                    .map(Made::new)
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
        for both in [
            side_by_side(consequence, cause),
            side_by_side(cause, consequence),
        ] {
            assert_eq!(both.unwrap_err().to_string(), "the cause");
        }
    }

    #[test]
    fn a_step_has_its_place_in_the_list_and_what_is_not_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let steps = Steps::new(&["one", "two"], folder.path());
        assert_eq!(steps.run("two", |_| Ok(Made::found(2))).unwrap(), 2);
        assert_eq!(steps.run("one", |_| Ok(Made::new(1))).unwrap(), 1);
        assert!(steps.run("three", |_| Ok(Made::new(3))).is_err());
    }
}
