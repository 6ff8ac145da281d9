//! The generated blocks of docs/ladder.md and of the README.

use anyhow::{Context, Result, bail};
use flashfit::units::Bytes;

use super::article::Article;
use super::bench::ARTICLE_TARGET;
use super::beyond::{Beyond, Verdict};
use super::company::Company;
use super::record::{Named, Record, Row, ladder_id, ladder_parts};
use super::record_path;
use super::step::Steps;
use super::{breakdown, price};
use crate::repo::{DEFAULT_BOARD, Repo};

/// Everything that the page is made of.
pub struct Page<'a> {
    repo: &'a Repo,
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
    /// When one is missing or not understood.
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
    /// When there is no such block, or nothing was measured that it could say.
    pub fn block(&self, name: &str) -> Result<String> {
        if let Some(step) = name.strip_prefix("-price-") {
            return price::sentence(self, step);
        }
        if let Some(board) = name.strip_prefix("-board-") {
            return self.board(board);
        }
        match name {
            "" => self.short(),
            "-2018" => self.table_of_2018(),
            "-alone" => self.steps_table(&self.steps.alone()),
            "-stacked" => self.steps_table(&self.steps.stacked()),
            "-beyond" => self.beyond(),
            "-company" => self.company(),
            "-crates" => breakdown::crates(&read(self.repo, "attribution")?, DEFAULT_BOARD),
            "-functions" => breakdown::functions(&read(self.repo, "attribution")?, DEFAULT_BOARD),
            "-environment" => Ok(self.environment()),
            _ => bail!(
                "no such block; there are: ladder, ladder-2018, ladder-alone, ladder-stacked, \
                 ladder-beyond, ladder-company, ladder-crates, ladder-functions, \
                 ladder-environment, ladder-board-BOARD, ladder-price-STEP"
            ),
        }
    }

    /// A row of the article's target.
    ///
    /// # Errors
    /// When it was not measured.
    pub fn row(&self, build: &str, steps: &[String]) -> Result<&Row> {
        let id = ladder_id(build, steps);
        let row = self.native.row(&id);
        row.with_context(|| format!("{ARTICLE_TARGET}.json has no row {id}: cargo xtask ladder"))
    }

    /// The article's last two rows beside ours.
    fn short(&self) -> Result<String> {
        let mut text = String::from(
            "| `Hello, world!` on x86_64 Linux | 2018, Rocket | tinyrust, actix-web |\n|---|---:|---:|\n",
        );
        let everything = self.steps.everything();
        let mut packed = everything.clone();
        packed.push("upx".to_owned());
        for (said, steps) in [
            ("plain release build", Vec::new()),
            ("every step of the article", everything),
            ("the same, packed by UPX", packed),
        ] {
            let then = self.article.bytes("release", &steps);
            let then = then.with_context(|| format!("2018.json has no {}", steps.join("+")))?;
            let now = self.row("release", &steps)?.weight.elf;
            text += &format!("| {said} | {} | {} |\n", Bytes(then), Bytes(now));
        }
        let beyond: Record = read(self.repo, "beyond")?;
        let best = beyond.row(&format!("{DEFAULT_BOARD}/own-accept-loop"));
        if let Some(best) = best {
            text += &format!(
                "\nOn the board the same program takes **{} bytes of flash** ({} bytes of static ELF); \
                 what was tried, and what each byte cost, is in [docs/ladder.md](docs/ladder.md).\n",
                Bytes(best.weight.flash),
                Bytes(best.weight.elf),
            );
        }
        Ok(text)
    }

    fn table_of_2018(&self) -> Result<String> {
        let mut text = String::from(
            "| build | modifications | 2018 | change | today | change | today / 2018 |\n\
             |---|---|---:|---:|---:|---:|---:|\n",
        );
        for row in &self.article.rows {
            let now = self.row(&row.build, &row.steps)?.weight.elf;
            text += &format!(
                "| {} | {} | {} | {} | {} | {} | {} |\n",
                row.build,
                row.label,
                Bytes(row.bytes),
                change(row.bytes, self.article.baseline(&row.build)?),
                Bytes(now),
                change(now, self.row(&row.build, &[])?.weight.elf),
                percent(now, row.bytes),
            );
        }
        Ok(text)
    }

    /// The steps in all columns, for both builds.
    fn steps_table(&self, chosen: &[Vec<String>]) -> Result<String> {
        let mut text = String::from(
            "| build | step | ELF | change | UPX | on flash | build, CPU s | start, ms \
             | anonymous, KiB | resident, KiB | requests |\n\
             |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for build in self.steps.builds() {
            let baseline = self.row(build, &[])?;
            for steps in std::iter::once(&Vec::new()).chain(chosen) {
                let title = match steps.last() {
                    Some(last) if steps.len() > 1 => format!("+ {}", self.steps.step(last)?.title),
                    Some(only) => self.steps.step(only)?.title.clone(),
                    None => "none".to_owned(),
                };
                let row = self.row(build, steps)?;
                text += &format!("| {build} | {title} {}\n", self.columns(row, baseline));
            }
        }
        Ok(text)
    }

    fn columns(&self, row: &Row, baseline: &Row) -> String {
        let weight = &row.weight;
        let mut text = format!(
            "| {} | {} | {} | {} | {:.0} ",
            Bytes(weight.elf),
            change(weight.elf, baseline.weight.elf),
            optional(weight.upx),
            Bytes(weight.flash),
            weight.build_seconds,
        );
        text += &match &row.runtime {
            Some(run) => format!(
                "| {:.1} | {} | {} | {:.2} |",
                run.start_ms,
                Bytes(run.anonymous_kib),
                Bytes(run.resident_kib),
                run.requests_ratio
            ),
            None => "|".to_owned(),
        };
        text
    }

    fn board(&self, board: &str) -> Result<String> {
        let record: Record = read(self.repo, board)?;
        let baseline = record.rows.first().context("the record is empty")?;
        let mut text = String::from(
            "| step | ELF | change | UPX | on flash | build, CPU s |\n|---|---:|---:|---:|---:|---:|\n",
        );
        for row in &record.rows {
            let (_, steps) = ladder_parts(&row.id);
            let title = match steps.last() {
                Some(last) => format!("+ {}", self.steps.step(last)?.title),
                None => "none".to_owned(),
            };
            text += &format!("| {title} {}\n", self.columns(row, baseline));
        }
        Ok(text)
    }

    fn beyond(&self) -> Result<String> {
        let record: Record = read(self.repo, "beyond")?;
        let beyond = Beyond::read(&self.repo.path("ladder/beyond.toml"))?;
        let mut text = format!(
            "| change | {DEFAULT_BOARD}: ELF | on flash | x86_64: ELF | on flash | |\n\
             |---|---:|---:|---:|---:|---|\n"
        );
        let cells = |name: &str| -> Result<String> {
            let mut cells = String::new();
            for part in [DEFAULT_BOARD, ARTICLE_TARGET] {
                let best = record.row(&format!("{part}/everything"));
                let best = best.with_context(|| format!("beyond.json has no {part}/everything"))?;
                cells += &match record.row(&format!("{part}/{name}")) {
                    Some(row) if name == "everything" => {
                        let Row { weight, .. } = row;
                        format!("| **{}** | **{}** ", Bytes(weight.elf), Bytes(weight.flash))
                    }
                    Some(row) => format!(
                        "| {} | {} ",
                        difference(row.weight.elf, best.weight.elf),
                        difference(row.weight.flash, best.weight.flash)
                    ),
                    None => "| | ".to_owned(),
                };
            }
            Ok(cells)
        };
        text += &format!("| everything {}| |\n", cells("everything")?);
        for experiment in &beyond.experiment {
            let verdict = match experiment.verdict {
                Verdict::Kept => "in the product",
                Verdict::Rejected => "rejected",
                Verdict::Fails => "does not compile",
            };
            text += &format!(
                "| {} {}| {verdict}: {} |\n",
                experiment.title,
                cells(&experiment.name)?,
                experiment.reason
            );
        }
        Ok(text)
    }

    fn company(&self) -> Result<String> {
        let record: Record = read(self.repo, "company")?;
        let company = Company::read(&self.repo.path("ladder/company.toml"))?;
        let mut text = String::from(
            "| server | files | on flash | start, ms | anonymous, KiB | resident, KiB | requests |\n\
             |---|---:|---:|---:|---:|---:|---:|\n",
        );
        for server in &company.server {
            let row = record.row(&server.name);
            let row = row.with_context(|| format!("company.json has no row {}", server.name))?;
            let run = row.runtime.context("a server that was not run")?;
            text += &format!(
                "| {} | {} | {} | {:.1} | {} | {} | {:.2} |\n",
                server.title,
                Bytes(row.weight.elf),
                Bytes(row.weight.flash),
                run.start_ms,
                Bytes(run.anonymous_kib),
                Bytes(run.resident_kib),
                run.requests_ratio
            );
        }
        Ok(text)
    }

    fn environment(&self) -> String {
        let environment = &self.native.environment;
        let list = |map: &std::collections::BTreeMap<String, String>| {
            let all = map
                .iter()
                .map(|(name, version)| format!("{name} {version}"));
            all.collect::<Vec<_>>().join(", ")
        };
        format!(
            "In 2018: {}, {}, {}. Today: {}; {}; on {} processors of the kind {}.\n",
            self.article.program,
            self.article.compiler,
            self.article.target,
            list(&environment.crates),
            environment
                .tools
                .values()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
            environment.machine.processors,
            environment.machine.processor,
        )
    }
}

