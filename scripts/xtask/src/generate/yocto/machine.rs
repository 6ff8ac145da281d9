//! A board as a machine of bitbake.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use board::Board;
use flashfit::layout::facts;

use super::{head, tunes};

/// The machine's .conf.
///
/// # Errors
/// When the board lacks a table, has a CPU without a tune, or a value that no variable can hold.
pub(super) fn render(board: &Board) -> Result<String> {
    let toml = board.path.display();
    let rust = board.require(&board.rust, "rust")?;
    let cc = board.require(&board.cc, "cc")?;
    let linux = board.require(&board.linux, "linux")?;
    let (include, tune) =
        tunes::tune(&rust.target, &cc.cflags).with_context(|| toml.to_string())?;
    let mut facts = facts(board);
    // flashfit lists where each file of the boot partition goes, not where U-Boot's build leaves it.
    let u_boot = board.require(&board.u_boot, "u-boot")?;
    let built = u_boot
        .files
        .iter()
        .map(|f| format!("{}={}", f.file.display(), f.built.display()));
    facts.push((
        "U_BOOT_BUILT".to_owned(),
        built.collect::<Vec<_>>().join(" "),
    ));
    let mut variables = String::new();
    for (name, value) in facts {
        ensure!(
            !value.contains('"'),
            "{toml}: {name} contains a quote, which a bitbake variable cannot hold: {value}"
        );
        writeln!(variables, "TINYRUST_{name} = \"{value}\"")?;
    }
    Ok(format!(
        "#@TYPE: Machine\n#@NAME: {}\n#@DESCRIPTION: A board of tinyrust, {toml}\n\n{}\
         DEFAULTTUNE ?= \"{tune}\"\nrequire conf/machine/include/{include}\n\n{variables}\n\
         KERNEL_IMAGETYPE = \"{}\"\n\nrequire conf/machine/include/tinyrust-board.inc\n",
        board.title.as_ref().unwrap_or(&board.name),
        head(&toml.to_string()),
        linux.image,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_bitbake_cannot_hold_is_an_error() {
        let text = "title = 'a \"b\"'\n\
            [rust]\ntarget = \"x86_64-unknown-linux-musl\"\nprofile = \"tiny\"\nallocator = \"system\"\n\
            [cc]\nprefix = \"x\"\n[linux]\narch = \"x86_64\"\nbase = \"tinyconfig\"\nimage = \"bzImage\"\n\
            [u-boot]\ndefconfig = \"x\"\nfiles = []\n\
            [flash]\nsize = \"1 MiB\"\nerase-block = \"64 KiB\"\n\
            [[partition]]\nname = \"all\"\noffset = \"0 KiB\"\nsize = \"1 MiB\"\n";
        let error = render(&Board::parse(text, "b/board.toml".as_ref()).unwrap()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("b/board.toml: BOARD_TITLE contains a quote"),
            "{error}"
        );
        let plain = text
            .replace('"', "'")
            .replace("title = 'a 'b''", "title = 'a'");
        let text = render(&Board::parse(&plain, "b/board.toml".as_ref()).unwrap()).unwrap();
        assert!(text.contains("\nDEFAULTTUNE ?= \"x86-64\"\n"), "{text}");
        assert!(
            text.contains("\nTINYRUST_FLASH_SIZE = \"1048576\"\n"),
            "{text}"
        );
    }
}
