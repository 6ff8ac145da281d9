//! The requests: notes of very different lengths, the same for every allocator.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};

use crate::ladder::load::Client;

/// How many notes there are.
pub const NOTES: usize = 256;

/// Connections that ask at once.
pub const CLIENTS: usize = 8;

/// Writes each note once.
pub fn fill(address: SocketAddr) -> Result<()> {
    let mut client = Client::connect(address)?;
    for note in 0..NOTES {
        put(&mut client, note, note)?;
    }
    Ok(())
}

/// Replaces notes in the order that chance gives them, from the request `first` of the series on.
pub fn ask(address: SocketAddr, first: usize, requests: usize) -> Result<()> {
    std::thread::scope(|scope| {
        let threads = (0..CLIENTS).map(|client| {
            let numbers = (first + client..first + requests).step_by(CLIENTS);
            scope.spawn(move || -> Result<()> {
                let mut client = Client::connect(address)?;
                for number in numbers {
                    let seed = NOTES + number;
                    put(&mut client, Chance::new(seed).below(NOTES), seed)?;
                }
                Ok(())
            })
        });
        let threads = threads.collect::<Vec<_>>();
        for thread in threads {
            thread.join().ok().context("a client panicked")??;
        }
        Ok(())
    })
}

/// The shortest and the longest note of a series of requests.
pub fn lengths(requests: usize) -> (usize, usize) {
    let lengths = (0..NOTES + requests).map(|seed| body(seed).len());
    lengths.fold((usize::MAX, 0), |(least, most), length| {
        (least.min(length), most.max(length))
    })
}

fn put(client: &mut Client, note: usize, seed: usize) -> Result<()> {
    let body = body(seed);
    let request = format!(
        "PUT /notes/{note} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = client.ask(request.as_bytes())?;
    ensure!(
        answer.status == 200,
        "note {note}: status {}",
        answer.status
    );
    Ok(())
}

/// A note as JSON: one to 36 lines of up to 197 characters, most of them short.
fn body(seed: usize) -> String {
    let mut chance = Chance::new(seed);
    let lines = 1 + chance.below(8) * chance.below(6);
    let mut text = format!(r#"{{"number":{seed},"lines":["#);
    for line in 0..lines {
        let length = 1 + chance.below(15) * chance.below(15);
        let comma = if line == 0 { "" } else { "," };
        let letter = char::from(b'a' + (length % 26).try_into().unwrap_or(0_u8));
        let _ = write!(text, r#"{comma}"{}""#, letter.to_string().repeat(length));
    }
    text + "]}"
}

/// Numbers that look like chance and are the same in each run: the generator `SplitMix64`
/// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct Chance(u64);

impl Chance {
    fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z % limit as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_json_of_very_different_lengths_and_the_same_in_each_run() {
        let bodies = (0..2000).map(body).collect::<Vec<_>>();
        for body in &bodies {
            let note: serde_json::Value = serde_json::from_str(body).unwrap();
            assert!(!note["lines"].as_array().unwrap().is_empty());
        }
        let (least, most) = lengths(2000);
        assert!(least < 50 && most > 2500, "{least} {most}");
        assert_eq!(bodies[7], body(7));
    }
}
