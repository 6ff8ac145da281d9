//! The command line.

use std::path::PathBuf;

use buildkit::checkout::DEFAULT_BOARD;
use clap::Parser;

/// Boot a device from an emulated flash chip and show that it answers.
///
/// QEMU gets flash.bin as the content of the board's flash chip, as board.toml
/// describes it. The device's server is reached through a free port on the loopback
/// interface; the device itself reaches nothing. Its chip is a private copy: what it
/// writes is gone afterwards, unless --keep-flash says otherwise.
#[derive(Debug, Parser)]
#[command(
    name = "run.sh",
    bin_name = "run.sh",
    version,
    after_help = "\
Examples:
  run.sh                                  build and boot the default board
  run.sh --serve                          and keep it running, with its address
  run.sh --shell                          its serial console, from power-on
  run.sh --images ~/buildroot/output/images   what another builder made
  run.sh --images DIR --path /            another program in the server's place
  run.sh --crate ../my-server             build a crate of one's own, and boot it
  run.sh --crate miniserve@0.35.0 --no-default-features -- --port 80 /
                                          a released one, with its arguments
  run.sh --keep-flash my.bin --shell      settings survive until the next run

Exit status: 0 the device answered, 1 it did not, 2 wrong usage."
)]
pub(crate) struct Args {
    /// Go to DIR first, as if started there
    #[arg(short = 'C', value_name = "DIR", hide = true)]
    pub(crate) directory: Option<PathBuf>,

    /// The board whose out/<BOARD> is booted
    #[arg(long, default_value = DEFAULT_BOARD)]
    pub(crate) board: String,

    /// Boot this image folder: any with a board.toml and a flash.bin
    #[arg(long, value_name = "DIR", conflicts_with_all = ["board", "source"])]
    pub(crate) images: Option<PathBuf>,

    /// What `run.sh` hands to the build: described here for its help
    #[command(flatten)]
    pub(crate) own: owncrate::Arguments,

    /// Request only PATH, for another program in the server's place (repeatable)
    #[arg(long = "path", value_name = "PATH", value_parser = path,
          conflicts_with = "shell")]
    pub(crate) paths: Vec<String>,

    /// Keep the device running until Ctrl-C and print its address
    #[arg(long)]
    pub(crate) serve: bool,

    /// Give the serial console, from power-on; Ctrl-] leaves
    #[arg(long, conflicts_with = "serve")]
    pub(crate) shell: bool,

    /// Write what was measured to boot.json in the image folder
    #[arg(long, conflicts_with = "shell")]
    pub(crate) record: bool,

    /// Keep the flash chip's content in FILE, and go on with it if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) keep_flash: Option<PathBuf>,

    /// Write everything the serial console says to FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}

impl Args {
    /// The image folder in out/.
    pub(crate) fn folder(&self) -> String {
        let end = self.own.source.as_ref().map_or("", |_| ".crate");
        format!("{}{end}", self.board)
    }
}

fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && !text.contains(char::is_whitespace) {
        return Ok(text.to_owned());
    }
    Err("a path begins with / and has no blanks".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn paths_begin_with_a_slash() {
        let parse = |line: &str| Args::try_parse_from(line.split(','));
        let paths = parse("run.sh,--path,/,--path=/state").unwrap().paths;
        assert_eq!(paths, ["/", "/state"]);
        for wrong in ["run.sh,--path,state", "run.sh,--path,/a b"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
