//! The generated blocks of docs/ladder.md and of the README.

use anyhow::{Result, bail};
use board::units::Bytes;
use buildkit::checkout::DEFAULT_BOARD;

use super::page::{Page, read};
use super::record::Record;
use super::{breakdown, figures, price, tables};

/// The content of a block, by its name after `ladder`.
///
/// # Errors
/// When there is no such block, or a measurement is not understood.
pub fn content(page: &Page, name: &str) -> Result<String> {
    if let Some(step) = name.strip_prefix("-price-") {
        return price::sentence(page, step);
    }
    match name {
        "" => short(page),
        "-headline" => Ok(headline(page)),
        "-2018" => tables::of_2018(page),
        "-alone" => tables::steps(page, &page.steps.alone()),
        "-stacked" => tables::steps(page, &page.steps.stacked()),
        "-boards" => tables::boards(page),
        "-beyond" => tables::beyond(page),
        "-company" => tables::company(page),
        "-crates" => Ok(breakdown::crates(
            &read(page.repo, "attribution")?,
            DEFAULT_BOARD,
        )),
        "-functions" => Ok(breakdown::functions(
            &read(page.repo, "attribution")?,
            DEFAULT_BOARD,
        )),
        "-environment" => Ok(environment(page)),
        _ => bail!(
            "no such block; there are: ladder, ladder-headline, ladder-2018, ladder-alone, ladder-stacked, \
             ladder-beyond, ladder-company, ladder-crates, ladder-functions, \
             ladder-environment, ladder-boards, ladder-price-STEP"
        ),
    }
}

/// The article's journey and ours in a sentence each.
fn headline(page: &Page) -> String {
    use figures::bytes;
    let everything = page.steps.everything();
    let packed = [&everything[..], &["upx".to_owned()]].concat();
    let journey = |of: &dyn Fn(&[String]) -> Option<u64>| {
        let [from, to, packed] = [&[][..], &everything, &packed].map(|steps| bytes(of(steps)));
        format!("from {from} to {to} bytes, and to {packed} with a packer")
    };
    let then = journey(&|steps| page.article.bytes("release", steps));
    let now = journey(&|steps| page.elf("release", steps));
    format!(
        "In 2018 an article brought a Rocket `Hello, world!` {then}, because it had to fit in \
         a device with 8 MB of flash. The same steps bring actix-web's {now}.\n"
    )
}

/// The article's last rows beside ours.
fn short(page: &Page) -> Result<String> {
    let mut text = figures::head(&[
        "`Hello, world!` on x86_64 Linux, bytes",
        ">2018, Rocket",
        ">today, actix-web",
    ]);
    let everything = page.steps.everything();
    let packed = [&everything[..], &["upx".to_owned()]].concat();
    for (said, steps) in [
        ("plain release build", &Vec::new()),
        ("every step of the article", &everything),
        ("the same, packed by UPX", &packed),
    ] {
        text += &figures::line(&[
            said.to_owned(),
            figures::bytes(page.article.bytes("release", steps)),
            figures::bytes(page.elf("release", steps)),
        ]);
    }
    let beyond: Record = read(page.repo, "beyond")?;
    let row = |name: &str| beyond.row(&format!("{DEFAULT_BOARD}/{name}"));
    if let (Some(all), Some(best)) = (row("everything"), row("served")) {
        text += &format!(
            "\nOn the board, static, the same steps give {} bytes of file and {} on flash; \
             **{}** and **{}** where actix-web's `App` is served as the device's own server is, \
             by `tinyrust::serve` ([`served.rs`](app/examples/served.rs)).\n",
            Bytes(all.weight.elf),
            Bytes(all.weight.flash),
            Bytes(best.weight.elf),
            Bytes(best.weight.flash),
        );
    }
    text += "[docs/ladder.md](docs/ladder.md) has each step and what it costs.\n";
    Ok(text)
}

fn environment(page: &Page) -> String {
    let environment = &page.native.environment;
    let crates = environment.crates.iter();
    let crates = crates.map(|(name, version)| format!("{name} {version}"));
    let tools = environment.tools.values().cloned();
    format!(
        "In 2018: {}, {}, {}. Today: {}; {}; on {} processors of the kind {}.\n",
        page.article.program,
        page.article.compiler,
        page.article.target,
        crates.collect::<Vec<_>>().join(", "),
        tools.collect::<Vec<_>>().join(", "),
        environment.machine.processors,
        environment.machine.processor,
    )
}
