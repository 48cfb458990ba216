//! The integration tests: one binary, a file per noun.
//!
//! Most tests are a guest's name in a `guest_tests!` list: the guest checks itself, and is run in
//! deterministic mode, in seeded orders and on threads. `support` says how; `coverage` sees to it that
//! no guest, no example and no host call is left out.

mod support;

// What actors can do, by noun.
mod actor;
mod budget;
mod call;
mod channel;
mod crash;
mod csp;
mod exit;
mod group;
mod handler;
mod link;
mod monitor;
mod name;
mod ops;
mod pid;
mod policy;
mod pool;
mod receive;
mod router;
mod send;
mod spawn;
mod supervisor;
mod task;
mod timer;
mod wasi;

// What comes from outside.
mod http;
mod net;

// Whatever guests do: modules in text, through the library.
mod accounts;
mod attack;
mod chaos;
mod deterministic;
mod effects;
mod engine;
mod harm;
mod host;
mod hostile;
mod lifecycle;
mod mailbox;
mod oracle;
mod puppet;
mod wat;

// Whole programs.
mod bench;
mod cli;
mod examples;
mod fault;
mod main_program;
mod soak;

// Nothing is left out.
mod coverage;

/// The guests that tests run, file by file.
const GUESTS: &[&[&str]] = &[
    spawn::GUESTS,
    crash::GUESTS,
    send::GUESTS,
    receive::GUESTS,
    call::GUESTS,
    channel::sdk::GUESTS,
    ops::GUESTS,
    csp::GUESTS,
    task::GUESTS,
    timer::GUESTS,
    name::GUESTS,
    group::GUESTS,
    router::GUESTS,
    pool::GUESTS,
    exit::GUESTS,
    link::GUESTS,
    monitor::GUESTS,
    handler::GUESTS,
    actor::GUESTS,
    budget::GUESTS,
    supervisor::GUESTS,
    pid::GUESTS,
    policy::GUESTS,
    wasi::GUESTS,
    http::GUESTS,
    net::GUESTS,
    main_program::GUESTS,
    soak::GUESTS,
];
