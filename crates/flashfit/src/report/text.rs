//! A report for a terminal: the tree, and the largest parts.

use std::cmp::Reverse;

use anstyle::Style;

use super::{Kind, Node, Report};
use crate::table::{FAINT, HEADING, Line, aligned};
use board::units::Bytes;

/// The columns of figures and the spaces before them.
const FIGURES: usize = 46;
/// The bar of a share and the spaces before it, where the terminal is wide enough.
const BAR: usize = 18;
/// Below this, a name says too little: the terminal wraps the lines instead.
const SHORTEST_NAME: usize = 24;

/// What of a report is printed, and how wide.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The levels below the chip.
    pub depth: usize,
    /// Parts below this are summed up in one line.
    pub least: Bytes,
    /// The columns of the terminal.
    pub width: usize,
}

/// The tree, the largest parts first, with the terminal's colours in it; print it through
/// `anstream`. Erased flash is left out: a part is as large as what it uses.
#[must_use]
pub fn tree(report: &Report, view: &View) -> String {
    let mut printer = Printer::new(view.width, used(&report.root));
    printer.heading("part");
    printer.line(&report.name, &report.root, HEADING);
    printer.children(&report.root, "", view, view.depth);
    printer.finish()
}

/// The largest parts: those of a kind or, without one, those that have no parts themselves. Copies
/// count once.
#[must_use]
pub fn top(report: &Report, count: usize, kind: Option<Kind>, width: usize) -> String {
    let mut found = Vec::new();
    report.root.walk(&mut |path, node| {
        let is_wanted = match kind {
            Some(kind) => node.kind == kind,
            None => node.children.is_empty(),
        };
        if is_wanted && node.same_as.is_none() && used(node) > 0 {
            found.push((node, path.join(" › ")));
        }
    });
    found.sort_by_key(|(node, _)| Reverse(used(node)));
    let rest = found.split_off(count.min(found.len()));
    let mut printer = Printer::new(width, used(&report.root));
    printer.heading("part");
    for (node, path) in &found {
        // The end of a path says more than its beginning, which many share.
        let path = end(&printable(path), printer.name_width);
        printer.line(&path, node, Style::new());
    }
    let rest: Vec<&Node> = rest.iter().map(|(node, _)| *node).collect();
    printer.rest("", &rest);
    printer.finish()
}

/// What is small enough in this report to be summed up: one part in 200.
#[must_use]
pub fn least(report: &Report) -> Bytes {
    Bytes(used(&report.root) / 200)
}

/// The bytes of a node that are not erased.
fn used(node: &Node) -> u64 {
    let erased: u64 = match node.kind {
        Kind::Free => node.on_flash.get(),
        _ => node
            .children
            .iter()
            .map(|child| child.on_flash.get() - used(child))
            .sum(),
    };
    node.on_flash.get().saturating_sub(erased)
}

/// The node and those below it that are alone in what they are in: a partition, its image, its
/// file system.
fn chain(node: &Node) -> Vec<&Node> {
    let mut chain = vec![node];
    let mut last = node;
    loop {
        let mut parts = last.children.iter().filter(|part| used(part) > 0);
        match (parts.next(), parts.next()) {
            (Some(only), None) if !only.children.is_empty() || only.same_as.is_some() => {
                last = only;
            }
            _ => return chain,
        }
        chain.push(last);
    }
}

/// A name from an image may try to move the cursor or to turn the text around it.
fn printable(name: &str) -> String {
    let is_turning = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.replace(|c: char| c.is_control() || is_turning(c), "\u{fffd}")
}

/// The text, or its beginning if it is longer.
fn beginning(text: &str, length: usize) -> String {
    match text.chars().count() <= length {
        true => text.to_owned(),
        false => text
            .chars()
            .take(length.saturating_sub(1))
            .chain(['…'])
            .collect(),
    }
}

/// The text, or its end if it is longer.
fn end(text: &str, length: usize) -> String {
    let left_out = text
        .chars()
        .count()
        .saturating_sub(length.saturating_sub(1));
    match left_out {
        0 | 1 => text.to_owned(),
        _ => ['…']
            .into_iter()
            .chain(text.chars().skip(left_out))
            .collect(),
    }
}

struct Printer {
    lines: Vec<Line>,
    whole: u64,
    name_width: usize,
    with_bar: bool,
}

impl Printer {
    fn new(width: usize, whole: u64) -> Printer {
        let with_bar = width >= SHORTEST_NAME + FIGURES + BAR + 12;
        let taken = FIGURES + if with_bar { BAR } else { 0 };
        Printer {
            lines: Vec::new(),
            whole,
            name_width: width.saturating_sub(taken).max(SHORTEST_NAME),
            with_bar,
        }
    }

    fn heading(&mut self, first: &str) {
        let mut cells = vec![first, "on flash", "share", "raw", "if removed"];
        if self.with_bar {
            cells.push("");
        }
        self.lines.push(Line::new(
            HEADING,
            cells.into_iter().map(str::to_owned).collect(),
        ));
    }

    fn line(&mut self, name: &str, node: &Node, style: Style) {
        let figure = |bytes: Option<Bytes>| bytes.map_or("-".to_owned(), |bytes| bytes.to_string());
        let figures = [figure(node.raw), figure(node.if_removed)];
        self.row(&printable(name), used(node), figures, style);
    }

    fn row(&mut self, name: &str, bytes: u64, figures: [String; 2], style: Style) {
        let share = bytes as f64 / self.whole.max(1) as f64;
        let mut cells = vec![
            beginning(name, self.name_width),
            Bytes(bytes).to_string(),
            format!("{:.1} %", share * 100.0),
        ];
        cells.extend(figures);
        if self.with_bar {
            cells.push(bar(share));
        }
        self.lines.push(Line::new(style, cells));
    }

