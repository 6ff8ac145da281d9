//! What changed between two reports.

mod common;

use board::units::Bytes;
use common::Scratch;
use flashfit::diff::{Change, Diff, Level, Noise, View, diff, growth_of, markdown, table};
use flashfit::report::{Kind, Method, Node, Report};
use proptest::prelude::*;
use serde_json::json;

const ALL: View = View {
    level: None,
    top: None,
};

fn leaf(name: &str, kind: Kind, raw: u64, on_flash: u64) -> Node {
    let mut node = Node::new(name, kind, Method::Divided).raw(raw);
    node.on_flash = Bytes(on_flash);
    node
}

fn function(name: &str, raw: u64, on_flash: u64) -> Node {
    leaf(name, Kind::Function, raw, on_flash)
}

/// A node that is the sum of its children.
fn of(name: &str, kind: Kind, children: Vec<Node>) -> Node {
    let raw = children
        .iter()
        .filter_map(|child| child.raw)
        .map(Bytes::get);
    let mut node = Node::new(name, kind, Method::Divided).raw(raw.sum());
    node.on_flash = children.iter().map(|child| child.on_flash).sum();
    node.children = children;
    node
}

fn report(root: Node) -> Report {
    let text = json!({
        "schema": "flashfit-report/1", "name": "camera", "flash": null, "revision": null,
        "check": null, "root": root, "unattributed": 0, "warnings": [],
    });
    serde_json::from_value(text).unwrap()
}

/// A chip of two slots, the second a copy of the first, with one program in the root file system.
fn chip(crates: Vec<Node>) -> Node {
    let program = of("/usr/bin/server", Kind::File, crates);
    let package = of("server", Kind::Package, vec![program]);
    let tables = leaf("tables", Kind::Table, 0, 40);
    let image = of("rootfs.squashfs", Kind::Image, vec![package, tables]);
    let mut copy = Node::new("rootfs.squashfs", Kind::Image, Method::Stored);
    copy.on_flash = image.on_flash;
    copy.same_as = Some(vec!["rootfs-a".into(), "rootfs.squashfs".into()]);
    let partition = |name: &str, image: Node| {
        let free = 100_000 - image.on_flash.get();
        let mut node = of(
            name,
            Kind::Partition,
            vec![image, leaf("free", Kind::Free, 0, free)],
        );
        node.raw = Some(Bytes(100_000));
        node
    };
    let slots = vec![partition("rootfs-a", image), partition("rootfs-b", copy)];
    of("w25q64", Kind::Chip, slots)
}

fn before() -> Node {
    chip(vec![
        of(
            "actix_http",
            Kind::Crate,
            vec![
                function("actix_http::poll::h0123456789abcdef", 900, 400),
                function("actix_http::read", 300, 150),
            ],
        ),
        of(
            "core",
            Kind::Crate,
            vec![function("core::fmt::write", 500, 200)],
        ),
    ])
}

fn after() -> Node {
    chip(vec![
        of(
            "actix_http",
            Kind::Crate,
            vec![
                // Another hash, and three bytes less because of a neighbour.
                function("actix_http::poll::hfedcba9876543210", 900, 397),
                function("actix_http::read", 350, 170),
            ],
        ),
        of(
            "core",
            Kind::Crate,
            vec![function("core::fmt::write", 500, 200)],
        ),
        of(
            "serde_json",
            Kind::Crate,
            vec![function("serde_json::parse", 2000, 1100)],
        ),
    ])
}

#[test]
fn a_new_crate_is_named_and_a_copied_slot_is_told_once() {
    let diff = diff(&report(before()), &report(after()));
    // 1,100 + 20 - 3, in both slots.
    assert_eq!(diff.change, 2 * 1117);
    assert_eq!(diff.before.used, Bytes(2 * 790));
    let crates = diff.at(Level::Crate);
    let named: Vec<_> = crates
        .rows
        .iter()
        .map(|row| (row.name.as_str(), row.change))
        .collect();
    assert_eq!(named, [("serde_json", 1100), ("actix_http", 17)]);
    assert_eq!(crates.rows[0].within, "rootfs-a > /usr/bin/server");
    assert_eq!(crates.copies.len(), 1);
    let functions = diff.at(Level::Function);
    assert_eq!(functions.noise[0].reason, Noise::Neighbours);
    assert_eq!(
        (functions.noise[0].nodes, functions.noise[0].change),
        (1, -3)
    );
    let partitions = diff.at(Level::Partition);
    assert_eq!(partitions.rows.len(), 2);
    assert_eq!(growth_of(&diff, Some("usr/bin/server")).unwrap(), 1117);
    assert_eq!(growth_of(&diff, Some("rootfs-b")).unwrap(), 1117);
    assert_eq!(growth_of(&diff, None).unwrap(), 2 * 1117);
}

