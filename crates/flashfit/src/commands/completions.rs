//! `flashfit completions`

use std::process::ExitCode;

use clap_complete::Shell;

use crate::terminal::print;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit completions bash > ~/.local/share/bash-completion/completions/flashfit
  flashfit completions zsh > ~/.zfunc/_flashfit
  flashfit completions fish > ~/.config/fish/completions/flashfit.fish")]
pub(crate) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// `command` is the whole command line.
pub(crate) fn run(args: &Args, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "flashfit", &mut script);
    print(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}
