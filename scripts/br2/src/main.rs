//! The host program of br2-external/: generates what Buildroot reads of boards/ and app/,
//! and proves after the build that what was asked for is what the compiler got.

mod builders;
mod crates;
mod defconfig;
mod generate;
mod help;
mod prices;
mod profiles;
mod prove;
mod sbom;

// One proof and one fragment check for all builders: the direct build's own files.
#[expect(
    dead_code,
    reason = "the direct build joins fragments, Buildroot does it itself here"
)]
#[path = "../../xtask/src/fragment.rs"]
mod fragment;
// The boot partition as well.
#[path = "../../xtask/src/boot_image.rs"]
mod boot_image;
#[path = "../../xtask/src/proof.rs"]
mod proof;
#[path = "../../xtask/src/rustc_call.rs"]
mod rustc_call;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// What br2-external/ generates, proves and lists.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the generated part of br2-external/ from boards/ and app/
    Generate {
        /// The folder that holds boards/, app/ and br2-external/
        #[arg(long, default_value = ".")]
        repo: PathBuf,
        /// Write nothing; fail where a file is stale
        #[arg(long)]
        check: bool,
    },
    /// Print the variables of a board that is not in boards/, for its board.vars
    BoardVars {
        /// The board's board.toml
        board: PathBuf,
    },
    /// Print the U-Boot environment of a board: the common one, the board's, the flash map
    BoardEnv {
        /// The board's board.toml
        board: PathBuf,
        /// The environment that all boards share
        #[arg(long)]
        common: Option<PathBuf>,
    },
    /// Put the boot loader's files in an image folder into boot.bin
    BootImage {
        /// The board's board.toml
        board: PathBuf,
        /// The folder with the files, and for boot.bin
        images: PathBuf,
    },
    /// Compare what rustc was given with what the options say
    Prove(prove::Args),
    /// Check that each line of the fragments is in the final .config
    Fragments {
        /// The final .config
        config: PathBuf,
        /// The fragments, in their order
        #[arg(required = true)]
        fragments: Vec<PathBuf>,
    },
    /// Print the crates that were compiled for the target, as CSV: name, version, licence
    Crates(crates::Args),
    /// Write down what an option costs, from the images of a build with it
    Price(prices::Args),
    /// Join the crates to a CycloneDX document on standard input
    Sbom(sbom::Args),
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tinyrust-br2: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Generate { repo, check } => generate::run(&repo, check),
        Command::BoardVars { board } => {
            print!("{}", generate::board_vars(&board)?);
            Ok(())
        }
        Command::BoardEnv { board, common } => {
            print!("{}", generate::board_env(&board, common.as_deref())?);
            Ok(())
        }
        Command::BootImage { board, images } => {
            boot_image::write(&generate::load(&board)?, &images)
        }
        Command::Prove(args) => prove::run(&args),
        Command::Fragments { config, fragments } => check_fragments(&config, &fragments),
        Command::Crates(args) => crates::run(&args),
        Command::Price(args) => prices::record(&args),
        Command::Sbom(args) => sbom::run(&args),
    }
}

fn check_fragments(config: &std::path::Path, fragments: &[PathBuf]) -> Result<()> {
    let text = std::fs::read_to_string(config)
        .with_context(|| format!("cannot read {}", config.display()))?;
    let fragments = fragments
        .iter()
        .map(|path| fragment::Fragment::load(path, path.clone()))
        .collect::<Result<Vec<_>>>()?;
    fragment::check(&fragments, &text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_can_be_built() {
        super::Args::command().debug_assert();
    }
}