    fn rest(&mut self, indent: &str, nodes: &[&Node]) {
        if !nodes.is_empty() {
            let sum = nodes.iter().map(|node| used(node)).sum();
            let figures = [String::new(), String::new()];
            self.row(
                &format!("{indent}{} smaller", Bytes(nodes.len() as u64)),
                sum,
                figures,
                FAINT,
            );
        }
    }

    fn children(&mut self, node: &Node, indent: &str, view: &View, depth: usize) {
        if depth == 0 {
            return;
        }
        let mut children: Vec<&Node> = node
            .children
            .iter()
            .filter(|child| used(child) > 0)
            .collect();
        children.sort_by_key(|child| Reverse(used(child)));
        let listed = children.partition_point(|child| used(child) >= view.least.get());
        let (listed, rest) = children.split_at(listed);
        for (at, child) in listed.iter().enumerate() {
            let is_last = at + 1 == listed.len() && rest.is_empty();
            let branch = if is_last { "└ " } else { "├ " };
            let chain = chain(child);
            let same = match &chain[chain.len() - 1].same_as {
                Some(path) => format!(" = {}", path.join(" › ")),
                None => String::new(),
            };
            let names: Vec<&str> = chain.iter().map(|node| node.name.as_str()).collect();
            let name = format!("{indent}{branch}{}{same}", names.join(" › "));
            self.line(&name, child, Style::new());
            let below = format!("{indent}{}", if is_last { "  " } else { "│ " });
            self.children(chain[chain.len() - 1], &below, view, depth - 1);
        }
        self.rest(&format!("{indent}└ "), rest);
    }

    fn finish(self) -> String {
        // The bar is the only words after the figures.
        aligned(&self.lines, |column| (1..5).contains(&column))
    }
}

/// Sixteen cells of eight steps each.
fn bar(share: f64) -> String {
    const STEPS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let steps = (share.clamp(0.0, 1.0) * 128.0).round() as usize;
    let mut bar = "█".repeat(steps / 8);
    if !steps.is_multiple_of(8) {
        bar.push(STEPS[steps % 8]);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Method, SCHEMA};

    fn node(name: &str, kind: Kind, on_flash: u64, children: Vec<Node>) -> Node {
        let mut node = Node::new(name, kind, Method::Divided);
        node.on_flash = Bytes(match children.as_slice() {
            [] => on_flash,
            children => children.iter().map(|child| child.on_flash.get()).sum(),
        });
        node.children = children;
        node
    }

    fn report() -> Report {
        let mut server = node("server", Kind::File, 6_000, vec![]).raw(9_000);
        server.if_removed = Some(Bytes(5_900));
        let files = vec![
            server,
            node("\u{1b}[2J\u{202e}evil", Kind::File, 1_000, vec![]),
            node("a", Kind::File, 2, vec![]),
            node("b", Kind::File, 1, vec![]),
        ];
        let image = node("rootfs.squashfs", Kind::Image, 0, files);
        let mut copy = node("rootfs.squashfs", Kind::Image, 7_003, vec![]);
        copy.same_as = Some(vec!["a".to_owned(), "rootfs.squashfs".to_owned()]);
        let free = || node("free", Kind::Free, 50_000, vec![]);
        let root = node(
            "chip",
            Kind::Chip,
            0,
            vec![
                node("a", Kind::Partition, 0, vec![image, free()]),
                node("b", Kind::Partition, 0, vec![copy, free()]),
                node("data", Kind::Partition, 0, vec![free()]),
            ],
        );
        Report {
            schema: SCHEMA.to_owned(),
            name: "camera".to_owned(),
            flash: None,
            revision: None,
            check: None,
            root,
            unattributed: Bytes(0),
            without: None,
            warnings: Vec::new(),
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_tree_has_what_is_used_joins_what_is_alone_and_sums_up_the_rest() {
        let view = View {
            depth: 3,
            least: Bytes(100),
            width: 90,
        };
        let lines = "\
part                         on flash    share    raw  if removed
camera                         14,006  100.0 %      -           -
├ a › rootfs.squashfs           7,003   50.0 %      -           -
│ ├ server                      6,000   42.8 %  9,000       5,900
│ ├ \u{fffd}[2J\u{fffd}evil                     1,000    7.1 %      -           -
│ └ 2 smaller                       3    0.0 %
└ b › rootfs.squashfs = a › rootfs.squashfs  7,003  50.0 %  -   -
";
        let printed = plain(&tree(&report(), &view));
        assert!(
            printed.lines().all(|line| line.chars().count() <= 90),
            "{printed}"
        );
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&printed), words(lines), "{printed}");
    }

    #[test]
    fn the_largest_parts_are_those_without_parts_and_each_counts_once() {
        let printed = plain(&top(&report(), 2, None, 80));
        let lines: Vec<&str> = printed.lines().collect();
        assert!(
            lines[1].starts_with("a › rootfs.squashfs › server"),
            "{printed}"
        );
        assert!(lines[3].starts_with("2 smaller"), "{printed}");
        let files = plain(&top(&report(), 9, Some(Kind::Partition), 80));
        assert_eq!(files.lines().count(), 3, "{files}");
    }

    #[test]
    fn a_bar_fills_with_its_share() {
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(0.5), "████████");
        assert_eq!(bar(0.51), "████████▏");
        assert_eq!(bar(1.0), "█".repeat(16));
    }
}
