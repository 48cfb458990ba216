//! The integration tests: one binary, a file per noun.
//!
//! Most tests are a guest's name in a `guest_tests!` list: the guest checks itself, and is run in
//! deterministic mode, in seeded orders and on threads. `support` says how; `coverage` sees to it that
//! no guest, no example and no host call is left out.

mod support;

// What actors can do, by noun.
mod spawn;
mod send;
mod receive;
mod call;
mod timer;
mod name;
mod exit;
mod link;
mod monitor;
mod handler;
mod pid;
mod wasi;

// Whole programs.
mod examples;
mod main_program;
mod cli;

// Nothing is left out.
mod coverage;

/// The guests that tests run, file by file.
const GUESTS: &[&[&str]] = &[
    spawn::GUESTS,
    send::GUESTS,
    receive::GUESTS,
    call::GUESTS,
    timer::GUESTS,
    name::GUESTS,
    exit::GUESTS,
    link::GUESTS,
    monitor::GUESTS,
    handler::GUESTS,
    pid::GUESTS,
    wasi::GUESTS,
    main_program::GUESTS,
];
