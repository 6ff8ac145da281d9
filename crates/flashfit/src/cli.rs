//! What the command line takes.

use clap::{Parser, Subcommand};

use crate::commands::{
    accept, assemble, check, completions, diff, history, import, layout, man, report,
};

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
  flashfit check board.toml output/images
  flashfit report output/images
  flashfit diff before.json output/images";

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
  flashfit diff before.json output/images                 say what changed, down to functions
  flashfit accept board.toml output/images --why 'server: TLS'
  flashfit history board.toml

Exit codes:
  0  everything fits
  1  a part is over budget or does not fit (with layout --check: a file is stale;
     with diff --fail-over: something grew by more; with check --fail-unaccepted: since
     the last accepted step)
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
    Import(import::Args),
    Layout(layout::Args),
    Assemble(assemble::Args),
    Check(check::Args),
    Report(report::Args),
    Diff(diff::Args),
    Accept(accept::Args),
    History(history::Args),
    Completions(completions::Args),
    Man(man::Args),
}
