//! What the module stage promises, a file per noun.

mod artifact;
mod cache;
mod entry;
mod feature;
mod hostile;
mod limit;
mod refusal;
mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, process};

use wasmtime::{Config, Engine, Instance, Store};

use super::{LoadError, Module, Source, configure_features, validate};

/// A handler that answers with its argument plus one, with some of everything.
const GOOD: &str = r#"(module
    (type $none (func))
    (import "flower" "now" (func $now (result i64)))
    (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
    (memory (export "memory") 1)
    (table 2 funcref)
    (global $count (export "count") (mut i32) (i32.const 0))
    (global (export "flower_inbox") i32 (i32.const 64))
    (elem (i32.const 0) $plus_one)
    (data (i32.const 64) "\80\00\00\00\00\01\00\00")
    (data $late "later")
    (func (export "_start"))
    (func (export "flower_initialize") (drop (call $now)))
    (func (export "flower_entry") (param i32)
        (memory.init $late (i32.const 0) (i32.const 0) (i32.const 5)))
    (func $plus_one (export "plus_one") (param i32) (result i32)
        (i32.add (local.get 0) (i32.const 1)))
    (func (export "not_an_entry") (param i64)))"#;

/// An engine with the features of the host.
fn engine() -> Engine {
    engine_with(|_| {})
}

fn engine_with(change: impl FnOnce(&mut Config)) -> Engine {
    let mut config = Config::new();
    configure_features(&mut config);
    change(&mut config);
    Engine::new(&config).expect("the configuration is one that the engine supports")
}

/// Checks a module that is given as text, and compiles nothing.
fn inspect(text: &str) -> Result<validate::Shape, LoadError> {
    validate::inspect(Source::from_wat(text)?.bytes())
}

/// The message with which a module that is given as text is refused.
fn refusal(text: &str) -> String {
    inspect(text).expect_err("the module has to be refused").to_string()
}

/// The bytes of a module that is given as text.
fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text of a test is valid")
}

/// Calls `plus_one` of [`GOOD`] in a new instance.
fn plus_one(module: &Module, value: i32) -> i32 {
    let mut store = Store::new(module.code().engine(), ());
    let mut linker = wasmtime::Linker::new(module.code().engine());
    linker.define_unknown_imports_as_traps(module.code()).expect("nothing else is defined");
    let instance: Instance =
        linker.instantiate(&mut store, module.code()).expect("the module has no start section");
    let entry = module.entry("plus_one").expect("the module has this entry");
    let function = instance
        .get_module_export(&mut store, entry.export())
        .and_then(|export| export.into_func())
        .expect("the export is a function");
    let function = function.typed::<i32, i32>(&store).expect("the entry is a handler");
    function.call(&mut store, value).expect("it does not trap")
}

/// A folder that is removed with its content.
struct TestFolder(PathBuf);

impl TestFolder {
    fn new() -> TestFolder {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("flower-module-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("the temporary folder can be written to");
        TestFolder(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        // A test may have removed it.
        let _ = fs::remove_dir_all(&self.0);
    }
}
