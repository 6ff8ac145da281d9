//! docs/ladder.md: its generated blocks, and the picture.

mod breakdown;
mod chart;
mod cost;
mod data;
mod spread;
mod tables;

use anyhow::{Result, bail};
use board::units::Bytes;
use flashfit::table::Table;

use super::record::Record;
use crate::figures::bytes;
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use data::PageData;

/// The content of a generated block whose name begins with `ladder`.
pub fn block(repo: &Repo, name: &str) -> Result<String> {
    let page = &PageData::new(repo)?;
    let steps = &page.inputs.steps;
    if let Some(step) = name.strip_prefix("ladder-cost-") {
        return cost::sentence(page, step);
    }
    match name {
        "ladder" => short(page),
        "ladder-headline" => Ok(headline(page)),
        "ladder-2018" => tables::of_2018(page),
        "ladder-alone" => tables::steps(page, &steps.alone()),
        "ladder-stacked" => tables::steps(page, &steps.stacked()),
        "ladder-boards" => tables::boards(page),
        "ladder-experiments" => tables::experiments(page),
        "ladder-comparison" => tables::comparison(page),
        "ladder-crates" => {
            let record = Record::load(repo, "attribution")?;
            Ok(breakdown::crates(&record, DEFAULT_BOARD))
        }
        "ladder-functions" => {
            let record = Record::load(repo, "attribution")?;
            Ok(breakdown::functions(&record, DEFAULT_BOARD))
        }
        "ladder-environment" => Ok(environment(page)),
        _ => bail!(
            "no such block; there are: ladder, ladder-headline, ladder-2018, ladder-alone, \
             ladder-stacked, ladder-experiments, ladder-comparison, ladder-crates, \
             ladder-functions, ladder-environment, ladder-boards, ladder-cost-STEP"
        ),
    }
}

pub fn chart(repo: &Repo) -> Result<String> {
    chart::svg(&PageData::new(repo)?)
}

/// The article's journey and ours in a sentence each.
fn headline(page: &PageData) -> String {
    let everything = page.inputs.steps.everything();
    let packed = [&everything[..], &["upx".to_owned()]].concat();
    let journey = |of: &dyn Fn(&[String]) -> Option<u64>| {
        let [from, to, packed] = [&[][..], &everything, &packed].map(|steps| bytes(of(steps)));
        format!("from {from} to {to} bytes, and to {packed} with a packer")
    };
    let then = journey(&|steps| page.inputs.article.bytes("release", steps));
    let now = journey(&|steps| page.elf("release", steps));
    format!(
        "In 2018, an article shrank a Rocket `Hello, world!` {then}, to fit a device with 8 MB \
         of flash. The same steps shrink actix-web's {now}.\n"
    )
}

/// The article's last rows beside ours.
fn short(page: &PageData) -> Result<String> {
    let mut table = Table::new(&[
        "`Hello, world!` on x86_64 Linux, bytes",
        ">2018, Rocket",
        ">today, actix-web",
    ]);
    let everything = page.inputs.steps.everything();
    let packed = [&everything[..], &["upx".to_owned()]].concat();
    for (said, steps) in [
        ("plain release build", &Vec::new()),
        ("every step of the article", &everything),
        ("the same, packed by UPX", &packed),
    ] {
        table.row(&[
            &said,
            &bytes(page.inputs.article.bytes("release", steps)),
            &bytes(page.elf("release", steps)),
        ]);
    }
    let mut text = table.markdown();
    let experiments: Record = Record::load(page.repo, "experiments")?;
    let row = |name: &str| experiments.row(&format!("{DEFAULT_BOARD}/{name}"));
    if let (Some(all), Some(best)) = (row("everything"), row("served")) {
        text += &format!(
            "\nOn the board, the same steps give a static program of {} bytes as a file and {} on \
             flash, or **{}** and **{}** if the device's own server loop, \
             [`tinyrust_serve`](app/serve/examples/hello.rs), serves the `App`.\n",
            Bytes(all.sizes.elf),
            Bytes(all.sizes.flash),
            Bytes(best.sizes.elf),
            Bytes(best.sizes.flash),
        );
    }
    text += "[docs/ladder.md](docs/ladder.md) shows each step and its cost.\n";
    Ok(text)
}

fn environment(page: &PageData) -> String {
    let environment = &page.native.environment;
    let crates = environment.crates.iter();
    let crates = crates.map(|(name, version)| format!("{name} {version}"));
    let tools = environment.tools.values().cloned();
    format!(
        "In 2018: {}, {}, {}. Today: {}; {}; on {} processors ({}).\n",
        page.inputs.article.program,
        page.inputs.article.compiler,
        page.inputs.article.target,
        crates.collect::<Vec<_>>().join(", "),
        tools.collect::<Vec<_>>().join(", "),
        environment.machine.processors,
        environment.machine.processor,
    )
}
