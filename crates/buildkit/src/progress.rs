//! What is going on, for people: a live list on a terminal, plain lines in a pipe.

use std::io::IsTerminal;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How often a pipe is told that work is still going on: CI systems end a job that is
/// silent for minutes.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The steps of a build, shown on standard error.
pub struct Progress {
    total: usize,
    shared: Arc<Shared>,
    heartbeat: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    bars: Option<MultiProgress>,
    running: Mutex<Running>,
    ended: Condvar,
}

#[derive(Default)]
struct Running {
    steps: Vec<(usize, String, Instant)>,
    ended: bool,
}

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The work was done.
    Built,
    /// It was in the cache.
    Cached,
    /// It failed.
    Failed,
    /// It was ended, because another step failed or by a signal.
    Stopped,
}

impl Outcome {
    /// What is done, or was found in the cache.
    pub fn of(cached: bool) -> Self {
        if cached { Self::Cached } else { Self::Built }
    }
}

/// A step that goes on, as it is shown.
pub struct Shown<'a> {
    progress: &'a Progress,
    number: usize,
    name: String,
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A display of `total` steps.
    pub fn new(total: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let shared = Arc::new(Shared {
            bars: terminal.then(MultiProgress::new),
            running: Mutex::default(),
            ended: Condvar::new(),
        });
        let heartbeat = (!terminal).then(|| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.beat())
        });
        Self {
            total,
            shared,
            heartbeat,
        }
    }

    /// Shows that a step begins; `number` counts from 1.
    pub fn start(&self, number: usize, name: impl Into<String>) -> Shown<'_> {
        let name = name.into();
        let bar = self.shared.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{prefix} {msg:<12} {spinner} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_prefix(self.label(number));
            bar.set_message(name.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            eprintln!("{} {name} …", self.label(number));
        }
        let since = Instant::now();
        self.shared.lock().steps.push((number, name.clone(), since));
        Shown {
            progress: self,
            number,
            name,
            since,
            bar,
        }
    }

    /// Tells people something, without disturbing the live list.
    pub fn note(&self, text: &str) {
        match &self.shared.bars {
            // When the terminal is gone there is nobody to tell.
            Some(bars) => drop(bars.println(text)),
            None => eprintln!("{text}"),
        }
    }

    fn label(&self, number: usize) -> String {
        let width = self.total.to_string().len();
        format!("[{number:>width$}/{}]", self.total)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.heartbeat.take() {
            // A panic of the heartbeat harms nobody.
            let _ = thread.join();
        }
    }
}

impl Shown<'_> {
    /// Shows how the step ended and how long it took.
    pub fn finish(self, outcome: Outcome) {
        let Self {
            progress,
            number,
            name,
            ..
        } = self;
        let mut running = progress.shared.lock();
        running.steps.retain(|(step, ..)| *step != number);
        drop(running);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let took = duration(self.since.elapsed());
        let word = match outcome {
            Outcome::Built => took,
            Outcome::Cached => format!("{took} (cached)"),
            Outcome::Failed => format!("failed after {took}"),
            Outcome::Stopped => format!("stopped after {took}"),
        };
        progress.note(&format!("{} {name:<12} {word}", progress.label(number)));
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat(&self) {
        let mut running = self.lock();
        while !running.ended {
            let (guard, wait) = self
                .ended
                .wait_timeout(running, HEARTBEAT)
                .unwrap_or_else(PoisonError::into_inner);
            running = guard;
            if wait.timed_out() && !running.steps.is_empty() {
                let steps = running
                    .steps
                    .iter()
                    .map(|(_, name, since)| format!("{name} {}", duration(since.elapsed())))
                    .collect::<Vec<_>>();
                eprintln!("      still running: {}", steps.join(", "));
            }
        }
    }
}

/// A duration as people say it.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_people_say_them() {
        assert_eq!(duration(Duration::from_millis(340)), "0.3 s");
        assert_eq!(duration(Duration::from_secs(42)), "42 s");
        assert_eq!(duration(Duration::from_secs(192)), "3 min 12 s");
    }
}
