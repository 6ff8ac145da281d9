//! The command line's choice of series and rows.

use clap::Args;

use super::steps::Combination;

#[derive(Debug, Args)]
pub struct Selection {
    /// Measure only rows whose name contains this, such as `release:strip` or `hyper` (repeatable)
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Measure only this series: x86_64-unknown-linux-gnu, a board, experiments, comparison or attribution (repeatable)
    #[arg(long, value_name = "SERIES")]
    series: Vec<String>,
    /// On the article's target, measure only each step alone
    #[arg(long, conflicts_with = "stacked")]
    alone: bool,
    /// On the article's target, measure only each step on top of the earlier ones
    #[arg(long)]
    stacked: bool,
}

impl Selection {
    /// No series was named: one that this machine cannot measure is left out.
    pub fn is_everything(&self) -> bool {
        self.series.is_empty()
    }

    pub fn has(&self, series: &str) -> bool {
        self.is_everything() || self.series.iter().any(|wanted| wanted == series)
    }

    pub fn rows(&self, ids: Vec<String>) -> Vec<String> {
        let wanted = |id: &String| self.only.is_empty() || self.only.iter().any(|t| id.contains(t));
        ids.into_iter().filter(wanted).collect()
    }

    pub fn combination(&self) -> Combination {
        match (self.alone, self.stacked) {
            (true, _) => Combination::Alone,
            (_, true) => Combination::Stacked,
            _ => Combination::All,
        }
    }
}
