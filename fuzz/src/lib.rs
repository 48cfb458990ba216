//! Fuzz targets: each is a function of bytes, which must return whatever they are.
//!
//! `cargo xtask fuzz` lets libFuzzer drive them, or runs them on inputs that are made of the corpus by chance.
//! `tests/corpus.rs` does the latter in every test run, for some hundred or thousand inputs of each.

pub mod calls;
pub mod cli;
pub mod generate;
pub mod message;
pub mod module;
pub mod pattern;

/// A target: its name, its function, and how many generated inputs a test run tries.
pub struct Target {
    /// Its name, and that of its folder in the corpus.
    pub name: &'static str,
    /// What is called.
    pub run: fn(&[u8]),
    /// Generated inputs of a test run.
    pub inputs: u32,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "message", run: message::run, inputs: 20_000 },
    Target { name: "pattern", run: pattern::run, inputs: 20_000 },
    Target { name: "cli", run: cli::run, inputs: 5_000 },
    Target { name: "calls", run: calls::run, inputs: 300 },
    Target { name: "module", run: module::run, inputs: 150 },
];
