//! `drawbridge completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, FINE, answer};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The shell
    #[arg(ignore_case = true)]
    shell: Shell,
}

pub(super) fn run(args: &Args) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "drawbridge", &mut script);
    answer(&String::from_utf8_lossy(&script), FINE)
}
