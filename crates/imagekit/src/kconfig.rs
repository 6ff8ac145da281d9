//! Kconfig fragments: a setting that did not take effect is a failure.
//!
//! Kconfig drops without a word what it does not know, and what misses a dependency. So each
//! line of each fragment is looked up in the .config that came out.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A fragment file.
#[derive(Debug)]
pub struct Fragment {
    /// The file, as it is said in messages.
    shown: PathBuf,
    text: String,
}

/// What a line of a fragment or of a .config says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting<'a> {
    name: &'a str,
    /// `None`: off.
    value: Option<&'a str>,
}

impl Fragment {
    /// Reads a fragment; `shown` is what messages call it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(path: &Path, shown: PathBuf) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the fragment {}", path.display()))?;
        Ok(Self { shown, text })
    }

    /// A fragment that is in no file; `shown` is what messages call it.
    pub fn new(shown: impl Into<PathBuf>, text: String) -> Self {
        Self {
            shown: shown.into(),
            text,
        }
    }

    /// The same with another line in the place of one.
    pub fn with(mut self, old: &str, new: &str) -> Self {
        self.text = self.text.replace(&format!("{old}\n"), &format!("{new}\n"));
        self
    }

    /// The file's content.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The fragments as one file, in their order: later ones win.
pub fn join(fragments: &[Fragment]) -> String {
    fragments
        .iter()
        .map(|fragment| format!("{}\n", fragment.text()))
        .collect()
}

/// A configuration with the lines of a fragment in the place of its own: of two lines for
/// one name, busybox' kconfig takes the first, other kconfigs the last.
pub fn merge(config: &str, fragment: &str) -> String {
    let named = fragment.lines().filter_map(name).collect::<Vec<_>>();
    let kept = config
        .lines()
        .filter(|line| name(line).is_none_or(|name| !named.contains(&name)))
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    kept + fragment
}

/// The name that a line sets or unsets.
fn name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    let rest = line.strip_prefix("CONFIG_")?;
    let end = rest.find(['=', ' '])?;
    Some(&rest[..end])
}

/// Compares each line of the fragments with the final .config.
///
/// A name that a later fragment sets again is checked against the later one.
///
/// # Errors
/// When a line did not land: all such lines, each with file, line, wanted and found. Also
/// when a line is none that Kconfig reads.
pub fn check(fragments: &[Fragment], config: &Path) -> Result<()> {
    let text = std::fs::read_to_string(config)
        .with_context(|| format!("cannot read {}", config.display()))?;
    compare(fragments, &text)
}

fn compare(fragments: &[Fragment], config: &str) -> Result<()> {
    let landed = config
        .lines()
        .filter_map(|line| setting(line).ok().flatten())
        .map(|setting| (setting.name, setting.value))
        .collect::<HashMap<_, _>>();
    let mut wanted: Vec<(Setting, &Path, usize)> = Vec::new();
    let mut wrong = String::new();
    for fragment in fragments {
        for (at, line) in fragment.text.lines().enumerate() {
            match setting(line) {
                Ok(None) => {}
                Ok(Some(new)) => {
                    wanted.retain(|(old, ..)| old.name != new.name);
                    wanted.push((new, &fragment.shown, at + 1));
                }
                Err(()) => {
                    let file = fragment.shown.display();
                    writeln!(wrong, "  {file}:{}: not a setting: {line:?}", at + 1)?;
                }
            }
        }
    }
    for (setting, file, line) in wanted {
        let found = landed.get(setting.name).copied().flatten();
        if found != setting.value {
            let name = setting.name;
            let file = file.display();
            let (wants, has) = (say(setting.value), say(found));
            writeln!(
                wrong,
                "  {file}:{line}: {name}: {wants} wanted, {has} in the final .config"
            )?;
        }
    }
    if !wrong.is_empty() {
        bail!(
            "settings that did not take effect (because of a missing dependency, or a name that \
             this version lacks):\n{}",
            wrong.trim_end()
        );
    }
    Ok(())
}

fn say(value: Option<&str>) -> String {
    value.map_or_else(|| "off".to_owned(), |value| format!("={value}"))
}

