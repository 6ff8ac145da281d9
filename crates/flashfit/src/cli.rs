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
  flashfit import board.dts -o board.toml                 convert a device tree's map
  flashfit layout board.toml                              print the map as a table
  flashfit layout board.toml --format dts                 print it for a device tree
  flashfit layout board.toml --out build                  write every format to a file
  flashfit assemble board.toml output/images -o flash.bin
  flashfit check board.toml output/images
  flashfit check board.toml output/images --json > now.json
  flashfit check board.toml output/images --baseline before.json

Exit codes:
  0  everything fits
  1  a part is over budget or does not fit (with layout --check: a file is stale)
  2  board.toml, an imported map, an image or the command line is invalid

A minimal board.toml:
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

/// Convert the map in an mtdparts argument, a device tree or a genimage.cfg to board.toml
///
/// flashfit keeps the map and its numbers, hexadecimal or KiB, as they are, and then checks it
/// like any board.toml. If the map needs corrections, the messages list them and the exit
/// code is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  flashfit import board.dts -o board.toml
  flashfit import genimage.cfg
  echo 'mtdparts=spi0.0:512k(boot)ro,-(system)' | flashfit import - --size '8 MiB'")]
pub(crate) struct Import {
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

/// Check the flash map and print it in the format that a tool needs
///
/// Rejects a map whose partitions overlap, leave a gap, are not aligned to erase blocks or
/// extend past the end of the chip, and slots that differ.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  flashfit layout board.toml --format mtdparts
  eval \"$(flashfit layout board.toml --format sh)\"; echo \"$FLASH_SIZE\"
  flashfit layout board.toml --out build --check")]
pub(crate) struct Layout {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The format [default: markdown; with --out, all formats]
    #[arg(short, long)]
    pub(crate) format: Option<Format>,
    /// Write a file for each format into this folder, and name the files that changed
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write nothing; exit 1 if a file in the folder is stale
    #[arg(long, requires = "out")]
    pub(crate) check: bool,
}

/// Assemble the images of all partitions into the content of the chip
///
/// Space without an image becomes erased flash, 0xff. The output appears only once it is
/// complete.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  flashfit assemble board.toml output/images -o output/images/flash.bin")]
pub(crate) struct Assemble {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The folder with the images that board.toml names
    #[arg(value_name = "IMAGES")]
    pub(crate) images: PathBuf,
    /// The file to create [default: flash.bin in IMAGES]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Check the finished images against their budgets
///
/// Counts bytes on the flash: the image of a partition, the compressed bytes of a
/// component in a squashfs. `~` marks files that share a compressed block, whose bytes
/// are divided in proportion.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  flashfit check board.toml output/images
  flashfit check board.toml output/images --json > before.json
  flashfit check board.toml output/images --baseline before.json")]
pub(crate) struct Check {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The folder with the images that board.toml names
    #[arg(value_name = "IMAGES")]
    pub(crate) images: PathBuf,
    /// Print JSON, with every file of every squashfs (schema flashfit-check/1)
    #[arg(long)]
    pub(crate) json: bool,
    /// An earlier --json output; name what grew since then
    #[arg(long, value_name = "OLD.json")]
    pub(crate) baseline: Option<PathBuf>,
    /// Suggest tighter budgets where a tenth or more is unused
    #[arg(long)]
    pub(crate) suggest: bool,
}
