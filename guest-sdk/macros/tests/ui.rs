//! What the compiler says about actors that are none: each file of `ui` fails with the text beside it.
//!
//! `TRYBUILD=overwrite cargo test -p flower-macros --test ui` writes the texts anew.

#[test]
fn mistakes_are_told_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
