//! What a module can be entered by.

use super::super::{EntrySignature, ModuleHash, Style};
use super::*;

fn good() -> Module {
    Module::from_wat(&engine(), "good", GOOD, None).expect("nothing is wrong with it")
}

#[test]
fn signature_says_the_style() {
    let module = good();
    let style = |name: &str| module.entry(name).map(|entry| (entry.signature(), entry.style()));
    assert_eq!(style("_start"), Some((EntrySignature::Plain, Style::Process)));
    assert_eq!(style("flower_entry"), Some((EntrySignature::Indexed, Style::Process)));
    assert_eq!(style("plus_one"), Some((EntrySignature::Handler, Style::Handler)));
    assert_eq!(style("not_an_entry"), None);
    assert_eq!(style("memory"), None);
}

#[test]
fn constructors_are_not_entries() {
    let module = good();
    assert!(module.entry("flower_initialize").is_none());
    assert!(module.flower_initialize().is_some());
    assert!(module.initialize().is_none());
    assert!(module.inbox().is_some());
}

#[test]
fn entries_are_sorted() {
    let module = good();
    let names: Vec<&str> = module.entries().iter().map(|entry| entry.name()).collect();
    assert_eq!(names, ["_start", "flower_entry", "plus_one"]);
}

#[test]
fn missing_entry_names_those_that_are_there() {
    let module = good();
    let error = module.entry_or_why("main").expect_err("there is none").to_string();
    assert_eq!(error, r#"the module has no entry "main": it has "_start", "flower_entry", "plus_one""#);
}

#[test]
fn entry_with_another_signature_is_named() {
    let module = good();
    let error = module.entry_or_why("not_an_entry").expect_err("it takes an i64").to_string();
    assert!(error.contains(r#""not_an_entry" cannot be an entry"#), "{error}");
    assert!(error.contains("(param i64)"), "{error}");
}

#[test]
fn other_name_is_the_same_module() {
    let (module, other) = (good(), good().renamed("other"));
    assert_eq!(other.name(), "other");
    assert_eq!(other.hash(), module.hash());
    assert_eq!(plus_one(&other, 1), 2);
}

#[test]
fn hash_is_that_of_the_bytes() {
    assert_eq!(good().hash(), ModuleHash::of(&binary(GOOD)));
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(ModuleHash::of(b"").to_string(), empty);
}

#[test]
fn module_runs_in_an_engine_with_other_stacks() {
    let small = engine_with(|config| {
        config.max_wasm_stack(128 * 1024).async_stack_size(256 * 1024);
    });
    let module = good().for_engine(&small).expect("stacks do not matter to the code");
    assert!(wasmtime::Engine::same(module.code().engine(), &small));
    assert_eq!(plus_one(&module, 41), 42);
}

#[test]
fn module_is_refused_by_an_engine_of_another_kind() {
    let fuelled = engine_with(|config| {
        config.consume_fuel(true);
    });
    let error = good().for_engine(&fuelled).expect_err("the code counts no fuel");
    assert!(matches!(error, LoadError::Compile { .. }), "{error}");
}