#[test]
fn a_copy_that_became_something_else_is_compared_with_what_it_was_a_copy_of() {
    let mut other = after();
    // Slot b now holds what slot a held before.
    other.children[1] = before().children[0].clone();
    other.children[1].name = "rootfs-b".into();
    let diff = diff(&report(before()), &report(other));
    assert_eq!(diff.change, 1117);
    assert!(diff.at(Level::Crate).copies.is_empty());
    assert_eq!(growth_of(&diff, Some("rootfs-b")).unwrap(), 0);
}

#[test]
fn a_function_in_another_crate_has_moved() {
    let with = |crate_of_parse: usize| {
        let mut functions = [
            vec![function("main", 100, 50)],
            vec![function("visit", 100, 50)],
        ];
        functions[crate_of_parse].push(function("parse", 600, 300));
        let [app, serde] = functions;
        chip(vec![
            of("app", Kind::Crate, app),
            of("serde", Kind::Crate, serde),
        ])
    };
    let diff = diff(&report(with(0)), &report(with(1)));
    assert_eq!(diff.change, 0);
    assert!(!diff.is_empty());
    let functions = diff.at(Level::Function);
    assert!(functions.rows.is_empty(), "{functions:?}");
    assert_eq!(functions.noise[0].reason, Noise::Moved);
    // The crates did change.
    assert_eq!(diff.at(Level::Crate).rows.len(), 2);
}

#[test]
fn the_content_hash_finds_a_change_that_costs_nothing() {
    let with = |hash: u32| {
        let mut function = function("version", 40, 20);
        function.hash = Some(hash);
        chip(vec![of("app", Kind::Crate, vec![function])])
    };
    assert!(diff(&report(with(1)), &report(with(1))).is_empty());
    let diff = diff(&report(with(1)), &report(with(2)));
    assert!(!diff.is_empty());
    assert!(table(&diff, &ALL).contains("as large as before"));
}

#[test]
fn only_one_build_has_the_symbols() {
    let mut without = before();
    let image = &mut without.children[0].children[0];
    image.children[0].children[0].children.clear();
    let diff = diff(&report(without), &report(after()));
    let crates = diff.at(Level::Crate);
    assert_eq!(crates.rows.len(), 1, "{crates:?}");
    assert_eq!(crates.rows[0].name, "/usr/bin/server");
    assert_eq!(crates.rows[0].change, 1117);
}

#[test]
fn copies_of_each_other_end() {
    let mut copies = before();
    let a: Vec<String> = vec!["rootfs-a".into(), "rootfs.squashfs".into()];
    let b: Vec<String> = vec!["rootfs-b".into(), "rootfs.squashfs".into()];
    for (at, path) in [(0, &b), (1, &a)] {
        let image = &mut copies.children[at].children[0];
        image.children.clear();
        image.same_as = Some(path.clone());
    }
    let [copies, before] = [report(copies), report(before())];
    assert!(diff(&copies, &copies).is_empty());
    assert_eq!(diff(&copies, &before).change, 0);
}

#[test]
fn markdown_has_a_headline_and_folds_the_rest() {
    let diff = diff(&report(before()), &report(after()));
    let text = markdown(&diff, &ALL);
    let (head, details) = text.split_once("<details>").unwrap();
    assert_eq!(
        head,
        "**camera: +2,234 bytes on flash, 1,580 before and 3,814 now**\n\n\
         Largest changes: `serde_json` +1,100, `actix_http` +17.\n\n"
    );
    assert!(details.contains("| crate | before | after | change | |\n|---|---:|---:|---:|---|\n"));
    assert!(
        details
            .contains("| `serde_json` | - | 1,100 | +1,100 | new, rootfs-a &gt; /usr/bin/server |")
    );
    assert!(details.ends_with("\n</details>\n"));
    assert!(
        markdown(&self::diff(&report(before()), &report(before())), &ALL)
            .starts_with("**camera: no change, 1,580 bytes on flash in both**")
    );
}

/// The two reports as files.
fn files() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("before.json", report(before()).to_json());
    scratch.write("after.json", report(after()).to_json());
    scratch
}

