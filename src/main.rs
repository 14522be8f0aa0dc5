//! The front step: run, then exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(autonomy::run::main(std::env::args_os(), &autonomy::cli::variables()))
}
