//! The program, run as a user runs it: what it refuses and how, exit codes, help, Ctrl-C, compiled
//! modules. Most guests here are a few lines of WebAssembly text, so that nothing else can go wrong.

mod extremes;
mod given;
mod help;
mod interrupt;
mod log;
mod precompiled;
mod refusal;
mod result;
mod seed;
mod stuck;
mod tenant;
mod wat;
