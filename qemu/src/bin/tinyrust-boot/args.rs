//! The command line.

use std::path::PathBuf;

use buildkit::checkout::DEFAULT_BOARD;
use clap::Parser;

/// Boot a device from an emulated flash chip and show that it answers.
///
/// QEMU gets flash.bin as the content of the board's flash chip, which board.toml
/// describes. A free port on the loopback interface leads to the device's server; the
/// device itself can reach no network. Its chip is a private copy: what the device
/// writes is lost afterwards unless --keep-flash is given.
#[derive(Debug, Parser)]
#[command(
    name = "run.sh",
    bin_name = "run.sh",
    version,
    after_help = "\
Examples:
  run.sh                                  build and boot the default board
  run.sh --serve                          keep it running, and print its address
  run.sh --shell                          open its serial console, from power-on
  run.sh --images ~/buildroot/output/images   boot another builder's image
  run.sh --images DIR --path /            the image has another program as its server
  run.sh --crate ../my-server             build a crate of your own, and boot it
  run.sh --crate miniserve@0.35.0 --no-default-features -- --port 80 /
                                          do so with a released crate and its arguments
  run.sh --keep-flash my.bin --shell      keep settings for the next run

Exit status: 0 if the device answered, 1 if it did not, 2 for wrong usage."
)]
pub(crate) struct Args {
    /// Go to DIR first, as if started there
    #[arg(short = 'C', value_name = "DIR", hide = true)]
    pub(crate) directory: Option<PathBuf>,

    /// The board to boot, from out/<BOARD>
    #[arg(long, default_value = DEFAULT_BOARD)]
    pub(crate) board: String,

    /// Boot this image folder, which has a board.toml and a flash.bin
    #[arg(long, value_name = "DIR", conflicts_with_all = ["board", "source"])]
    pub(crate) images: Option<PathBuf>,

    /// The options that `run.sh` passes to the build, listed here for its help
    #[command(flatten)]
    pub(crate) own: owncrate::Arguments,

    /// Request only PATH, if another program is in the server's place (repeatable)
    #[arg(long = "path", value_name = "PATH", value_parser = path,
          conflicts_with = "shell")]
    pub(crate) paths: Vec<String>,

    /// Keep the device running until Ctrl-C and print its address
    #[arg(long)]
    pub(crate) serve: bool,

    /// Open the serial console, from power-on; Ctrl-] leaves
    #[arg(long, conflicts_with = "serve")]
    pub(crate) shell: bool,

    /// Write the measurements to boot.json in the image folder
    #[arg(long, conflicts_with = "shell")]
    pub(crate) record: bool,

    /// Keep the flash chip's content in FILE, and start from it if it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) keep_flash: Option<PathBuf>,

    /// Write the complete output of the serial console to FILE
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
    Err("a path begins with / and contains no whitespace".to_owned())
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
