//! The program `flower-host`: the library behind a command line.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