/// A committed record.
///
/// # Errors
/// When there is none.
pub fn read<T>(repo: &Repo, part: &str) -> Result<Record<T>>
where
    T: Named + serde::de::DeserializeOwned + serde::Serialize,
{
    let path = record_path(repo, part);
    let record = Record::read(&path)?;
    record.with_context(|| format!("{} is missing: cargo xtask ladder", repo.shown(&path)))
}

/// `-82.4 %`.
#[allow(clippy::cast_precision_loss, reason = "sizes stay far below 2^52")]
pub fn change(now: u64, before: u64) -> String {
    let percent = (now as f64 / before as f64 - 1.0) * 100.0;
    if percent.abs() < 0.05 {
        return "0 %".to_owned();
    }
    format!("{percent:+.1} %")
}

#[allow(clippy::cast_precision_loss, reason = "sizes stay far below 2^52")]
fn percent(part: u64, whole: u64) -> String {
    format!("{:.0} %", part as f64 / whole as f64 * 100.0)
}

/// `+1,234` or `-1,234`.
pub fn difference(now: u64, before: u64) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Less => format!("-{}", Bytes(before - now)),
        std::cmp::Ordering::Equal => "0".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", Bytes(now - before)),
    }
}

fn optional(size: Option<u64>) -> String {
    size.map_or("–".to_owned(), |size| Bytes(size).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_unit() {
        assert_eq!(change(1_749_216, 6_706_984), "-73.9 %");
        assert_eq!(change(100, 100), "0 %");
        assert_eq!(difference(1000, 2500), "-1,500");
        assert_eq!(difference(2500, 1000), "+1,500");
        assert_eq!(percent(1, 4), "25 %");
    }
}
