//! `cargo xtask cache`: what the cache holds, and removing what was not used for long.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use board::units::Bytes;
use buildkit::cache::Cache;
use buildkit::stock::{Item, Keep, Stock};
use clap::Args;
use flashfit::table::Table;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The command line.
#[derive(Args)]
pub struct Arguments {
    /// Remove entries that no build has used for 30 days
    #[arg(long)]
    prune: bool,
    /// With --prune: use this number of days instead of 30
    #[arg(
        long,
        value_name = "DAYS",
        requires = "prune",
        conflicts_with = "keep_below"
    )]
    older_than: Option<u32>,
    /// With --prune: remove the least recently used entries until this size is left, as in "20 GiB"
    #[arg(long, value_name = "SIZE", requires = "prune")]
    keep_below: Option<Bytes>,
}

impl Arguments {
    /// Prints, and removes.
    pub fn run(&self) -> Result<()> {
        let cache = Cache::from_environment()?;
        let stock = Stock::of(&cache)?;
        if self.prune {
            return self.remove(&cache, &stock);
        }
        println!("{}", cache.root().display());
        print!("{}", table(&stock).text());
        Ok(())
    }

    fn remove(&self, cache: &Cache, stock: &Stock) -> Result<()> {
        let keep = match self.keep_below {
            Some(size) => Keep::Below(size.get()),
            None => Keep::UsedWithin(DAY * self.older_than.unwrap_or(30)),
        };
        let (mut removed, mut freed) = (0, 0);
        for item in stock.surplus(keep) {
            let name = format!("{}/{}", item.kind, item.name);
            let words = match item.remove(cache)? {
                true => {
                    removed += 1;
                    freed += item.bytes;
                    "removed"
                }
                false => "in use:",
            };
            println!(
                "{words} {name}, {}, last used {}",
                mebibytes(item.bytes),
                ago(item.used)
            );
        }
        let all = stock.other + total(&stock.items);
        println!(
            "removed {removed} of {}: {}; {} remain",
            stock.items.len(),
            mebibytes(freed),
            mebibytes(all - freed)
        );
        Ok(())
    }
}

/// A row for each kind, the largest first.
fn table(stock: &Stock) -> Table {
    let mut kinds: Vec<Vec<&Item>> = Vec::new();
    for item in &stock.items {
        match kinds.iter_mut().find(|kind| kind[0].kind == item.kind) {
            Some(kind) => kind.push(item),
            None => kinds.push(vec![item]),
        }
    }
    let size = |items: &Vec<&Item>| items.iter().map(|item| item.bytes).sum::<u64>();
    kinds.sort_by_key(|kind| std::cmp::Reverse(size(kind)));
    let mut table = Table::new(&["kind", ">entries", ">size", ">last used"]);
    for kind in &kinds {
        let last = kind.iter().map(|item| item.used).max();
        let last = last.map_or_else(String::new, ago);
        table.row(&[&kind[0].kind, &kind.len(), &mebibytes(size(kind)), &last]);
    }
    table.row(&[&"other", &"", &mebibytes(stock.other), &""]);
    let all = stock.other + total(&stock.items);
    table.row(&[&"total", &stock.items.len(), &mebibytes(all), &""]);
    table
}

fn total(items: &[Item]) -> u64 {
    items.iter().map(|item| item.bytes).sum()
}

fn mebibytes(bytes: u64) -> String {
    let tenths = (bytes * 10).div_ceil(1 << 20);
    format!("{}.{} MiB", Bytes(tenths / 10), tenths % 10)
}

fn ago(time: SystemTime) -> String {
    let age = SystemTime::now().duration_since(time).unwrap_or_default();
    match age.as_secs() / DAY.as_secs() {
        0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_are_said_in_the_units_of_people() {
        assert_eq!(mebibytes(1), "0.1 MiB");
        assert_eq!(mebibytes(3 << 30), "3,072.0 MiB");
        assert_eq!(ago(SystemTime::now() - DAY * 40), "40 days ago");
        assert_eq!(ago(SystemTime::now() + DAY), "today");
    }
}
