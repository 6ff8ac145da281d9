//! How many requests were answered with which status code, and how often clients had to wait.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Every status code this server answers with. What actix-http refuses before it is a request
/// (400 for a malformed one, 408 for a slow one, 431 for one that outgrows its buffer) never
/// reaches the routes and is not counted.
const CODES: [u16; 7] = [200, 304, 404, 405, 411, 413, 431];

/// One counter per status code. They are as wide as a register, since not every target has wider
/// atomics; Prometheus takes a wrapped counter for a restarted one.
#[derive(Debug, Default)]
pub struct Counters {
    answers: [AtomicUsize; CODES.len()],
    waits: AtomicUsize,
}

impl Counters {
    /// Counts one answer. A code that is not in the list is not counted.
    pub fn count(&self, code: u16) {
        for (known, counter) in CODES.iter().zip(&self.answers) {
            if *known == code {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Counts that new connections had to wait.
    pub fn wait(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    /// How often new connections had to wait.
    pub fn waits(&self) -> usize {
        self.waits.load(Ordering::Relaxed)
    }

    /// Each status code with its count.
    pub fn iter(&self) -> impl Iterator<Item = (u16, usize)> {
        let load = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        CODES.into_iter().zip(self.answers.iter().map(load))
    }
}