/// Reads a line; `None` for a comment or an empty one.
fn setting(line: &str) -> Result<Option<Setting<'_>>, ()> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("# CONFIG_") {
        // Any other comment may begin with a name as well.
        let name = rest.strip_suffix(" is not set");
        return Ok(name
            .filter(|name| is_name(name))
            .map(|name| Setting { name, value: None }));
    }
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, value) = line
        .strip_prefix("CONFIG_")
        .and_then(|rest| rest.split_once('='))
        .ok_or(())?;
    if !is_name(name) {
        return Err(());
    }
    // Kconfig writes `is not set` for a fragment's `=n`.
    let value = (value != "n").then_some(value);
    Ok(Some(Setting { name, value }))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fragment(name: &str, text: &str) -> Fragment {
        Fragment {
            shown: name.into(),
            text: text.into(),
        }
    }

    const CONFIG: &str = "#\n# Automatically generated file; DO NOT EDIT.\n#\n\
        CONFIG_NET=y\nCONFIG_HZ=100\n# CONFIG_SMP is not set\nCONFIG_NAME=\"a b=c\"\n";

    #[test]
    fn a_fragments_lines_stand_in_the_place_of_the_old_ones() {
        let config = "# head\n# CONFIG_LS is not set\nCONFIG_LSX=y\nCONFIG_CAT=y\n";
        let merged = merge(config, "CONFIG_LS=y\n# CONFIG_CAT is not set\n");
        assert_eq!(
            merged,
            "# head\nCONFIG_LSX=y\nCONFIG_LS=y\n# CONFIG_CAT is not set\n"
        );
    }

    #[test]
    fn what_landed_passes_in_every_form() {
        let text = "# a comment\n\n# CONFIG_NET is what we need\nCONFIG_NET=y\nCONFIG_HZ=100\n\
                    # CONFIG_SMP is not set\n# CONFIG_ABSENT is not set\nCONFIG_GONE=n\n\
                    CONFIG_NAME=\"a b=c\"\n";
        compare(&[fragment("a.config", text)], CONFIG).unwrap();
    }

    #[test]
    fn each_line_that_did_not_land_is_named_with_wanted_and_found() {
        let text = "CONFIG_HZ=250\nCONFIG_JFFS2=y\n# CONFIG_NET is not set\n";
        let error = compare(&[fragment("b/linux.config", text)], CONFIG)
            .unwrap_err()
            .to_string();
        for line in [
            "b/linux.config:1: HZ: =250 wanted, =100 in the final .config",
            "b/linux.config:2: JFFS2: =y wanted, off in the final .config",
            "b/linux.config:3: NET: off wanted, =y in the final .config",
        ] {
            assert!(error.contains(line), "{error}");
        }
    }

    #[test]
    fn a_board_may_set_again_what_all_boards_share() {
        let common = fragment("common", "CONFIG_HZ=250\n# CONFIG_NET is not set\n");
        let board = fragment("board", "CONFIG_HZ=100\nCONFIG_NET=y\n");
        compare(&[common, board], CONFIG).unwrap();
    }

    #[test]
    fn a_line_that_kconfig_does_not_read_is_no_setting() {
        let error = compare(&[fragment("f", "NET=y\nCONFIG_NET\n")], CONFIG).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("f:1: not a setting") && error.contains("f:2: not a setting"));
    }

    proptest! {
        #[test]
        fn a_config_agrees_with_itself_and_a_changed_line_is_found(
            settings in prop::collection::btree_map(
                "[A-Z][A-Z0-9_]{0,9}",
                prop_oneof![Just(None), "[a-z0-9\"]{1,6}".prop_map(Some)], 1..9),
            which in any::<prop::sample::Index>(),
        ) {
            let line = |name: &str, value: &Option<String>| match value {
                Some(value) => format!("CONFIG_{name}={value}\n"),
                None => format!("# CONFIG_{name} is not set\n"),
            };
            let config = settings.iter().map(|(n, v)| line(n, v)).collect::<String>();
            prop_assert!(compare(&[fragment("f", &config)], &config).is_ok());

            let changed = settings.keys().nth(which.index(settings.len())).unwrap();
            let other = settings
                .iter()
                .map(|(n, v)| line(n, if n == changed { &None } else { v }))
                .collect::<String>();
            let was_on = settings[changed].as_deref().is_some_and(|value| value != "n");
            prop_assert_eq!(compare(&[fragment("f", &config)], &other).is_err(), was_on);
        }

        #[test]
        fn a_damaged_config_is_survived(at in 0..CONFIG.len(), cut in 0..9_usize, piece in "[\\PC\n]{0,6}") {
            let rest = CONFIG.get(at + cut..).unwrap_or_default();
            let text = format!("{}{piece}{rest}", &CONFIG[..at]);
            let _ = compare(&[fragment("f", &text)], CONFIG);
            let _ = compare(&[fragment("f", CONFIG)], &text);
        }
    }
}
