//! Symbols that overlap, made into runs that do not.

use object::elf;

use crate::elf::{Program, Section, Symbol};

/// A run of bytes that one symbol has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub start: u64,
    pub end: u64,
    /// Its place in the program's table.
    pub symbol: usize,
}

/// What the symbols of a section cover.
pub struct Cover {
    /// Symbols with a size: side by side, the inner one where they nest.
    pub sized: Vec<Run>,
    /// Where labels without a size are.
    pub labels: Vec<(u64, usize)>,
}

impl Cover {
    /// `candidates` are the symbols inside the section, in the table's order.
    pub fn of(program: &Program, section: &Section, candidates: &[usize]) -> Self {
        let end = section.address.saturating_add(section.size);
        let mut sized = Vec::new();
        let mut labels = Vec::new();
        for &index in candidates {
            let symbol = &program.symbols[index];
            if symbol.size > 0 {
                sized.push(Run {
                    start: symbol.address,
                    end: symbol.address.saturating_add(symbol.size).min(end),
                    symbol: index,
                });
            } else {
                labels.push((symbol.address, index));
            }
        }
        let rank = |index: usize| rank(&program.symbols[index], index);
        // Of the names of one place the largest counts, then the best known.
        sized.sort_by_key(|run| (run.start, std::cmp::Reverse(run.end), rank(run.symbol)));
        sized.dedup_by_key(|run| run.start);
        labels.sort_by_key(|&(address, index)| (address, rank(index)));
        labels.dedup_by_key(|label| label.0);
        Cover {
            sized: flatten(&sized),
            labels,
        }
    }
}

/// Global names before weak ones before local ones; of two the one without underscores, then the
/// first in the table.
fn rank(symbol: &Symbol, index: usize) -> (u8, usize, usize) {
    let binding = match symbol.binding {
        elf::STB_GLOBAL => 0,
        elf::STB_WEAK => 1,
        _ => 2,
    };
    let name = &symbol.name;
    (
        binding,
        name.len() - name.trim_start_matches('_').len(),
        index,
    )
}

/// Runs sorted by their start, none of two with the same.
fn flatten(sorted: &[Run]) -> Vec<Run> {
    let mut flat: Vec<Run> = Vec::new();
    let mut open: Vec<Run> = Vec::new();
    let mut at = 0;
    let push = |flat: &mut Vec<Run>, start: u64, end: u64, symbol: usize| {
        if start < end {
            flat.push(Run { start, end, symbol });
        }
    };
    for run in sorted {
        while let Some(outer) = open.last().copied() {
            if outer.end > run.start {
                push(&mut flat, at.max(outer.start), run.start, outer.symbol);
                break;
            }
            push(&mut flat, at.max(outer.start), outer.end, outer.symbol);
            at = at.max(outer.end);
            open.pop();
        }
        at = at.max(run.start);
        open.push(*run);
    }
    while let Some(outer) = open.pop() {
        push(&mut flat, at.max(outer.start), outer.end, outer.symbol);
        at = at.max(outer.end);
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_of_two_symbols_counts() {
        let run = |start, end, symbol| Run { start, end, symbol };
        assert_eq!(
            flatten(&[run(0, 10, 0), run(2, 4, 1), run(3, 12, 2), run(20, 22, 3)]),
            [run(0, 2, 0), run(2, 3, 1), run(3, 12, 2), run(20, 22, 3),]
        );
        assert_eq!(
            flatten(&[run(0, 10, 0), run(2, 4, 1)]),
            [run(0, 2, 0), run(2, 4, 1), run(4, 10, 0)]
        );
    }
}
