//! The tree as columns: the names once, and a list of numbers for each field, parents first.
//!
//! Ten thousand functions take a tenth of the bytes that they take as JSON objects.

use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use crate::check;
use crate::diff::{Change, Diff, Noise};
use crate::report::{Flash, Kind, Method, Node, Report};
use board::units::Bytes;

/// What the page's program reads.
#[derive(Debug, Serialize)]
pub(super) struct Columns<'a> {
    name: &'a str,
    revision: Option<&'a str>,
    flash: Option<Flash>,
    check: Option<&'a check::Report>,
    warnings: &'a [String],
    /// What the image consists of in the order of the flash, erased space included.
    map: Vec<(&'a str, Bytes)>,
    /// The earlier report, if this is a comparison.
    before: Option<Before<'a>>,
    kinds: Vec<Kind>,
    methods: Vec<Method>,
    strings: Vec<&'a str>,
    nodes: Nodes,
}

#[derive(Debug, Serialize)]
struct Before<'a> {
    name: &'a str,
    revision: Option<&'a str>,
}

/// One entry for each node. `-1` stands for what is not known. What few nodes have are pairs of a
/// node's number and a value.
#[derive(Debug, Default, Serialize)]
struct Nodes {
    name: Vec<usize>,
    kind: Vec<usize>,
    method: Vec<usize>,
    children: Vec<usize>,
    on_flash: Vec<i64>,
    raw: Vec<i64>,
    /// What it took in the earlier report; empty without one.
    was: Vec<i64>,
    section: Vec<i64>,
    if_removed: Vec<(usize, i64)>,
    package: Vec<(usize, usize)>,
    note: Vec<(usize, usize)>,
    same_as: Vec<(usize, Vec<usize>)>,
    /// The nodes that only the earlier report has.
    gone: Vec<usize>,
    /// The nodes whose change means nothing, and why.
    noise: Vec<(usize, usize)>,
}

/// Numbers things in the order of their first use.
struct Numbers<T> {
    all: Vec<T>,
    known: HashMap<T, usize>,
}

impl<T: Copy + Eq + Hash> Numbers<T> {
    fn new() -> Self {
        Self {
            all: Vec::new(),
            known: HashMap::new(),
        }
    }

    fn of(&mut self, thing: T) -> usize {
        *self.known.entry(thing).or_insert_with(|| {
            self.all.push(thing);
            self.all.len() - 1
        })
    }
}

impl<'a> Columns<'a> {
    /// The columns of a report; with a comparison, those of the changes from `before`.
    pub(super) fn new(report: &'a Report, compared: Option<(&'a Report, &'a Diff)>) -> Self {
        let mut writer = Writer {
            nodes: Nodes::default(),
            strings: Numbers::new(),
            kinds: Numbers::new(),
            methods: Numbers::new(),
        };
        match compared {
            Some((_, diff)) => writer.change(&diff.root),
            None => writer.node(&report.root),
        }
        let parts = report.root.children.iter();
        Self {
            name: &report.name,
            revision: report.revision.as_deref(),
            flash: report.flash,
            check: report.check.as_ref(),
            warnings: &report.warnings,
            map: parts
                .map(|part| (part.name.as_str(), part.on_flash))
                .collect(),
            before: compared.map(|(before, _)| Before {
                name: &before.name,
                revision: before.revision.as_deref(),
            }),
            kinds: writer.kinds.all,
            methods: writer.methods.all,
            strings: writer.strings.all,
            nodes: writer.nodes,
        }
    }
}

struct Writer<'a> {
    nodes: Nodes,
    strings: Numbers<&'a str>,
    kinds: Numbers<Kind>,
    methods: Numbers<Method>,
}

impl<'a> Writer<'a> {
    fn node(&mut self, node: &'a Node) {
        let at = self.common(&node.name, node.kind, node.method, node.children.len());
        self.nodes.on_flash.push(number(Some(node.on_flash)));
        self.nodes.raw.push(number(node.raw));
        let section = node.section.as_deref().map(|text| self.strings.of(text));
        self.nodes
            .section
            .push(section.map_or(-1, |text| text as i64));
        self.text(at, node.package.as_deref(), |nodes| &mut nodes.package);
        self.text(at, node.note.as_deref(), |nodes| &mut nodes.note);
        self.same_as(at, node.same_as.as_deref());
        if node.if_removed.is_some() {
            self.nodes.if_removed.push((at, number(node.if_removed)));
        }
        node.children.iter().for_each(|child| self.node(child));
    }

    fn change(&mut self, change: &'a Change) {
        let at = self.common(
            &change.name,
            change.kind,
            change.method,
            change.children.len(),
        );
        let after = change.after.map_or(Bytes(0), |sizes| sizes.on_flash);
        let shown = change.after.or(change.before);
        self.nodes.on_flash.push(number(Some(after)));
        self.nodes
            .raw
            .push(number(shown.and_then(|sizes| sizes.raw)));
        self.nodes.section.push(-1);
        let was = change.before.map(|sizes| sizes.on_flash);
        self.nodes.was.push(number(was));
        self.text(at, change.package.as_deref(), |nodes| &mut nodes.package);
        self.text(at, change.was.as_deref(), |nodes| &mut nodes.note);
        let noise = change.noise.map(Noise::reason);
        self.text(at, noise, |nodes| &mut nodes.noise);
        self.same_as(at, change.copy_of.as_deref());
        if change.after.is_none() {
            self.nodes.gone.push(at);
        }
        change.children.iter().for_each(|child| self.change(child));
    }

    fn common(&mut self, name: &'a str, kind: Kind, method: Method, children: usize) -> usize {
        self.nodes.name.push(self.strings.of(name));
        self.nodes.kind.push(self.kinds.of(kind));
        self.nodes.method.push(self.methods.of(method));
        self.nodes.children.push(children);
        self.nodes.name.len() - 1
    }

    fn text(
        &mut self,
        at: usize,
        text: Option<&'a str>,
        column: impl Fn(&mut Nodes) -> &mut Vec<(usize, usize)>,
    ) {
        if let Some(text) = text {
            let text = self.strings.of(text);
            column(&mut self.nodes).push((at, text));
        }
    }

    fn same_as(&mut self, at: usize, path: Option<&'a [String]>) {
        if let Some(path) = path {
            let path = path.iter().map(|name| self.strings.of(name)).collect();
            self.nodes.same_as.push((at, path));
        }
    }
}

/// No file and no chip is larger than 2^53 bytes, up to which JavaScript's numbers are exact.
fn number(bytes: Option<Bytes>) -> i64 {
    bytes.map_or(-1, |bytes| i64::try_from(bytes.get()).unwrap_or(-1))
}