#[test]
fn the_program_prints_tables_and_json() {
    let scratch = files();
    scratch
        .flashfit(&["diff", "before.json", "after.json"])
        .exits(0)
        .prints(&[
            "camera: +2,234 bytes on flash, 1,580 before and 3,814 now",
            "partition          before  after  change    left",
            "rootfs-a              790  1,907  +1,117  98,093",
            "serde_json              -  1,100  +1,100          new, rootfs-a > /usr/bin/server",
            "copy in rootfs-b                  +1,117",
            "noise (1)                             -3          same content, other neighbours",
        ]);
    let run = scratch.flashfit(&[
        "diff",
        "before.json",
        "after.json",
        "--level",
        "crate",
        "--top",
        "1",
    ]);
    let run = run.exits(0).prints(&["serde_json", "1 more"]);
    assert!(!run.stdout().contains("partition"));
    let run = scratch
        .flashfit(&["diff", "before.json", "after.json", "--json"])
        .exits(0);
    let json: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(json["schema"], "flashfit-diff/1");
    assert_eq!(json["change"], 2234);
    assert_eq!(json["levels"][3]["level"], "crate");
    assert_eq!(json["levels"][3]["rows"][0]["name"], "serde_json");
    // What did not change is left out.
    assert!(!run.stdout().contains("\"core\""));
    scratch
        .flashfit(&["diff", "before.json", "before.json"])
        .exits(0)
        .prints(&["camera: no change, 1,580 bytes on flash in both\n"]);
}

#[test]
fn growth_beyond_the_limit_fails() {
    let scratch = files();
    let diff = |args: &[&str]| scratch.flashfit(&[&["diff"], args].concat());
    diff(&["before.json", "after.json", "--fail-over", "2234 B"]).exits(0);
    diff(&["before.json", "after.json", "--fail-over", "2233 B"])
        .exits(1)
        .says(&["the used flash: grew by 2,234 bytes on flash, 2,233 allowed"]);
    diff(&["after.json", "before.json", "--fail-over", "0 B"]).exits(0);
    let of = |of| {
        diff(&[
            "before.json",
            "after.json",
            "--fail-over",
            "1 KiB",
            "--of",
            of,
        ])
    };
    of("usr/bin/server")
        .exits(1)
        .says(&["usr/bin/server: grew by 1,117"]);
    of("core").exits(0);
    of("nothing")
        .exits(2)
        .says(&["--of nothing: neither report has it"]);
    of("rootfs.squashfs").exits(2).says(&[
        "--of rootfs.squashfs: 2 paths end so: rootfs-a/rootfs.squashfs, rootfs-b/rootfs.squashfs",
    ]);
}

#[test]
fn image_folders_are_compared_as_they_are() {
    let scratch = Scratch::new();
    let board = "[flash]\nsize = \"1 MiB\"\nerase-block = \"64 KiB\"\n[[partition]]\n\
                 name = \"system\"\noffset = \"0 KiB\"\nsize = \"1 MiB\"\nimage = \"root\"\n";
    for folder in ["one", "two"] {
        scratch.write(&format!("{folder}/board.toml"), board);
        scratch.write(&format!("{folder}-root/etc/motd"), common::text(1, 5000));
    }
    scratch.write("two-root/usr/lib/new.so", common::noise(2, 20_000));
    for folder in ["one", "two"] {
        let image = format!("{folder}/root");
        scratch.mksquashfs(
            &format!("{folder}-root"),
            &image,
            &["-comp", "xz", "-no-fragments"],
        );
    }
    let bytes = |image| std::fs::metadata(scratch.path(image)).unwrap().len();
    let run = scratch.flashfit(&["diff", "one", "two", "--json"]).exits(0);
    let json: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(json["before"]["used"], bytes("one/root"));
    assert_eq!(json["after"]["used"], bytes("two/root"));
    let new = &json["levels"][2]["rows"][0];
    assert_eq!(new["name"], "/usr/lib/new.so");
    assert_eq!(new["change"], 20_000);
    scratch
        .flashfit(&["diff", "two", "two"])
        .exits(0)
        .prints(&["no change"]);
    // A saved report and one image by themselves.
    let saved = scratch
        .flashfit(&["report", "one", "--json"])
        .exits(0)
        .stdout();
    scratch.write("one.json", saved);
    scratch
        .flashfit(&["diff", "one.json", "one"])
        .exits(0)
        .prints(&["no change"]);
    scratch
        .flashfit(&["diff", "one/root", "two/root"])
        .exits(0)
        .prints(&["/usr/lib/new.so"]);
    scratch
        .flashfit(&["diff", "one", "three"])
        .exits(2)
        .says(&["three"]);
}

