//! Where things are: the repository, the guests, the program, a folder for compiled modules.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository")
}

/// The file of a guest or an example.
pub(crate) fn guest_file(name: &str) -> PathBuf {
    let file = guests_folder().join(format!("{name}.wasm"));
    assert!(file.exists(), "{} is not built: run `cargo xtask guests`", file.display());
    file
}

/// What `PACKAGE/expected/NAME.txt` holds, if it is there.
pub(crate) fn expected(package: &str, name: &str) -> Option<String> {
    fs::read_to_string(repository().join(package).join("expected").join(format!("{name}.txt"))).ok()
}

/// A folder for compiled modules, so that a guest is compiled once for all tests.
pub(super) fn modules_cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("modules")
}

/// The program, built if nobody says where it is.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| env::var_os("FLOWER_HOST_BIN").map_or_else(build_program, PathBuf::from))
}

fn guests_folder() -> PathBuf {
    let built = || target().join("guests").join("wasm32-wasip1").join("guest");
    env::var_os("FLOWER_GUESTS_DIR").map_or_else(built, PathBuf::from)
}

/// Cargo's target folder: it holds `debug/deps/all-1234`, which is running.
fn target() -> PathBuf {
    let own = env::current_exe().expect("a process knows its program");
    own.ancestors().nth(3).expect("cargo built it").to_owned()
}

fn build_program() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(repository()).args(["build", "--quiet", "--package", "flower-host", "--target-dir"]);
    let built = cargo.arg(target()).status().expect("cargo starts");
    assert!(built.success(), "the host cannot be built");
    target().join("debug").join("flower-host")
}
