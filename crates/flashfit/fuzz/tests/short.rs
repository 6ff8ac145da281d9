//! The short run: every seed, and a few thousand changed ones, the same in each run.

use std::fs;
use std::path::Path;

/// Changed inputs for each target.
const ROUNDS: u64 = 4000;

/// Numbers that are the same in each run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(number % (bound.max(1) as u64)).expect("below a usize")
    }

    /// A seed with a few changes: bits, bytes of meaning, pieces gone, pieces of another seed.
    fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = b"\0\xff0\n\"{}=,-"[self.below(10)],
                2 => bytes.truncate(at),
                3 => {
                    let until = at + self.below(bytes.len() - at + 1);
                    bytes.drain(at..until);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len());
                    let until = from + self.below(other.len() - from + 1).min(64);
                    bytes.splice(at..at, other[from..until].iter().copied());
                }
            }
        }
        bytes
    }
}

fn run(target: &str, read: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let entries = fs::read_dir(folder).expect("seeds");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a seed").path()).collect();
    paths.sort();
    let seeds: Vec<_> = paths
        .iter()
        .map(|path| fs::read(path).expect("a seed"))
        .collect();
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| read(seed));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..ROUNDS {
        read(&dice.changed(&seeds));
    }
}

#[test]
fn board_toml() {
    run("board", flashfit_fuzz::board);
}

#[test]
fn maps_of_others() {
    run("import", flashfit_fuzz::import);
}

#[test]
fn images() {
    run("image", flashfit_fuzz::image);
}

#[test]
fn parts_of_images() {
    run("parts", flashfit_fuzz::parts);
}
