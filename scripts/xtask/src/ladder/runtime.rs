//! How programs run: start, memory, and requests in turns with the baseline.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::load::requests_per_second;
use super::record::Runtime;
use super::serve::Launch;

/// Starts of which the shortest is taken: what else the machine does can only add to it.
const STARTS: usize = 9;

/// Turns of which the median is taken.
const TURNS: usize = 15;

/// How long each of the two is asked in a turn. Both run on a machine that does other things:
/// short turns meet the same disturbance.
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
        let mut ratios = Vec::new();
        for _ in 0..TURNS {
            let theirs = requests_per_second(baseline.address, CLIENTS, TURN)?;
            let ours = requests_per_second(server.address, CLIENTS, TURN)?;
            ratios.push(ours / theirs);
        }
        let memory = server.memory()?;
        Ok(Runtime {
            start_ms: rounded(start.as_secs_f64() * 1000.0, 10.0),
            anonymous_kib: memory.anonymous,
            resident_kib: memory.total,
            requests_ratio: rounded(median(ratios), 1000.0),
        })
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disturbed_turn_does_not_count() {
        assert!((median(vec![1.0, 0.1, 1.1, 0.9, 40.0]) - 1.0).abs() < 1e-9);
    }
}
