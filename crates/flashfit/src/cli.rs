//! What the command line takes.

use std::path::PathBuf;

use board::units::Bytes;
use clap::{Args, Parser, Subcommand};
use flashfit::import::Source;
use flashfit::layout::Format;

/// Flash layout, assembly and budgets for firmware images
///
/// board.toml defines the layout of the flash chip and the budget of each part. flashfit
/// passes the map to other tools, assembles the image and reports its size before you
/// flash it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, after_long_help = LONG_EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  flashfit import board.dts -o board.toml
  flashfit layout board.toml
  flashfit assemble board.toml output/images
  flashfit check board.toml output/images";

const LONG_EXAMPLES: &str = "\
Examples:
  flashfit import board.dts -o board.toml                 a board.toml of a device tree's map
  flashfit layout board.toml                              the map as a table
  flashfit layout board.toml --format dts                 the map for a device tree
  flashfit layout board.toml --out build                  every form, a file each
  flashfit assemble board.toml output/images -o flash.bin
  flashfit check board.toml output/images
  flashfit check board.toml output/images --json > now.json
  flashfit check board.toml output/images --baseline before.json

Exit codes:
  0  it fits
  1  something is over budget or does not fit (with layout --check: is stale)
  2  board.toml, an imported map, an image or the command line cannot be used

A board.toml needs no more than this:
  [flash]
  size = \"8 MiB\"
  erase-block = \"64 KiB\"

  [[partition]]
  name = \"firmware\"
  offset = \"0 KiB\"
  size = \"8 MiB\"
  image = \"rootfs.squashfs\"
  budget = \"7_000_000 B\"

  [[component]]
  name = \"server\"
  file = \"rootfs.squashfs\"
  path = \"/usr/bin/server\"
  budget = \"200 KiB\"";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(Import),
    Layout(Layout),
    Assemble(Assemble),
    Check(Check),
}

/// Write a board.toml of the map in an mtdparts argument, a device tree or a genimage.cfg
///
/// The map is written as it was found, hexadecimal where it was hexadecimal, and then checked
/// as every board.toml is: exit code 1 and the messages say what to correct in it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  flashfit import board.dts -o board.toml
  flashfit import genimage.cfg
  echo 'mtdparts=spi0.0:512k(boot)ro,-(system)' | flashfit import - --size '8 MiB'")]
pub(crate) struct Import {
    /// The file with the map; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What FILE is [default: by its name, or mtdparts where it has `mtdparts=`]
    #[arg(long)]
    pub(crate) from: Option<Source>,
    /// The chip's size [default: what FILE says, or the end of the last partition]
    #[arg(long)]
    pub(crate) size: Option<Bytes>,
    /// The chip's erase block [default: what FILE says, or 64 KiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) erase_block: Option<Bytes>,
    /// Which chip, where FILE has several: mtd-id, path or label of a node, name of an image
    #[arg(long, value_name = "NAME")]
    pub(crate) chip: Option<String>,
    /// The board.toml to make, which must not be there yet [default: standard output]
    #[arg(short, long, value_name = "BOARD.TOML")]
    pub(crate) output: Option<PathBuf>,
}

/// Check the flash map and print it in the form that a tool needs
///
/// Refuses a map that overlaps, leaves a gap, does not lie on erase blocks, goes past
/// the chip's end or has slots that differ.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  flashfit layout board.toml --format mtdparts
  eval \"$(flashfit layout board.toml --format sh)\"; echo \"$FLASH_SIZE\"
  flashfit layout board.toml --out build --check")]
pub(crate) struct Layout {
    /// The board's facts
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The form; without, a Markdown table, or with --out every form there is
    #[arg(short, long)]
    pub(crate) format: Option<Format>,
    /// Write into this folder, a file for each form; names the files that changed
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write nothing; exit 1 where a file in the folder is not what board.toml says
    #[arg(long, requires = "out")]
    pub(crate) check: bool,
}

/// Put the images of all partitions together as the content of the chip
///
/// What no image covers reads as erased flash, 0xff. The output is there whole or not
/// at all.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  flashfit assemble board.toml output/images -o output/images/flash.bin")]
pub(crate) struct Assemble {
    /// The board's facts
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The folder with the images that board.toml names
    #[arg(value_name = "IMAGES")]
    pub(crate) images: PathBuf,
    /// The file to make [default: flash.bin in IMAGES]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Hold the finished images against their budgets
///
/// Counts what things take on the flash: a partition its image, a component in a
/// squashfs its compressed bytes. `~` marks bytes of files that share a compressed
/// block, which are divided in proportion.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  flashfit check board.toml output/images
  flashfit check board.toml output/images --json > before.json
  flashfit check board.toml output/images --baseline before.json")]
pub(crate) struct Check {
    /// The board's facts
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The folder with the images that board.toml names
    #[arg(value_name = "IMAGES")]
    pub(crate) images: PathBuf,
    /// Print JSON, with every file of every squashfs (schema flashfit-check/1)
    #[arg(long)]
    pub(crate) json: bool,
    /// An earlier --json output: name what grew since
    #[arg(long, value_name = "OLD.json")]
    pub(crate) baseline: Option<PathBuf>,
    /// Propose tighter budgets where a tenth or more is unused
    #[arg(long)]
    pub(crate) suggest: bool,
}
