//! What an option costs: measured by Buildroot, kept in docs/builders/options.json.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use board::units::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema;
use buildkit::files::{read_json, to_json, write_whole};

/// Where the measured figures stand, from the repository's root.
pub const FILE: &str = "docs/builders/options.json";

/// The files whose help texts name them, from the repository's root.
pub const MENUS: [&str; 2] = [
    "br2-external/Config.in",
    "br2-external/package/tinyrust/Config.in",
];

const SCHEMA: &str = "tinyrust-buildroot-options/1";

/// The share by which the server of today may differ from the measured one before the
/// costs have to be measured again: one in so many.
const STALE: u64 = 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The images of a build with the option; measure the unchanged defconfig first
    #[arg(long, default_value = "out/buildroot/images")]
    images: PathBuf,
    /// The option changed in the defconfig, such as `BR2_TINYRUST_UPX=y`; omit it for the defconfig itself
    option: Option<String>,
    /// The repository
    #[arg(long, default_value = ".")]
    repo: PathBuf,
}

/// The measured builds: the defconfig's, and one for each option changed alone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionCosts {
    schema: String,
    pub(crate) board: String,
    pub(crate) buildroot: String,
    rust: String,
    pub(crate) defconfig: Sizes,
    pub(crate) options: BTreeMap<String, Sizes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sizes {
    /// The server as it is installed.
    pub elf: u64,
    /// The compressed root file system.
    pub rootfs: u64,
    /// Whether the image is within the board's budgets.
    pub fits: bool,
}

/// Writes the figures of one build down.
pub fn record(args: &Args) -> Result<()> {
    // Too large for the chip is a cost as well.
    let report = ["flashfit.over-budget.json", "flashfit.json"].map(|name| args.images.join(name));
    let report = report.iter().find(|path| path.is_file());
    let report = read_json::<Value>(
        report.with_context(|| format!("{} has no flashfit.json", args.images.display()))?,
    )?;
    let build = read_json::<BTreeMap<String, String>>(&args.images.join("build.json"))?;
    let say = |key: &str| {
        let value = build.get(key).cloned();
        value.with_context(|| format!("{}/build.json has no {key}", args.images.display()))
    };
    let sizes =
        Sizes::of(&report).context("flashfit.json: no server-elf, no rootfs-a or no verdict")?;
    let path = args.repo.join(FILE);
    let costs = match &args.option {
        None => OptionCosts {
            schema: SCHEMA.to_owned(),
            board: say("board")?,
            buildroot: say("buildroot")?,
            rust: say("rust")?,
            defconfig: sizes,
            options: BTreeMap::new(),
        },
        Some(option) => {
            ensure!(option.contains('='), "{option}: expected NAME=value");
            let mut costs = OptionCosts::load(&args.repo)?;
            let same = (say("board")?, say("buildroot")?, say("rust")?);
            ensure!(
                same == (
                    costs.board.clone(),
                    costs.buildroot.clone(),
                    costs.rust.clone()
                ),
                "{FILE} is for {} with Buildroot {} and Rust {}, but these images are for \
                 {same:?}: measure the defconfig first",
                costs.board,
                costs.buildroot,
                costs.rust
            );
            costs.options.insert(option.clone(), sizes);
            costs
        }
    };
    write_whole(&path, to_json(&costs)?)?;
    println!("{FILE}: {sizes:?}");
    Ok(())
}

impl Sizes {
    fn of(report: &Value) -> Option<Self> {
        let used = |list: &str, name: &str| {
            let entries = report.get(list)?.as_array()?;
            entries.iter().find(|entry| entry["name"] == name)?["used"].as_u64()
        };
        Some(Self {
            elf: used("components", "server-elf")?,
            rootfs: used("partitions", "rootfs-a")?,
            fits: report.get("fits")?.as_bool()?,
        })
    }
}

impl OptionCosts {
    pub fn load(repo: &Path) -> Result<Self> {
        let path = repo.join(FILE);
        let costs = read_json::<Self>(&path)?;
        schema::require(&path, &*costs.schema, SCHEMA)?;
        Ok(costs)
    }

