//! The host program that Buildroot, bitbake and the direct build share: it checks what came out
//! of their compilers and configurations, and makes the parts of an image that are not
//! compiled. As cargo's `RUSTC_WRAPPER` it records rustc's calls (`rustcheck::record`).

mod cargo_config;
mod crates;
mod rust_check;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use imagekit::kconfig::Fragment;
use imagekit::variables::{board_vars, load};
use imagekit::{
    bill, boot_image, build_json, environment, kconfig, kernel_fit, std_source, symbols,
};

/// Verifies builds and makes parts of images, for Buildroot, bitbake and the direct build.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the variables of a board outside boards/, for its board.vars
    BoardVars {
        /// The board's board.toml
        board: PathBuf,
    },
    /// Print a board's U-Boot environment: boot commands, common and board settings, flash map
    BoardEnv {
        /// The board's board.toml
        board: PathBuf,
        /// The settings that all boards share, a u-boot.env
        #[arg(long)]
        common: Option<PathBuf>,
    },
    /// Assemble the boot loader's files in an image folder into boot.bin
    BootImage {
        /// The board's board.toml
        board: PathBuf,
        /// The folder that has the files and gets boot.bin
        images: PathBuf,
    },
    /// Make kernel.itb from the kernel in an image folder and the board's device tree
    KernelFit {
        /// The board's board.toml
        board: PathBuf,
        #[command(flatten)]
        inputs: kernel_fit::Inputs,
    },
    /// Print the compilers in use as JSON, for `build-json --compilers` on another machine or in
    /// another task
    Compilers(build_json::CompilerArgs),
    /// Write build.json into an image folder: the origin of everything in it
    BuildJson(build_json::Args),
    /// Write cargo's settings for a size profile, in the spelling of the installed compiler
    CargoConfig(cargo_config::Args),
    /// Compare the flags that rustc received with those that `cargo-config` wrote
    RustCheck(rust_check::Args),
    /// Check that each line of the fragments is in the final .config
    KconfigCheck {
        /// The final .config
        config: PathBuf,
        /// The fragments, in order
        #[arg(required = true)]
        fragments: Vec<PathBuf>,
    },
    /// Merge the lines of the fragments into a .config, replacing its own
    KconfigMerge {
        /// The .config to change
        config: PathBuf,
        /// The fragments, in order
        #[arg(required = true)]
        fragments: Vec<PathBuf>,
    },
    /// Program a private flash chip and print the command that boots the board's emulator from it,
    /// as a JSON list of the program and its arguments
    #[command(name = "qemu-command")]
    Emulator {
        /// The image folder, with flash.bin and board.toml
        images: PathBuf,
        /// The file for the chip's content, a copy of flash.bin
        #[arg(long)]
        chip: PathBuf,
        /// The port on the host's loopback interface that leads to the device's server
        #[arg(long)]
        port: u16,
    },
    /// Unpack the standard library's source with all crates that it needs from the compiler's
    /// source
    StdSource(std_source::Args),
    /// Put the symbols and the linker's map of a C program, kernel or boot loader into an image
    /// folder
    Symbols(symbols::Args),
    /// Print the crates that rustc was given for a program, as CSV: name, version, licence
    Crates(crates::Args),
    /// Write sbom.cdx.json and licences.txt into an image folder: what is on the device
    Sbom(bill::Args),
}

fn main() -> ExitCode {
    if let Some(code) = rustcheck::record::wrap() {
        return code;
    }
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("imagekit: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::BoardVars { board } => {
            print!("{}", board_vars(&board)?);
            Ok(())
        }
        Command::BoardEnv { board, common } => {
            let own = board.with_file_name("u-boot.env");
            let own = own.is_file().then_some(own);
            let files: Vec<PathBuf> = common.into_iter().chain(own).collect();
            print!("{}", environment::compose(&load(&board)?, &files)?);
            Ok(())
        }
        Command::BootImage { board, images } => boot_image::write(&load(&board)?, &images),
        Command::KernelFit { board, inputs } => kernel_fit::build(&load(&board)?, &inputs),
        Command::Compilers(args) => {
            println!("{}", serde_json::to_string_pretty(&args.facts()?)?);
            Ok(())
        }
        Command::BuildJson(args) => build_json::run(&args),
        Command::CargoConfig(args) => cargo_config::run(&args),
        Command::RustCheck(args) => rust_check::run(&args),
        Command::KconfigCheck { config, fragments } => kconfig::check(&read(&fragments)?, &config),
        Command::KconfigMerge { config, fragments } => {
            let shown = config.display();
            let old =
                std::fs::read_to_string(&config).with_context(|| format!("cannot read {shown}"))?;
            let new = kconfig::merge(&old, &kconfig::join(&read(&fragments)?));
            std::fs::write(&config, new).with_context(|| format!("cannot write {shown}"))
        }
        Command::Emulator { images, chip, port } => {
            println!("{}", qemu_command(&images, &chip, port)?);
            Ok(())
        }
        Command::StdSource(args) => std_source::run(&args),
        Command::Symbols(args) => symbols::run(&args),
        Command::Crates(args) => crates::run(&args),
        Command::Sbom(args) => bill::run(&args),
    }
}

/// The fragments, by their names.
fn read(fragments: &[PathBuf]) -> Result<Vec<Fragment>> {
    let load = |path: &PathBuf| Fragment::load(path, path.clone());
    fragments.iter().map(load).collect()
}

/// Programs the chip and gives the command, as JSON.
fn qemu_command(images: &Path, chip: &Path, port: u16) -> Result<String> {
    let board = load(&images.join("board.toml"))?;
    let emulator = board.emulator()?;
    let flash = images.join("flash.bin");
    emulator
        .program(&flash, chip)
        .with_context(|| format!("cannot copy {} to {}", flash.display(), chip.display()))?;
    Ok(serde_json::to_string(&emulator.command(chip, port))?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_can_be_built() {
        super::Args::command().debug_assert();
    }
}
