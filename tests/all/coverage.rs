//! Nothing is left out: every guest and every example is run by a test, and every host call is
//! imported by one of them.

use std::collections::BTreeSet;
use std::fs;

use flower_host::Source;
use wasmparser::{Parser, Payload, TypeRef};

use crate::support::{guest_file, repository};

/// Guests in text that tests run and that make calls which the SDK does not need.
fn texts() -> Vec<String> {
    vec![crate::handler::WITHOUT_INBOX.to_owned(), crate::channel::host::text()]
}

/// The guests that some test runs.
fn tested_guests() -> BTreeSet<&'static str> {
    crate::GUESTS.iter().flat_map(|guests| guests.iter().copied()).collect()
}

/// The examples that some test runs.
fn tested_examples() -> impl Iterator<Item = &'static str> {
    use crate::examples::{EXAMPLES, SERVERS};
    EXAMPLES.iter().chain(SERVERS).copied()
}

/// The names of a package's programs.
fn programs(package: &str) -> BTreeSet<String> {
    let folder = repository().join(package).join("src").join("bin");
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = files.map(|file| file.expect("a folder can be listed").path());
    let rust = paths.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    rust.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

/// Fails unless the two sets are the same, and says what is missing on which side.
#[track_caller]
fn expect_same(what: &str, there: &BTreeSet<String>, tested: &BTreeSet<&str>) {
    let untested: Vec<_> = there.iter().filter(|name| !tested.contains(name.as_str())).collect();
    let unknown: Vec<_> = tested.iter().filter(|name| !there.contains(**name)).collect();
    assert!(untested.is_empty(), "no test runs these {what}: {untested:?}");
    assert!(unknown.is_empty(), "tests name {what} that are not there: {unknown:?}");
}

#[test]
fn every_guest_has_a_test() {
    expect_same("guests", &programs("guests"), &tested_guests());
}

#[test]
fn every_example_has_a_test() {
    expect_same("examples", &programs("examples"), &tested_examples().collect());
}

#[test]
fn every_expected_output_has_a_program() {
    for package in ["guests", "examples"] {
        let names = programs(package);
        for file in fs::read_dir(repository().join(package).join("expected")).expect("it is there") {
            let path = file.expect("a folder can be listed").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a plain name");
            assert!(names.contains(name), "{} belongs to nothing", path.display());
        }
    }
}

#[test]
fn every_host_call_is_imported_by_a_tested_program() {
    let tested = tested_guests().into_iter().chain(tested_examples());
    let built = tested.map(|name| fs::read(guest_file(name)).expect("it was just there"));
    let texts = texts().into_iter().map(|text| Source::from_wat(&text).expect("text").bytes().to_vec());
    let imported: BTreeSet<String> = built.chain(texts).flat_map(|bytes| host_calls_of(&bytes)).collect();
    let calls: BTreeSet<String> = flower_abi::HOST_CALLS.iter().map(|call| (*call).to_owned()).collect();
    let unused: Vec<_> = calls.difference(&imported).collect();
    assert!(unused.is_empty(), "no tested guest imports these host calls: {unused:?}");
    let unknown: Vec<_> = imported.difference(&calls).collect();
    assert!(unknown.is_empty(), "guests import host calls that are not in the table: {unknown:?}");
}

/// The tables of links and monitors, of channels and of rights name tests: `file::test`, or `file::module::test`.
#[test]
fn every_cell_names_a_test() {
    assert!(names_of_tests("links-and-monitors.md") > 60);
    assert!(names_of_tests("channels.md") > 12);
    assert!(names_of_tests("SECURITY.md") > 40);
}

/// How many tests a page names, all of which are there.
fn names_of_tests(page: &str) -> usize {
    let page = repository().join("docs").join(page);
    let page = fs::read_to_string(page).expect("it is there");
    let mut named = 0;
    for code in page.split('`').skip(1).step_by(2) {
        let Some((file, path)) = code.split_once("::") else { continue };
        let file = repository().join("tests").join("all").join(file).with_extension("rs");
        let Ok(text) = fs::read_to_string(file) else { continue };
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        for name in path.split("::").filter(is_name) {
            assert!(words.contains(name), "the page names `{code}`, which is not there");
            named += 1;
        }
    }
    named
}

/// The page on channels names tests for each case of CSP: `file::test`, or `guest::function`.
#[test]
fn every_case_of_csp_names_a_test() {
    let page = repository().join("docs").join("channels.md");
    let page = fs::read_to_string(page).expect("it is there");
    let all = [("C", 1..=17), ("O", 1..=7), ("F", 14..=18)];
    for case in all.into_iter().flat_map(|(letter, numbers)| numbers.map(move |n| format!("{letter}{n}"))) {
        let row = page.lines().find(|line| line.starts_with(&format!("| {case} ")));
        let row = row.unwrap_or_else(|| panic!("the page has no row for {case}"));
        let named: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "the row of {case} names no test");
        for (file, name) in named.iter().map(|code| code.split_once("::").expect("`file::name`")) {
            let folders = [repository().join("tests/all"), repository().join("guests/src/bin")];
            let files = folders.map(|folder| folder.join(file).with_extension("rs"));
            let mut texts = files.iter().filter_map(|path| fs::read_to_string(path).ok());
            let there = texts.any(|text| text.contains(&format!("fn {name}(")));
            assert!(there, "{case} names `{file}::{name}`, which is not there");
        }
    }
}

/// The host calls that a guest imports.
fn host_calls_of(bytes: &[u8]) -> Vec<String> {
    let mut calls = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::ImportSection(imports) = payload.expect("a compiler wrote it") else { continue };
        for import in imports.into_imports() {
            let import = import.expect("a compiler wrote it");
            if import.module == flower_abi::IMPORT_MODULE && matches!(import.ty, TypeRef::Func(_)) {
                calls.push(import.name.to_owned());
            }
        }
    }
    calls
}
