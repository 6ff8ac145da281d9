//! How programs run: start, memory, and requests in turns with the baseline.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::load::requests;
use super::record::Runtime;
use super::serve::{Launch, Server};

/// Starts of which the shortest is taken: what else the machine does can only add to it.
const STARTS: usize = 9;

/// How often the baseline and the program are asked in turns, and for how long each time. Both
/// run on a machine that does other things: short turns meet the same disturbance.
const TURNS: usize = 15;
const TURN: Duration = Duration::from_millis(200);

/// Connections that ask. More than the one thread that answers, so that it never waits.
const CLIENTS: usize = 4;

/// Measures programs against a baseline, and remembers what was measured: a run that was
/// interrupted goes on where it was.
pub struct Stopwatch {
    baseline: Launch,
    /// The baseline's hash, for the names of the results.
    identity: String,
    results: PathBuf,
    /// What was measured before does not count.
    again: bool,
}

impl Stopwatch {
    /// A stopwatch that keeps its results in a folder; `again` forgets those that are there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(baseline: Launch, identity: &str, results: PathBuf, again: bool) -> Result<Self> {
        fs::create_dir_all(&results)?;
        Ok(Self {
            baseline,
            identity: identity.to_owned(),
            results,
            again,
        })
    }

    /// Measures a program; `identity` is its hash.
    ///
    /// # Errors
    /// When it or the baseline does not answer.
    pub fn measure(&self, launch: &Launch, identity: &str) -> Result<(Runtime, bool)> {
        let name = format!("{:.16}-{:.16}.json", identity, self.identity);
        let path = self.results.join(name);
        if !self.again
            && let Ok(text) = fs::read_to_string(&path)
            && let Ok(known) = serde_json::from_str(&text)
        {
            return Ok((known, true));
        }
        let runtime = self.run(launch)?;
        fs::write(path, serde_json::to_string(&runtime)?)?;
        Ok((runtime, false))
    }

    fn run(&self, launch: &Launch) -> Result<Runtime> {
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            starts.push(launch.start()?.started_in);
        }
        let start = starts.into_iter().min().unwrap_or_default();
        let baseline = self.baseline.start()?;
        let server = launch.start()?;
        let (mut theirs, mut ours) = (Work::default(), Work::default());
        for _ in 0..TURNS {
            theirs.add(&baseline)?;
            ours.add(&server)?;
        }
        let memory = server.memory()?;
        let ratio = ours
            .rate()
            .zip(theirs.rate())
            .map(|(ours, theirs)| ours / theirs);
        Ok(Runtime {
            start_ms: rounded(start.as_secs_f64() * 1000.0, 10.0),
            anonymous_kib: memory.anonymous,
            resident_kib: memory.total,
            requests_ratio: ratio.map(|ratio| rounded(ratio, 1000.0)),
        })
    }
}

/// What a server did, and what it took of the processors.
#[derive(Default)]
struct Work {
    requests: f64,
    seconds: f64,
    /// It starts processes of which nothing is known when they are gone.
    uncounted: bool,
}

impl Work {
    fn add(&mut self, server: &Server) -> Result<()> {
        let before = server.processor_seconds()?;
        self.requests += requests(server.address, CLIENTS, TURN)?;
        let after = server.processor_seconds()?;
        match before.zip(after) {
            Some((before, after)) => self.seconds += after - before,
            None => self.uncounted = true,
        }
        Ok(())
    }

    fn rate(&self) -> Option<f64> {
        (!self.uncounted && self.seconds > 0.0).then(|| self.requests / self.seconds)
    }
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_all_the_time_that_was_spent() {
        let mut work = Work {
            requests: 500.0,
            seconds: 0.25,
            uncounted: false,
        };
        assert!((work.rate().unwrap() - 2000.0).abs() < 1e-9);
        work.uncounted = true;
        assert_eq!(work.rate(), None);
    }
}
