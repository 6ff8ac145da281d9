//! Crates that can bring what they otherwise take from the system or the network.

use crate::graph::Member;

/// Words in the names of the features by which they do so.
const WORDS: &[&str] = &["bundled", "vendored", "static", "build-from-source"];

fn named(feature: &str) -> bool {
    WORDS.iter().any(|word| feature.contains(word))
}

impl Member {
    /// Such a feature is on.
    pub(super) fn brings_its_source(&self) -> bool {
        self.features.iter().any(|feature| named(feature))
    }

    /// The features with which it would.
    pub(super) fn offers_its_source(&self) -> Vec<String> {
        let features = self.package.features.keys();
        let offered = features.filter(|feature| named(feature));
        offered.map(|feature| format!("`{feature}`")).collect()
    }

    /// A remedy, and such a feature where there is one.
    pub(super) fn or_a_feature(&self, remedy: String) -> String {
        match &self.offers_its_source()[..] {
            [] => remedy,
            offered => format!(
                "{remedy}; or let {} use its own copy, with its feature {}",
                self.name(),
                offered.join(" or ")
            ),
        }
    }
}
