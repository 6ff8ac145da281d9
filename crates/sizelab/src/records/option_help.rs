//! The measured costs in the help texts of the options.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use board::units::{Bytes, Difference};

use super::option_costs::{FILE, OptionCosts};

/// How the paragraph of a help text begins that this program writes.
const MARK: &str = "Measured";

/// How wide `check-package` lets a line of a help text be, without the indent.
const WIDTH: usize = 62;

/// A file of options with the costs in its help texts.
pub fn with_costs(costs: &OptionCosts, menu: &str) -> Result<String> {
    let mut out = String::new();
    let mut symbol = "";
    let mut lines = menu.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("config ") {
            symbol = name;
        }
        if !line.trim_start().starts_with(MARK) {
            writeln!(out, "{line}")?;
            continue;
        }
        while lines.peek().is_some_and(|next| next.starts_with("\t  ")) {
            lines.next();
        }
        for line in wrap(&sentence(costs, symbol)?) {
            writeln!(out, "\t  {line}")?;
        }
    }
    Ok(out)
}

fn sentence(costs: &OptionCosts, symbol: &str) -> Result<String> {
    let Some((option, sizes)) = costs.options.iter().find(|(option, _)| {
        option
            .split_once('=')
            .is_some_and(|(name, _)| name == symbol)
    }) else {
        bail!("{FILE} has no {symbol}=…: its help text gives a cost that was not measured");
    };
    let value = &option[symbol.len() + 1..];
    let with = match value {
        "y" => "on".to_owned(),
        "n" => "off".to_owned(),
        other => other.to_owned(),
    };
    let more = |now, before| format!("{:+}", Difference::between(Bytes(before), Bytes(now)));
    Ok(format!(
        "{MARK} on {} with Buildroot {}, {with}: the server's ELF {} bytes, the root file \
             system {} bytes on flash (ELF {}).{}",
        costs.board,
        costs.buildroot,
        more(sizes.elf, costs.defconfig.elf),
        more(sizes.rootfs, costs.defconfig.rootfs),
        Bytes(sizes.elf),
        if sizes.fits {
            ""
        } else {
            " More than the board's budgets in board.toml allow."
        }
    ))
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a first line");
        if !last.is_empty() && last.len() + 1 + word.len() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::option_costs::tests::measured;
    use super::*;

    #[test]
    fn the_cost_of_an_option_stands_in_its_help_text() {
        let mut costs = OptionCosts::load(measured().path()).unwrap();
        let menu = "config UPX\n\thelp\n\t  Pack it.\n\n\t  Measured yesterday: less\n\t  than today.\n\nconfig B\n";
        let printed = with_costs(&costs, menu).unwrap();
        assert_eq!(
            printed,
            "config UPX\n\thelp\n\t  Pack it.\n\n\
             \t  Measured on b with Buildroot 2026.05.1, on: the server's ELF\n\
             \t  -122,768 bytes, the root file system +1,234 bytes on flash\n\
             \t  (ELF 120,000).\n\nconfig B\n"
        );
        assert_eq!(with_costs(&costs, &printed).unwrap(), printed);
        costs
            .options
            .values_mut()
            .for_each(|sizes| sizes.fits = false);
        let over = with_costs(&costs, menu).unwrap();
        let words = over.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("More than the board's budgets in board.toml allow."),
            "{over}"
        );
    }

    #[test]
    fn a_cost_that_was_not_measured_is_an_error() {
        let costs = OptionCosts::load(measured().path()).unwrap();
        let error = with_costs(&costs, "config OTHER\n\thelp\n\t  Measured: no.\n");
        assert!(error.unwrap_err().to_string().contains("no OTHER="));
    }
}
