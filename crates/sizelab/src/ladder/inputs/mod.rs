//! What the size study is made of, as data: the steps, the article's table, the experiments and
//! the servers that are compared.

pub mod article;
pub mod experiments;
pub mod servers;
pub mod steps;

use anyhow::Result;

use article::Article;
use buildkit::checkout::Repo;
use experiments::Experiments;
use servers::Servers;
use steps::SizeSteps;

/// The files of the checkout, each read once.
pub struct Inputs {
    pub steps: SizeSteps,
    pub article: Article,
    pub experiments: Experiments,
    pub servers: Servers,
}

impl Inputs {
    pub fn read(repo: &Repo) -> Result<Self> {
        Ok(Self {
            steps: SizeSteps::read(&repo.path("crates/sizelab/steps.toml"))?,
            article: Article::read(&repo.path("docs/ladder/2018.json"))?,
            experiments: Experiments::read(&repo.path("crates/sizelab/experiments.toml"))?,
            servers: Servers::read(&repo.path("crates/sizelab/comparison.toml"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_article_is_made_of_our_steps_in_their_order() {
        let inputs = Inputs::read(&Repo::find().unwrap()).unwrap();
        assert_eq!(inputs.article.rows.len(), 23);
        for row in &inputs.article.rows {
            let known = inputs.steps.in_order(&row.steps).unwrap();
            let names = known.iter().map(|step| step.name.clone());
            assert_eq!(names.collect::<Vec<_>>(), row.steps, "{}", row.label);
        }
    }
}
