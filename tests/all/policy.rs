//! Rights: what an actor may do only if it was granted, and how that goes to its children.
//!
//! `docs/SECURITY.md` has the matrix whose cells are tested here by name.

mod addresses;
mod paths;
mod refusals;
mod table;
mod withheld;

use std::fs;

use crate::support::repository;

/// The guests that the tests of this file run.
pub(crate) const GUESTS: &[&str] = &["policy_addresses", "policy_paths", "policy_table", "policy_withheld"];

/// What a page or a program says, by its path in the repository.
fn text(path: &str) -> String {
    fs::read_to_string(repository().join(path)).expect("it is there")
}

#[test]
fn every_right_has_a_row_in_the_document() {
    let page = text("docs/SECURITY.md");
    let rows = |table: &str| -> Vec<String> {
        let cell = format!("`policy/{table}::");
        let cells =
            page.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split(&cell).skip(1));
        let words = cells.filter_map(|rest| rest.split("::").next());
        let mut rights: Vec<String> = words.map(str::to_owned).collect();
        rights.dedup();
        rights
    };
    assert_eq!(rows("table"), table::RIGHTS);
    assert_eq!(rows("withheld"), withheld::RIGHTS);
}

#[test]
fn every_grant_that_a_spawn_can_name_is_in_a_table() {
    let (sdk, guests) = (text("guest-sdk/src/policy.rs"), ["table", "withheld"]);
    let guests = guests.map(|name| text(&format!("guests/src/bin/policy_{name}.rs"))).concat();
    let grants = sdk.split("pub fn ").skip(1).filter_map(|rest| rest.split('(').next());
    let missing: Vec<&str> = grants.filter(|grant| !guests.contains(&format!("spawn.{grant}("))).collect();
    assert!(missing.is_empty(), "no cell of the tables names these: {missing:?}");
}
