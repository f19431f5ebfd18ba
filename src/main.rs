//! No subcommand, or `open`: the window. Else the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use drawbridge::cli::{self, Start};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::start() {
        Start::Exit(code) => ExitCode::from(code),
        Start::Window(paths) => match window(paths) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("drawbridge: {message}");
                ExitCode::from(cli::WRONG)
            }
        },
    }
}

#[cfg(feature = "gui")]
fn window(paths: Vec<PathBuf>) -> Result<(), String> {
    drawbridge::app::run(paths)
}

#[cfg(not(feature = "gui"))]
fn window(_paths: Vec<PathBuf>) -> Result<(), String> {
    Err("this build has no window; see `drawbridge --help`".into())
}
