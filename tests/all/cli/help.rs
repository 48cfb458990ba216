//! The help reads as it stands in `tests/expected`. `FLOWER_BLESS=1` writes it there.

use std::fs;

use crate::support::{Program, repository};

#[track_caller]
fn expect_help(name: &str, args: &[&str]) {
    let ran = Program::new(args).ran().expect_code(0);
    assert_eq!(ran.stderr, "");
    let file = repository().join("tests").join("expected").join(format!("{name}.txt"));
    if std::env::var_os("FLOWER_BLESS").is_some() {
        fs::write(&file, &ran.stdout).expect("the folder is there");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(ran.stdout, expected, "run with FLOWER_BLESS=1 if it is meant to be so");
}

#[test]
fn of_the_program() {
    expect_help("help", &["--help"]);
}

#[test]
fn of_run() {
    expect_help("help_run", &["run", "--help"]);
}

#[test]
fn of_compile() {
    expect_help("help_compile", &["compile", "--help"]);
}

#[test]
fn of_crash() {
    expect_help("help_crash", &["crash", "--help"]);
}

#[test]
fn without_a_command_there_is_help_too() {
    let ran = Program::new::<&str>([]).ran().expect_code(2);
    ran.expect_in_stderr(&["Usage: flower-host <COMMAND>", "run", "compile"]);
}

#[test]
fn the_version_is_the_crates() {
    let ran = Program::new(["--version"]).ran().expect_code(0);
    assert_eq!(ran.stdout, concat!("flower-host ", env!("CARGO_PKG_VERSION"), "\n"));
}