#[test]
fn what_is_no_report_is_an_error() {
    let scratch = files();
    scratch.write("check.json", "{\"schema\": \"flashfit-check/1\"}");
    scratch.write(
        "later.json",
        report(before()).to_json().replace("report/1", "report/9"),
    );
    scratch
        .flashfit(&["diff", "before.json", "check.json"])
        .exits(2)
        .says(&["check.json: is not a report", "flashfit report --json"]);
    scratch
        .flashfit(&["diff", "later.json", "before.json"])
        .exits(2)
        .says(&[
            "later.json: has the schema flashfit-report/9, this program reads flashfit-report/1",
        ]);
}

/// Trees whose levels follow each other as in a report, with names that occur more than once.
fn tree() -> impl Strategy<Value = Node> {
    let kinds = [Kind::Partition, Kind::Image, Kind::File, Kind::Crate];
    let name = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "a.llvm.12",
        "a.llvm.34",
        "b::h0123456789abcdef",
        "b::hfedcba9876543210",
        "lib.so.1",
        "lib.so.2",
    ]);
    let raw = prop::sample::select(vec![10_u64, 100, 1000]);
    let leaf_kind = prop::sample::select(vec![
        Kind::Function,
        Kind::Data,
        Kind::Table,
        Kind::Free,
        Kind::Padding,
    ]);
    let hash = prop::option::of(0..3_u32);
    let leaf = (name.clone(), leaf_kind, raw, 0..500_u64, hash).prop_map(
        |(name, kind, raw, cost, hash)| {
            let mut node = leaf(name, kind, raw, cost);
            node.hash = hash;
            node
        },
    );
    let mut level = leaf.boxed();
    for kind in kinds.into_iter().rev() {
        let inner = (name.clone(), prop::collection::vec(level.clone(), 0..4))
            .prop_map(move |(name, children)| of(name, kind, children));
        level = prop_oneof![4 => inner, 1 => level].boxed();
    }
    (prop::collection::vec(level, 0..4), any::<bool>()).prop_map(|(mut children, copied)| {
        let copy = children.first().filter(|_| copied).map(|first| {
            let mut copy = Node::new("copy", Kind::Partition, Method::Stored);
            copy.on_flash = first.on_flash;
            copy.same_as = Some(vec![first.name.clone()]);
            copy
        });
        children.extend(copy);
        of("chip", Kind::Chip, children)
    })
}

/// Each node's change, by its names.
fn changes(diff: &Diff) -> Vec<(String, String, i64)> {
    fn down(change: &Change, before: &str, after: &str, out: &mut Vec<(String, String, i64)>) {
        let was = change.was.as_ref().unwrap_or(&change.name);
        let (before, after) = (
            format!("{before}/{was}"),
            format!("{after}/{}", change.name),
        );
        out.push((before.clone(), after.clone(), change.change));
        for child in &change.children {
            down(child, &before, &after, out);
        }
    }
    let mut out = Vec::new();
    down(&diff.root, "", "", &mut out);
    out.sort();
    out
}

fn assert_sums(change: &Change) {
    if !change.children.is_empty() {
        let sum: i64 = change.children.iter().map(|child| child.change).sum();
        assert_eq!(sum, change.change, "{}", change.name);
    }
    change.children.iter().for_each(assert_sums);
}

proptest! {
    #[test]
    fn a_report_does_not_differ_from_itself(tree in tree()) {
        let report = report(tree);
        let diff = diff(&report, &report);
        prop_assert!(diff.is_empty());
        prop_assert_eq!(diff.change, 0);
        for level in Level::ALL {
            let all = diff.at(level);
            prop_assert!(all.rows.is_empty() && all.copies.is_empty() && all.noise.is_empty());
        }
    }

    #[test]
    fn changes_add_up_at_each_node_and_each_level(a in tree(), b in tree()) {
        let diff = diff(&report(a), &report(b));
        let used = |bytes: Bytes| i64::try_from(bytes.get()).unwrap();
        prop_assert_eq!(diff.change, used(diff.after.used) - used(diff.before.used));
        assert_sums(&diff.root);
        for level in Level::ALL {
            let all = diff.at(level);
            let rows: i64 = all.rows.iter().chain(&all.copies).map(|row| row.change).sum();
            let noise: i64 = all.noise.iter().map(|noise| noise.change).sum();
            prop_assert_eq!(rows + noise, diff.change, "{:?}", level);
        }
    }

    #[test]
    fn the_other_way_round_each_change_is_the_opposite(a in tree(), b in tree()) {
        let (a, b) = (report(a), report(b));
        let forward = changes(&diff(&a, &b));
        let mut back: Vec<_> = changes(&diff(&b, &a))
            .into_iter()
            .map(|(before, after, change)| (after, before, -change))
            .collect();
        back.sort();
        prop_assert_eq!(forward, back);
    }
}
