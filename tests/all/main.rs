//! The integration tests: one binary, a file per noun.
//!
//! Most tests are a guest's name in a `guest_tests!` list: the guest checks itself, and is run in
//! deterministic mode, in a seeded order and on threads. `support` says how; `coverage` sees to it that
//! no guest, no example and no host call is left out.

mod support;

// The acceptance of programs that a reader learns from.
mod examples;

// From the outside.
mod cli;

// Nothing is left out.
mod coverage;
