//! docs/measurements/`board`.json: what an image was measured to take, committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use board::units::Bytes;
use board::{Board, Budget};
use flashfit::check::{self, Report, Use};
use flashfit::images::Images;
use serde::{Deserialize, Serialize};

use super::suite::{self, Suite};
use crate::schema;
use buildkit::checkout::Repo;
use buildkit::files::{read_json, to_json, write_whole};
use imagekit::build_json::BuildRecord;

const SCHEMA: &str = "tinyrust-measurement/1";

/// How far the example of an error is over its budget: the size of a small program.
const EXAMPLE_OVER: u64 = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    schema: String,
    pub board: String,
    pub profile: String,
    pub allocator: String,
    pub rustc: String,
    /// Compiler and linker of everything in C.
    pub cc: String,
    pub sources: BTreeMap<String, String>,
    /// The bytes that each partition's image takes.
    pub partitions: BTreeMap<String, Bytes>,
    /// The bytes that each slot's images take.
    pub slots: BTreeMap<String, Bytes>,
    /// The bytes that all images take.
    pub chip: Bytes,
    /// The bytes on flash of each component.
    pub components: BTreeMap<String, Bytes>,
    /// The sizes of programs and images as files.
    pub files: BTreeMap<String, Bytes>,
    /// What was measured on the booted image.
    pub boot: Option<Boot>,
    /// What the boot tests said of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Suite>,
    /// What the check says of this image where its root file system may take less.
    pub over_budget: Option<String>,
}

/// boot.json: what the emulator's runner measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Milliseconds from power-on to the first HTTP 200.
    pub time_to_first_200_ms: u64,
    pub server_rss_bytes: u64,
}

impl Measurement {
    /// Where a board's measurements are.
    pub fn path(repo: &Repo, board: &str) -> PathBuf {
        repo.path("docs/measurements").join(format!("{board}.json"))
    }

    /// Reads a board's committed measurements.
    pub fn load(repo: &Repo, board: &str) -> Result<Self> {
        let path = Self::path(repo, board);
        let load = || -> Result<Self> {
            let measurement: Self = read_json(&path)?;
            schema::require(&path, &*measurement.schema, SCHEMA)?;
            Ok(measurement)
        };
        load().with_context(|| {
            format!("`cargo xtask measure --board {board}` writes it from an image")
        })
    }

    /// What a component of a board's recorded image takes; none where it was not measured.
    pub fn component(repo: &Repo, board: &str, name: &str) -> Result<Option<Bytes>> {
        if !Self::path(repo, board).is_file() {
            return Ok(None);
        }
        let measured = Self::load(repo, board)?;
        Ok(measured.components.get(name).copied())
    }

    /// Measures an image folder.
    pub fn take(board: &Board, images: &Path) -> Result<Self> {
        let report = Report::load(&images.join("flashfit.json"))?;
        let build = BuildRecord::load(&images.join("build.json"))?;
        let mut files = BTreeMap::new();
        for name in [
            "hello",
            "tinyrust",
            "kernel.itb",
            "boot.bin",
            "rootfs.squashfs",
        ] {
            let path = images.join(name);
            let data = fs::metadata(&path)
                .with_context(|| format!("cannot measure {}", path.display()))?;
            files.insert(name.to_owned(), Bytes(data.len()));
        }
        let linux = board.require(&board.linux, "linux")?;
        let kernel = fs::metadata(images.join(&linux.image))?;
        files.insert("kernel".to_owned(), Bytes(kernel.len()));
        Ok(Self {
            schema: SCHEMA.to_owned(),
            board: build.board,
            profile: build.profile,
            allocator: build.allocator,
            rustc: build.rustc.get("release").cloned().unwrap_or_default(),
            cc: build.cc,
            sources: build
                .sources
                .into_iter()
                .map(|(name, source)| (name, source.version))
                .collect(),
            partitions: used(
                report
                    .partitions
                    .iter()
                    .filter(|row| row.image.is_some())
                    .map(|row| (&row.name, &row.usage)),
            ),
            slots: used(report.slots.iter().map(|row| (&row.name, &row.usage))),
            chip: report.chip.usage.used,
            components: used(report.components.iter().map(|row| (&row.name, &row.usage))),
            files,
            boot: boot(images)?,
            tests: suite::of(images)?,
            over_budget: over_budget(board, images)?,
        })
    }

    /// Every figure in bytes, with what it is of.
    pub fn figures(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for (kind, figures) in [
            ("partition", &self.partitions),
            ("slot", &self.slots),
            ("component", &self.components),
            ("file", &self.files),
        ] {
            for (name, bytes) in figures {
                all.insert(format!("{kind} {name}"), bytes.get());
            }
        }
        all
    }
}

fn used<'a>(rows: impl Iterator<Item = (&'a String, &'a Use)>) -> BTreeMap<String, Bytes> {
    rows.map(|(name, usage)| (name.clone(), usage.used))
        .collect()
}

/// The boot.json of an image folder, where there is one.
pub fn boot(images: &Path) -> Result<Option<Boot>> {
    let path = images.join("boot.json");
    path.is_file().then(|| read_json(&path)).transpose()
}

