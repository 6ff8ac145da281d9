//! `flashfit import`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use board::Board;
use board::units::Bytes;
use flashfit::import::{self, Source};

use crate::terminal::{OVER, print, tell_error};

/// Convert the map in an mtdparts argument, a device tree or a genimage.cfg to board.toml
///
/// flashfit keeps the map and its numbers, hexadecimal or KiB, as they are, and then checks it
/// like any board.toml. If the map needs corrections, the messages list them and the exit
/// code is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit import board.dts -o board.toml
  flashfit import genimage.cfg
  echo 'mtdparts=spi0.0:512k(boot)ro,-(system)' | flashfit import - --size '8 MiB'")]
pub(crate) struct Args {
    /// The file with the map; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// FILE's format [default: from its name, or mtdparts if it contains `mtdparts=`]
    #[arg(long)]
    pub(crate) from: Option<Source>,
    /// The chip's size [default: from FILE, or the end of the last partition]
    #[arg(long)]
    pub(crate) size: Option<Bytes>,
    /// The chip's erase block [default: from FILE, or 64 KiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) erase_block: Option<Bytes>,
    /// The chip to use if FILE has several: mtd-id, path or label of a node, name of an image
    #[arg(long, value_name = "NAME")]
    pub(crate) chip: Option<String>,
    /// The board.toml to create, which must not exist yet [default: standard output]
    #[arg(short, long, value_name = "BOARD.TOML")]
    pub(crate) output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let standard_input = args.file.as_os_str() == "-";
    let text = match standard_input {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(&args.file),
    };
    let text = text.with_context(|| args.file.display().to_string())?;
    let source = args
        .from
        .or_else(|| Source::of(&args.file, &text))
        .with_context(|| {
            format!(
                "{}: cannot tell whether this is an mtdparts argument, a device tree or a \
             genimage.cfg: choose with --from",
                args.file.display()
            )
        })?;
    let options = import::Options {
        size: args.size,
        erase_block: args.erase_block,
        chip: args.chip.clone(),
    };
    let board_toml = import::import(&text, &args.file, source, &options)?;
    let written = args.output.clone().unwrap_or_else(|| "board.toml".into());
    match &args.output {
        Some(output) => {
            // What is there already may have been corrected by hand.
            let file = std::fs::File::create_new(output);
            let write = file.and_then(|mut file| file.write_all(board_toml.as_bytes()));
            write.with_context(|| format!("{}: cannot be created", output.display()))?;
        }
        None => print(&board_toml)?,
    }
    match Board::parse(&board_toml, &written) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            tell_error(&error.to_string());
            Ok(ExitCode::from(OVER))
        }
    }
}
