//! Compiled modules: `compile` and `run --allow-precompiled`, and the cache that every run uses.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::wat::{Folder, exits_with};
use crate::support::{Program, Ran};

/// What the programs here exit with.
const CODE: i32 = 42;

/// Compiles a program in a folder and returns the path of the code.
fn compile(folder: &Folder, flags: &[&str]) -> PathBuf {
    let module = folder.file("answer.wat", exits_with("", "(i32.const 42)"));
    let ran = Program::new(["compile"].iter().chain(flags)).arg(&module).ran().expect_code(0);
    let compiled = folder.path("answer.cwasm");
    assert_eq!(ran.stdout, format!("compiled {} to {}\n", module.display(), compiled.display()));
    compiled
}

fn run(flags: &[&str], file: &Path) -> Ran {
    Program::run(flags, file, &[])
}

#[test]
fn compile_and_run() {
    let folder = Folder::new();
    let compiled = compile(&folder, &[]);
    run(&["--allow-precompiled"], &compiled).expect_code(CODE);
    run(&["--allow-precompiled", "--stack", "large"], &compiled).expect_code(CODE);
}

#[test]
fn compile_to_a_named_file() {
    let folder = Folder::new();
    let module = folder.file("answer.wat", exits_with("", "(i32.const 42)"));
    let output = folder.path("elsewhere.cwasm");
    Program::new(["compile", "-o"]).arg(&output).arg(&module).ran().expect_code(0);
    run(&["--allow-precompiled"], &output).expect_code(CODE);
}

#[test]
fn compile_refuses_as_run_does() {
    let folder = Folder::new();
    let module = folder.file("notes.wasm", "just some text");
    Program::new(["compile"]).arg(&module).ran().expect_refusal(&["notes.wasm: not a WebAssembly module"]);
    assert!(!folder.path("notes.cwasm").exists());
}

#[test]
fn not_without_the_users_word() {
    let folder = Folder::new();
    run(&[], &compile(&folder, &[])).expect_refusal(&["answer.cwasm", "native code", "--allow-precompiled"]);
}

#[test]
fn for_another_mode() {
    let folder = Folder::new();
    let compiled = compile(&folder, &["--deterministic"]);
    run(&["--allow-precompiled", "--deterministic"], &compiled).expect_code(CODE);
    run(&["--allow-precompiled"], &compiled).expect_refusal(&["answer.cwasm", "compile the module again"]);
}

#[test]
fn damaged() {
    let folder = Folder::new();
    let compiled = compile(&folder, &[]);
    let whole = fs::read(&compiled).expect("it was just written");
    for at in [whole.len() / 4, whole.len() / 2, whole.len() - 200, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let damaged = folder.file("damaged.cwasm", &bytes);
        run(&["--allow-precompiled"], &damaged).expect_refusal(&["damaged.cwasm: it is damaged"]);
    }
}

#[test]
fn truncated_or_something_else() {
    let folder = Folder::new();
    let whole = fs::read(compile(&folder, &[])).expect("it was just written");
    for bytes in [&whole[..whole.len() / 2], &whole[..10], b"", &[0; 4096]] {
        let wrong = folder.file("wrong.cwasm", bytes);
        run(&["--allow-precompiled"], &wrong).expect_refusal(&["wrong.cwasm: it is not an artifact"]);
    }
}

/// Runs a program with a cache, and returns the one file that is in there.
fn cached(folder: &Folder) -> PathBuf {
    let module = folder.file("answer.wat", exits_with("", "(i32.const 42)"));
    let cache = folder.path("cache");
    run(&["--cache", cache.to_str().expect("a plain path")], &module).expect_code(CODE);
    let mut files = fs::read_dir(&cache).expect("the cache is there");
    let file = files.next().expect("something is kept").expect("it can be listed").path();
    assert!(files.next().is_none(), "one module is one file");
    file
}

/// Which file stands under a path: another one after each write.
fn inode(file: &Path) -> u64 {
    file.metadata().expect("it is there").ino()
}

#[test]
fn a_module_is_compiled_once() {
    let folder = Folder::new();
    let file = cached(&folder);
    let before = inode(&file);
    // A use makes an entry young again, so that it is not the next to go.
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let opened = fs::File::options().write(true).open(&file).expect("it is ours");
    opened.set_modified(old).expect("it is ours");
    assert_eq!(cached(&folder), file);
    assert_eq!(inode(&file), before, "it was not written again");
    assert!(file.metadata().expect("it is there").modified().expect("it has a time") > old, "it was used");
}

#[test]
fn a_damaged_entry_is_compiled_again() {
    let folder = Folder::new();
    let file = cached(&folder);
    let whole = fs::read(&file).expect("it is there");
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 1;
    for wrong in [&bytes[..], &whole[..whole.len() / 2], b""] {
        fs::write(&file, wrong).expect("it is ours");
        assert_eq!(cached(&folder), file);
        assert_eq!(fs::read(&file).expect("it is there").len(), whole.len());
    }
}

#[test]
fn no_cache_leaves_nothing() {
    let folder = Folder::new();
    let module = folder.file("answer.wat", exits_with("", "(i32.const 42)"));
    let home = folder.path("home");
    let program = Program::of_run(&["--no-cache"], &module, &[]).env("XDG_CACHE_HOME", &home);
    program.ran().expect_code(CODE);
    assert!(!home.exists());
    let program = Program::of_run(&[], &module, &[]).env("XDG_CACHE_HOME", &home);
    program.ran().expect_code(CODE);
    assert!(home.join("flower").join("modules").exists());
}
