//! The generated blocks of docs/ladder.md and of the README.

use anyhow::{Result, bail};
use flashfit::units::Bytes;

use super::article::Article;
use super::bench::ARTICLE_TARGET;
use super::record::{Named, Record, Row, ladder_id};
use super::step::Steps;
use super::{breakdown, price, record_path, tables};
use crate::repo::{DEFAULT_BOARD, Repo};

/// Everything that the page is made of. What was not measured shows as a dash;
/// `cargo xtask ladder --check` says what is missing.
pub struct Page<'a> {
    /// The checkout.
    pub repo: &'a Repo,
    /// The article's table.
    pub article: Article,
    /// The steps.
    pub steps: Steps,
    /// The rows on the article's target.
    pub native: Record,
}

impl<'a> Page<'a> {
    /// Reads the committed measurements.
    ///
    /// # Errors
    /// When one is not understood.
    pub fn new(repo: &'a Repo) -> Result<Self> {
        Ok(Self {
            repo,
            article: Article::read(&repo.path("docs/ladder/2018.json"))?,
            steps: Steps::read(&repo.path("ladder/steps.toml"))?,
            native: read(repo, ARTICLE_TARGET)?,
        })
    }

    /// The content of a block, by its name after `ladder`.
    ///
    /// # Errors
    /// When there is no such block, or a measurement is not understood.
    pub fn block(&self, name: &str) -> Result<String> {
        if let Some(step) = name.strip_prefix("-price-") {
            return price::sentence(self, step);
        }
        match name {
            "" => self.short(),
            "-headline" => Ok(self.headline()),
            "-2018" => tables::of_2018(self),
            "-alone" => tables::steps(self, &self.steps.alone()),
            "-stacked" => tables::steps(self, &self.steps.stacked()),
            "-boards" => tables::boards(self),
            "-beyond" => tables::beyond(self),
            "-company" => tables::company(self),
            "-crates" => Ok(breakdown::crates(
                &read(self.repo, "attribution")?,
                DEFAULT_BOARD,
            )),
            "-functions" => Ok(breakdown::functions(
                &read(self.repo, "attribution")?,
                DEFAULT_BOARD,
            )),
            "-environment" => Ok(self.environment()),
            _ => bail!(
                "no such block; there are: ladder, ladder-headline, ladder-2018, ladder-alone, ladder-stacked, \
                 ladder-beyond, ladder-company, ladder-crates, ladder-functions, \
                 ladder-environment, ladder-boards, ladder-price-STEP"
            ),
        }
    }

    /// A row of the article's target.
    pub fn row(&self, build: &str, steps: &[String]) -> Option<&Row> {
        self.native.row(&ladder_id(build, steps))
    }

    /// The size of a row's file.
    pub fn elf(&self, build: &str, steps: &[String]) -> Option<u64> {
        self.row(build, steps).map(|row| row.weight.elf)
    }

    /// The article's journey and ours in a sentence each.
    fn headline(&self) -> String {
        use super::figures::bytes;
        let everything = self.steps.everything();
        let packed = [&everything[..], &["upx".to_owned()]].concat();
        let journey = |of: &dyn Fn(&[String]) -> Option<u64>| {
            let [from, to, packed] = [&[][..], &everything, &packed].map(|steps| bytes(of(steps)));
            format!("from {from} to {to} bytes, and to {packed} with a packer")
        };
        let then = journey(&|steps| self.article.bytes("release", steps));
        let now = journey(&|steps| self.elf("release", steps));
        format!(
            "In 2018 an article brought a Rocket `Hello, world!` {then}, because it had to fit in \
             a device with 8 MB of flash. The same steps bring actix-web's {now}.\n"
        )
    }

    /// The article's last rows beside ours.
    fn short(&self) -> Result<String> {
        let mut text = super::figures::head(&[
            "`Hello, world!` on x86_64 Linux, bytes",
            ">2018, Rocket",
            ">today, actix-web",
        ]);
        let everything = self.steps.everything();
        let packed = [&everything[..], &["upx".to_owned()]].concat();
        for (said, steps) in [
            ("plain release build", &Vec::new()),
            ("every step of the article", &everything),
            ("the same, packed by UPX", &packed),
        ] {
            text += &super::figures::line(&[
                said.to_owned(),
                super::figures::bytes(self.article.bytes("release", steps)),
                super::figures::bytes(self.elf("release", steps)),
            ]);
        }
        let beyond: Record = read(self.repo, "beyond")?;
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

    fn environment(&self) -> String {
        let environment = &self.native.environment;
        let crates = environment.crates.iter();
        let crates = crates.map(|(name, version)| format!("{name} {version}"));
        let tools = environment.tools.values().cloned();
        format!(
            "In 2018: {}, {}, {}. Today: {}; {}; on {} processors of the kind {}.\n",
            self.article.program,
            self.article.compiler,
            self.article.target,
            crates.collect::<Vec<_>>().join(", "),
            tools.collect::<Vec<_>>().join(", "),
            environment.machine.processors,
            environment.machine.processor,
        )
    }
}

/// A committed record; an empty one where there is none.
///
/// # Errors
/// When it is not understood.
pub fn read<T>(repo: &Repo, part: &str) -> Result<Record<T>>
where
    T: Named + serde::de::DeserializeOwned + serde::Serialize,
{
    Ok(Record::read(&record_path(repo, part))?.unwrap_or_default())
}
