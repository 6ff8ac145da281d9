//! What the image shrinks by without a part: its streams compressed again, without the part's
//! bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bitcost::Packer;

use super::Error;
use super::content::Stream;
use super::costed::Place;
use super::node::{Draft, Kind, UNIT};
use board::units::Bytes;
use serde::{Deserialize, Serialize};

/// What the image would shrink by without some parts, all at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Without {
    /// What was asked for.
    pub selectors: Vec<String>,
    /// The parts that this selects, by the names that lead to them.
    pub parts: Vec<Vec<String>>,
    /// What they take on the flash.
    pub on_flash: Bytes,
    /// What the image shrinks by without them.
    pub saved: Bytes,
}

/// Measures what the parts that `selectors` name save together.
///
/// A selector is a list of names with ` > ` between them, each with `*` for any text. It selects
/// the parts with the last name below parts with the others: `busybox > networking > wget.o`.
pub(super) fn without(
    root: &Draft,
    streams: &[Stream],
    selectors: &[String],
) -> Result<Without, Error> {
    let mut parts = Vec::new();
    let (mut places, mut stored, mut cost) = (Vec::new(), 0, 0);
    for selector in selectors {
        let names: Vec<&str> = selector.split(" > ").map(str::trim).collect();
        let before = parts.len();
        select(root, &names, &mut Vec::new(), &mut |path, draft| {
            parts.push(path.iter().map(|name| (*name).to_owned()).collect());
            cost += draft.cost;
            let here = draft.places();
            // What the flash holds as it is goes with all its bytes.
            stored += if here.is_empty() { draft.cost } else { 0 };
            places.extend(here);
        });
        if parts.len() == before {
            return Err(Error::NoSuchPart(selector.clone()));
        }
    }
    let together = Candidate {
        path: Vec::new(),
        cost,
        places,
    };
    let packers = packers(std::slice::from_ref(&together), streams);
    let saved = together
        .saved(streams, &packers)
        .ok_or_else(|| Error::NotPacked(selectors.join(", ")))?;
    Ok(Without {
        selectors: selectors.to_vec(),
        parts,
        on_flash: Bytes(cost.div_ceil(UNIT)),
        saved: Bytes(saved + stored / UNIT),
    })
}

/// Calls `found` with the outermost parts that have the names.
fn select<'a>(
    draft: &'a Draft,
    names: &[&str],
    path: &mut Vec<&'a str>,
    found: &mut impl FnMut(&[&'a str], &'a Draft),
) {
    for child in &draft.children {
        path.push(&child.node.name);
        let rest = match names {
            [name, rest @ ..] if is_like(name, &child.node.name) => rest,
            all => all,
        };
        match rest {
            [] => found(path, child),
            rest => select(child, rest, path, found),
        }
        path.pop();
    }
}

/// Whether a name is as a pattern says, in which `*` stands for any text.
fn is_like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| is_like(rest, &name[at..]))
        }),
    }
}

/// Measures the largest parts below `root` for which the streams' uncompressed sizes add up to at
/// most `budget` bytes.
pub(super) fn measure(root: &mut Draft, streams: &[Stream], budget: u64) {
    let mut candidates = Vec::new();
    collect(root, &mut Vec::new(), &mut candidates);
    candidates.sort_by(|a, b| b.cost.cmp(&a.cost).then_with(|| a.path.cmp(&b.path)));
    let mut left = budget;
    candidates.retain(|candidate| {
        let work = candidate.work(streams);
        let affordable = work <= left;
        left -= if affordable { work } else { 0 };
        affordable
    });
    let packers = packers(&candidates, streams);
    let sizes = super::parallel(&candidates, |candidate| candidate.saved(streams, &packers));
    for (candidate, saved) in candidates.iter().zip(sizes) {
        if let Some(saved) = saved {
            let draft = candidate
                .path
                .iter()
                .fold(&mut *root, |draft, at| &mut draft.children[*at]);
            draft.node.if_removed = Some(Bytes(saved));
        }
    }
}