/// A real message of the check, on this image and a smaller budget: the documents show it.
fn over_budget(board: &Board, images: &Path) -> Result<Option<String>> {
    let mut board = board.clone();
    let Some(root) = board.partitions.iter_mut().find(|partition| partition.root) else {
        return Ok(None);
    };
    let (name, line) = (root.name.clone(), root.allowed_line());
    let folder = Images::open(images)?;
    let used = check::check(&board, &folder, None)?
        .partition(&name)
        .map_or(Bytes(0), |row| row.usage.used);
    if let Some(root) = board.partitions.iter_mut().find(|p| p.name == name) {
        root.budget = Some(Budget {
            bytes: Bytes(used.get().saturating_sub(EXAMPLE_OVER)),
            line,
        });
    }
    let report = check::check(&board, &folder, None)?;
    Ok(report
        .errors
        .into_iter()
        .find(|error| error.starts_with(&name)))
}

/// Measures the image in out/`board` and writes the measurement file.
pub fn run(repo: &Repo, board: &Board) -> Result<()> {
    let images = repo.path("out").join(&board.name);
    let measurement = Measurement::take(board, &images).with_context(|| {
        format!(
            "`cargo xtask image --board {}` builds the image",
            board.name
        )
    })?;
    let path = Measurement::path(repo, &board.name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    write_whole(&path, to_json(&measurement)?)?;
    println!("wrote {}", repo.shown(&path));
    if measurement.boot.is_none() {
        println!(
            "start time and memory of the device are missing: `./qemu/run.sh --board {}` \
             measures them",
            board.name
        );
    }
    Ok(())
}

/// Figures of a fresh image that differ from the recorded ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Larger or smaller by more than 1 %: the documents are wrong.
    pub wrong: Vec<String>,
    /// By less: compilers and packages move a few bytes.
    pub slight: Vec<String>,
}

/// Compares two measurements of a board.
pub fn drift(recorded: &Measurement, fresh: &Measurement) -> Drift {
    let (old, new) = (recorded.figures(), fresh.figures());
    let mut drift = Drift::default();
    for name in old
        .keys()
        .chain(new.keys().filter(|name| !old.contains_key(*name)))
    {
        let said =
            |bytes: Option<&u64>| bytes.map_or("absent".to_owned(), |&b| Bytes(b).to_string());
        let (was, is) = (old.get(name), new.get(name));
        if was == is {
            continue;
        }
        let message = format!("{name}: {} recorded, {} in the image", said(was), said(is));
        match (was, is) {
            (Some(&was), Some(&is)) if was.abs_diff(is) * 100 <= was => drift.slight.push(message),
            _ => drift.wrong.push(message),
        }
    }
    drift
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use buildkit::checkout::DEFAULT_BOARD;

    /// A measurement of the default board as it might be.
    pub fn example() -> Measurement {
        let bytes = |list: &[(&str, u64)]| {
            list.iter()
                .map(|&(name, bytes)| (name.to_owned(), Bytes(bytes)))
                .collect::<BTreeMap<_, _>>()
        };
        let mut components = bytes(&[("server", 160_000), ("u-boot-spl", 60_000)]);
        // Whatever else the board bounds was measured as well.
        let board = Repo::find().unwrap().board(DEFAULT_BOARD).unwrap();
        for component in board.components {
            components.entry(component.name).or_insert(Bytes(1000));
        }
        Measurement {
            schema: SCHEMA.to_owned(),
            board: DEFAULT_BOARD.to_owned(),
            profile: "tiny".to_owned(),
            allocator: "system".to_owned(),
            rustc: "1.95.0".to_owned(),
            cc: "gcc 12; ld 2.40".to_owned(),
            sources: [("linux".to_owned(), "6.12.107".to_owned())].into(),
            partitions: bytes(&[
                ("boot", 400_000),
                ("kernel-a", 1_400_000),
                ("rootfs-a", 500_000),
                ("kernel-b", 1_400_000),
                ("rootfs-b", 500_000),
            ]),
            slots: bytes(&[("a", 1_900_000), ("b", 1_900_000)]),
            chip: Bytes(4_200_000),
            components,
            files: bytes(&[
                ("hello", 270_000),
                ("tinyrust", 350_000),
                ("kernel", 1_380_000),
                ("kernel.itb", 1_390_000),
            ]),
            boot: None,
            tests: None,
            over_budget: None,
        }
    }

    #[test]
    fn more_than_one_percent_either_way_is_wrong_and_less_is_said() {
        let recorded = example();
        let mut fresh = example();
        assert_eq!(drift(&recorded, &fresh), Drift::default());
        fresh.files.insert("hello".into(), Bytes(272_700));
        fresh.files.insert("tinyrust".into(), Bytes(340_000));
        fresh.components.remove("server");
        let drift = drift(&recorded, &fresh);
        assert_eq!(
            drift.slight,
            ["file hello: 270,000 recorded, 272,700 in the image"]
        );
        assert_eq!(
            drift.wrong,
            [
                "component server: 160,000 recorded, absent in the image",
                "file tinyrust: 350,000 recorded, 340,000 in the image",
            ]
        );
    }

    #[test]
    fn boot_figures_are_optional_and_must_be_whole() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(boot(folder.path()).unwrap(), None);
        let path = folder.path().join("boot.json");
        let text = r#"{"time_to_first_200_ms": 6300, "server_rss_bytes": 2000000, "more": 1}"#;
        fs::write(&path, text).unwrap();
        assert_eq!(
            boot(folder.path()).unwrap().unwrap().time_to_first_200_ms,
            6300
        );
        fs::write(&path, "{}").unwrap();
        assert!(boot(folder.path()).is_err());
    }
}
