//! A figure of the documents has one value, whichever file of docs/ it stands in. What was recorded
//! as of another revision names it, and a document says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::files::{read, read_json, sorted};
use serde_json::Value;

/// The best program's row of the size study.
const BEST: &str = "release:strip+malloc+abort+lto+oz+std";

/// Where a value stands.
struct Place {
    path: String,
    value: u64,
    /// What was measured, where that is not the present state.
    revision: Option<String>,
}

#[derive(Default)]
struct Figures(BTreeMap<String, Vec<Place>>);

impl Figures {
    /// Notes a value; one that is not there is none.
    fn add(&mut self, figure: &str, path: &str, value: &Value, revision: &Value) {
        if let Some(value) = value.as_u64() {
            self.0.entry(figure.to_owned()).or_default().push(Place {
                path: path.to_owned(),
                value,
                revision: revision.as_str().map(str::to_owned),
            });
        }
    }

    /// What has several values of the present state.
    fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (figure, places) in &self.0 {
            let mut now = places.iter().filter(|place| place.revision.is_none());
            let Some(first) = now.next() else { continue };
            found.extend(now.filter(|other| other.value != first.value).map(|other| {
                format!(
                    "{figure}: {} in {}, {} in {}: measure one of them again, or name in it the \
                     `revision` that it is of",
                    first.value, first.path, other.value, other.path
                )
            }));
        }
        found
    }
}

fn entry<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    let mut all = list.as_array().into_iter().flatten();
    all.find(|entry| entry[key] == name).unwrap_or(&Value::Null)
}

fn figures(repo: &Repo) -> Figures {
    let mut all = Figures::default();
    let json = |path: &str| -> Value {
        let place: PathBuf = repo.path(path);
        if place.is_file() {
            read_json(&place).unwrap()
        } else {
            Value::Null
        }
    };
    let no = Value::Null;

    let flags = json("docs/measurements/flags.json");
    let cross = json("docs/measurements/cross.json");
    for board in repo.boards().unwrap() {
        let [elf, flash] = ["ELF", "on flash"].map(|of| format!("{board}: server by direct, {of}"));
        let path = format!("docs/measurements/{board}.json");
        let image = json(&path);
        all.add(&elf, &path, &image["files"]["tinyrust"], &no);
        all.add(&elf, &path, &image["components"]["server-elf"], &no);
        all.add(&flash, &path, &image["components"]["server"], &no);
        let own = &flags["boards"][&board];
        for (figure, size) in [(&elf, "elf"), (&flash, "flash")] {
            let path = "docs/measurements/flags.json";
            all.add(figure, path, &own["server"][size], &own["revision"]);
        }
        for built in cross["boards"][&board].as_object().into_iter().flatten() {
            let (path, row) = ("docs/measurements/cross.json", built.1);
            all.add(&elf, path, &row["direct"], &row["revision"]);
        }
    }

    for builder in ["buildroot", "yocto"] {
        let path = format!("docs/builders/{builder}.json");
        let report = json(&path);
        for (list, name) in [
            ("components", "server-elf"),
            ("components", "server"),
            ("partitions", "rootfs-a"),
        ] {
            let figure = format!("{name} by {builder}");
            let used = &entry(&report[list], "name", name)["used"];
            all.add(&figure, &path, used, &no);
        }
    }
    let path = "docs/builders/options.json";
    let options = json(path);
    for (name, size) in [("server-elf", "elf"), ("rootfs-a", "rootfs")] {
        let (value, revision) = (&options["defconfig"][size], &options["revision"]);
        all.add(&format!("{name} by buildroot"), path, value, revision);
    }
    let path = "docs/measurements/yocto-packageconfig.json";
    let options = json(path);
    for (name, size) in [("server-elf", "elf"), ("server", "on_flash")] {
        let (value, revision) = (&options["rows"][0][size], &options["revision"]);
        all.add(&format!("{name} by yocto"), path, value, revision);
    }

    let row = |path: &str, id: &str| entry(&json(path)["rows"], "id", id).clone();
    let [experiments, comparison] =
        ["experiments", "comparison"].map(|name| format!("docs/ladder/{name}.json"));
    for (target, compared) in [
        (DEFAULT_BOARD, None),
        ("x86_64-unknown-linux-gnu", Some(("hello", "actix-loop"))),
    ] {
        let steps = format!("docs/ladder/{target}.json");
        let hello = &format!("{target}: hello with every step");
        let lean = &format!("{target}: hello without actix-server");
        let mut rows = vec![
            (hello, &steps, BEST.to_owned()),
            (hello, &experiments, format!("{target}/everything")),
        ];
        if let Some((everything, without)) = compared {
            rows.push((hello, &comparison, everything.to_owned()));
            rows.push((lean, &comparison, without.to_owned()));
            rows.push((lean, &experiments, format!("{target}/own-accept-loop")));
        }
        for (figure, path, id) in rows {
            for size in ["elf", "flash"] {
                all.add(
                    &format!("{figure}, {size}"),
                    path,
                    &row(path, &id)[size],
                    &no,
                );
            }
        }
    }
    let path = format!("docs/measurements/{DEFAULT_BOARD}.json");
    let hello = format!("{DEFAULT_BOARD}: hello with every step, elf");
    all.add(&hello, &path, &json(&path)["files"]["hello"], &no);
    let path = "docs/measurements/choices.json";
    let choices = json(path);
    for (figure, at) in [
        (hello, 0),
        (format!("{DEFAULT_BOARD}: server by direct, ELF"), 2),
    ] {
        let (value, revision) = (&choices["rows"][at]["elf"], &choices["revision"]);
        all.add(&figure, path, value, revision);
    }
    all
}

#[test]
fn the_same_figure_has_the_same_value_everywhere() {
    let wrong = figures(&Repo::find().unwrap()).contradictions();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_figure_that_is_compared_stands_in_at_least_two_places() {
    for (figure, places) in figures(&Repo::find().unwrap()).0 {
        // Not every board's flags were tried, nor its server built by others.
        let of_board = figure.contains("by direct");
        let of_yocto = figure == "rootfs-a by yocto" || figure == "server by buildroot";
        assert!(of_board || of_yocto || places.len() > 1, "{figure}");
    }
}

#[test]
fn a_document_says_of_which_revision_a_differing_figure_is() {
    let repo = Repo::find().unwrap();
    let documents = sorted(&repo.path("docs")).unwrap();
    let documents = documents.iter().filter(|path| is_markdown(path));
    let text = documents
        .map(|path| read(path).unwrap())
        .collect::<String>();
    for (figure, places) in figures(&repo).0 {
        let now = places.iter().find(|place| place.revision.is_none());
        for place in &places {
            let Some(revision) = &place.revision else {
                continue;
            };
            let differs = now.is_some_and(|now| now.value != place.value);
            assert!(
                !differs || text.contains(&format!("`{revision}`")),
                "{figure}: {} in {} is of {revision}, which no document says",
                place.value,
                place.path
            );
        }
    }
}

#[test]
fn a_value_that_differs_is_a_contradiction_unless_it_names_its_revision() {
    let mut figures = Figures::default();
    let no = Value::Null;
    figures.add("x", "a.json", &5.into(), &no);
    figures.add("x", "b.json", &6.into(), &"abc1234".into());
    assert!(figures.contradictions().is_empty());
    figures.add("x", "c.json", &7.into(), &no);
    let wrong = figures.contradictions();
    assert_eq!(wrong.len(), 1);
    assert!(
        wrong[0].starts_with("x: 5 in a.json, 7 in c.json"),
        "{wrong:?}"
    );
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "md")
}