/// How the streams were compressed that the candidates have a part of, but not all.
fn packers(candidates: &[Candidate], streams: &[Stream]) -> BTreeMap<usize, Packer> {
    let partial = candidates
        .iter()
        .flat_map(|candidate| candidate.partial(streams));
    let needed: Vec<usize> = partial.collect::<BTreeSet<_>>().into_iter().collect();
    let packers = super::parallel(&needed, |stream| {
        let Stream { codec, packed, raw } = &streams[*stream];
        Some((*stream, Packer::like(*codec, packed, raw).ok()?))
    });
    packers.into_iter().flatten().collect()
}

/// A part that may be measured.
struct Candidate {
    /// The indices that lead to it.
    path: Vec<usize>,
    cost: u64,
    places: Vec<Place>,
}

/// What can be left out of a system at once.
const REMOVABLE: [Kind; 7] = [
    Kind::Package,
    Kind::Folder,
    Kind::File,
    Kind::Crate,
    Kind::Library,
    Kind::Object,
    Kind::Function,
];

fn collect(draft: &Draft, path: &mut Vec<usize>, all: &mut Vec<Candidate>) {
    if REMOVABLE.contains(&draft.node.kind) && draft.cost > 0 {
        let places = draft.places();
        if !places.is_empty() {
            all.push(Candidate {
                path: path.clone(),
                cost: draft.cost,
                places,
            });
        }
    }
    for (at, child) in draft.children.iter().enumerate() {
        path.push(at);
        collect(child, path, all);
        path.pop();
    }
}

impl Candidate {
    /// The streams that it has a part of, but not all.
    fn partial(&self, streams: &[Stream]) -> Vec<usize> {
        let by_stream = self.by_stream().into_iter();
        let partial = by_stream.filter(|(stream, places)| !is_all(places, &streams[*stream]));
        partial.map(|(stream, _)| stream).collect()
    }

    /// The bytes to compress: all of each such stream.
    fn work(&self, streams: &[Stream]) -> u64 {
        let partial = self.partial(streams).into_iter();
        partial.map(|stream| streams[stream].raw.len() as u64).sum()
    }

    fn by_stream(&self) -> BTreeMap<usize, Vec<&Place>> {
        let mut by_stream: BTreeMap<usize, Vec<&Place>> = BTreeMap::new();
        for place in &self.places {
            by_stream.entry(place.stream).or_default().push(place);
        }
        for places in by_stream.values_mut() {
            places.sort_by_key(|place| place.offset);
        }
        by_stream
    }

    /// The bytes that its streams shrink by; none if one of them could not be compressed again.
    fn saved(&self, streams: &[Stream], packers: &BTreeMap<usize, Packer>) -> Option<u64> {
        let mut saved = 0;
        for (stream, places) in self.by_stream() {
            // A packer's size of the whole content is the stream's own.
            let whole = streams[stream].packed.len() as u64;
            saved += if is_all(&places, &streams[stream]) {
                whole
            } else {
                let ranges = places
                    .iter()
                    .map(|place| place.offset..place.offset + place.length);
                let ranges: Vec<Range<usize>> = ranges.collect();
                whole.saturating_sub(packers.get(&stream)?.size_without(&ranges).ok()?)
            };
        }
        Some(saved)
    }
}

/// Whether these places are all that a stream unpacks to.
fn is_all(places: &[&Place], stream: &Stream) -> bool {
    places.iter().map(|place| place.length).sum::<usize>() >= stream.raw.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(is_like("wget.o", "wget.o"));
        assert!(is_like("*wget*", "xwget.o"));
        assert!(is_like("a*b*c", "a..b..b..c"));
        assert!(is_like("*", ""));
        assert!(!is_like("wget", "wget.o"));
        assert!(!is_like("a*b", "a..c"));
        assert!(is_like("*\u{e9}", "caf\u{e9}"));
    }
}
