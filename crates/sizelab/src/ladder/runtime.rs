//! How programs run: start, memory, and requests in turns with the baseline.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::load::requests;
use super::record::Runtime;
use super::serve::{Launch, Server};
use crate::figures::{quantile, rounded, sorted};

/// Rises when results of before are not to stand beside new ones.
const METHOD: u32 = 3;

/// How often the program is started, and it and the baseline are asked in turns, and for how long
/// each time. Both run on a machine that does other things: short turns meet the same disturbance,
/// many of them meet a quiet moment, and what only some meet does not move the median.
const TURNS: usize = 31;
const TURN: Duration = Duration::from_millis(120);

/// Connections that ask. With several, how many requests a server finds when it is woken depends
/// on what else the machine does, and with that what each costs it; with one it always is one.
const CLIENTS: usize = 1;

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
    pub fn measure(&self, launch: &Launch, identity: &str) -> Result<(Runtime, bool)> {
        let name = format!("{:.16}-{:.16}.{METHOD}.json", identity, self.identity);
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
        let baseline = self.baseline.start()?;
        let server = launch.start()?;
        let mut starts = vec![server.started_in];
        let mut ratios = Some(Vec::new());
        let mut clock = Vec::new();
        for turn in 0..TURNS {
            starts.push(launch.start()?.started_in);
            // Who is asked first changes, so that neither always follows the start.
            let (theirs, ours) = match turn % 2 {
                0 => (ask(&baseline)?, ask(&server)?),
                _ => {
                    let ours = ask(&server)?;
                    (ask(&baseline)?, ours)
                }
            };
            clock.push(ours.answered / theirs.answered);
            ratios = ratios
                .zip(theirs.rate.zip(ours.rate))
                .map(|(mut all, (theirs, ours))| {
                    all.push(ours / theirs);
                    all
                });
        }
        let memory = server.memory()?;
        let ratios = ratios.map(sorted);
        let at = |part: f64| {
            let ratios = ratios.as_ref()?;
            Some(rounded(quantile(ratios, part)?, 1000.0))
        };
        let start = starts.into_iter().min().unwrap_or_default();
        Ok(Runtime {
            start_ms: rounded(start.as_secs_f64() * 1000.0, 10.0),
            anonymous_kib: memory.anonymous,
            resident_kib: memory.total,
            requests_ratio: at(0.5),
            requests_quartiles: at(0.25).zip(at(0.75)),
            clock_ratio: quantile(&sorted(clock), 0.5).map(|ratio| rounded(ratio, 1000.0)),
        })
    }
}

/// What came of one turn.
struct Turn {
    answered: f64,
    /// Those in a second of the server's processor time; none where it starts processes of which
    /// nothing is known when they are gone.
    rate: Option<f64>,
}

fn ask(server: &Server) -> Result<Turn> {
    let before = server.processor_seconds()?;
    let answered = requests(server.address, CLIENTS, TURN)?;
    let after = server.processor_seconds()?;
    let spent = before.zip(after).map(|(before, after)| after - before);
    Ok(Turn {
        answered,
        rate: spent
            .filter(|spent| *spent > 0.0)
            .map(|spent| answered / spent),
    })
}
