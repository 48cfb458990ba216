//! Small programs in WebAssembly text, in a folder of their own.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// Returns at once.
pub(super) const RETURNS: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

/// Traps.
pub(super) const TRAPS: &str =
    r#"(module (memory (export "memory") 1) (func $to_be_named (export "_start") unreachable))"#;

/// Waits for a message that never comes.
pub(super) const WAITS: &str = r#"(module
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1)))))"#;

/// A program that calls `proc_exit` with what an expression gives.
pub(super) fn exits_with(imports: &str, code: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            {imports}
            (memory (export "memory") 1)
            (func (export "_start") {code} (call $exit)))"#
    )
}

/// A program that spawns one actor by its entry `child`, and returns.
pub(super) fn spawns(imports: &str, data: &str, child: &str) -> String {
    format!(
        r#"(module
            (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
            {imports}
            (memory (export "memory") 1)
            ;; SpawnOptions at 0: the version at 0, the entry's address and length at 16.
            (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
            {data}
            (func (export "child") {child})
            (func (export "_start")
                (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0))
                    (then unreachable))))"#
    )
}

/// The import and the call for printing what stands at 256 + `address`, of this length.
pub(super) const WRITE: &str =
    r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#;

/// A call that prints the text of this length at this address.
pub(super) fn print(address: &str, length: &str) -> String {
    format!(
        "(i32.store (i32.const 128) {address}) (i32.store (i32.const 132) {length})
         (drop (call $write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 136)))"
    )
}

/// A folder with files, which is gone after the test.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder for a test"))
    }

    /// The path of a file in it, whether it is there or not.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and returns its path.
    pub(super) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a file for a test");
        path
    }
}