    /// Fails where the measured server is not the one of today any more.
    pub fn check_age(&self, repo: &Path) -> Result<()> {
        let today = format!("docs/measurements/{}.json", self.board);
        let measured = read_json::<Value>(&repo.join(&today))?;
        let elf = measured["components"]["server-elf"]
            .as_u64()
            .with_context(|| format!("{today} has no server-elf"))?;
        ensure!(
            elf.abs_diff(self.defconfig.elf) <= elf / STALE,
            "{FILE} is for a server of {} bytes, but {today} has {}: measure the options again \
             (docs/buildroot.md, \"Costs\")",
            Bytes(self.defconfig.elf),
            Bytes(elf)
        );
        Ok(())
    }

    /// The options that were measured, by name.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        self.options
            .keys()
            .filter_map(|option| Some(option.split_once('=')?.0))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use super::*;

    fn images(folder: &Path, elf: u64, rootfs: u64, buildroot: &str) {
        let report = format!(
            r#"{{"fits":true,"components":[{{"name":"server-elf","used":{elf}}}],
                "partitions":[{{"name":"rootfs-a","used":{rootfs}}}]}}"#
        );
        fs::write(folder.join("flashfit.json"), report).unwrap();
        let build = format!(r#"{{"board":"b","buildroot":"{buildroot}","rust":"1.2.3"}}"#);
        fs::write(folder.join("build.json"), build).unwrap();
    }

    /// A repository in which the defconfig and UPX were measured.
    pub fn measured() -> tempfile::TempDir {
        let repo = tempfile::tempdir().unwrap();
        fs::create_dir_all(repo.path().join("docs/builders")).unwrap();
        fs::create_dir_all(repo.path().join("docs/measurements")).unwrap();
        for (option, elf, rootfs) in [(None, 242_768, 300_000), (Some("UPX=y"), 120_000, 301_234)] {
            images(repo.path(), elf, rootfs, "2026.05.1");
            record(&Args {
                images: repo.path().to_owned(),
                option: option.map(str::to_owned),
                repo: repo.path().to_owned(),
            })
            .unwrap();
        }
        repo
    }

    #[test]
    fn what_does_not_fit_has_a_cost_as_well() {
        let repo = measured();
        let report = fs::read_to_string(repo.path().join("flashfit.json")).unwrap();
        let over = report.replace(r#""fits":true"#, r#""fits":false"#);
        fs::write(repo.path().join("flashfit.over-budget.json"), over).unwrap();
        images(repo.path(), 1, 1, "2026.05.1");
        record(&Args {
            images: repo.path().to_owned(),
            option: Some("UPX=y".into()),
            repo: repo.path().to_owned(),
        })
        .unwrap();
        let kept = OptionCosts::load(repo.path()).unwrap().options["UPX=y"];
        assert_eq!(
            (kept.elf, kept.rootfs, kept.fits),
            (120_000, 301_234, false)
        );
    }

    #[test]
    fn images_of_another_buildroot_are_not_compared() {
        let repo = measured();
        images(repo.path(), 1, 1, "2026.08");
        let error = record(&Args {
            images: repo.path().to_owned(),
            option: Some("UPX=y".into()),
            repo: repo.path().to_owned(),
        });
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("2026.05.1") && error.contains("2026.08"),
            "{error}"
        );
    }

    #[test]
    fn costs_of_a_server_that_has_changed_are_stale() {
        let repo = measured();
        let costs = OptionCosts::load(repo.path()).unwrap();
        for (elf, is_fresh) in [
            (242_768, true),
            (250_000, true),
            (260_000, false),
            (200_000, false),
        ] {
            let text = format!(r#"{{"components":{{"server-elf":{elf}}}}}"#);
            fs::write(repo.path().join("docs/measurements/b.json"), text).unwrap();
            assert_eq!(costs.check_age(repo.path()).is_ok(), is_fresh, "{elf}");
        }
    }
}
