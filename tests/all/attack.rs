//! Attacks: what guests can do to take a host or their neighbours down, each beside a thousand bystanders and judged by
//! the [oracle](crate::oracle). Limits and refusals one by one are in `harm`, arguments of host calls in `hostile`.

mod busy;
mod cancel;
mod channel;
mod handle;
mod log;
mod mailbox;
mod memory;
mod module;
mod name;
mod pid;
mod socket;
mod spawn;
mod stack;
mod storm;
mod timer;
mod web;

use flower_host::{Codec, ExitReason, Module, Spawn};

use crate::oracle::Arena;
use crate::wat::{load, module};

/// What every attacker may call first: waits until it is told to begin.
const GO: &str = r#"
    (func $go (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8192) (i64.const -1))))
    (func $end_with (param i64)
        (i64.store (i32.const 8192) (local.get 0))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 8192) (i32.const 8))))"#;

/// Options of a spawn at 0 that enter by `run`; the flags are the four bytes at 4.
const SPAWN_RUN: &str = r#"
    (data (i32.const 0) "\01\00\00\00")
    (data (i32.const 16) "\c8\00\00\00\03\00\00\00")
    (data (i32.const 200) "run")"#;

/// Loads an attacker's module, with `$go` and `$end_with`.
fn attacker(arena: &Arena, body: &str) -> Module {
    load(&arena.host, &module(&format!("{GO}{body}")))
}

/// An attacker that is watched, begins, and ends normally: with which number.
async fn number_of(arena: &Arena, spawn: Spawn) -> u64 {
    let attacker = arena.watched(spawn).await;
    attacker.begin();
    let reason = attacker.end().await;
    let ExitReason::Normal(value) = &*reason else { panic!("an attacker ended: {reason:?}") };
    u64::from_le_bytes(value.bytes[..8].try_into().expect("8 bytes"))
}

/// How often what is not there any more is made room for: `cargo xtask spec` asks for ten million times.
fn reuses() -> u64 {
    std::env::var("FLOWER_REUSES").map_or(10_000, |count| count.parse().expect("a number of reuses"))
}

/// An entry with a number as its argument.
fn with_number(module: &Module, entry: &str, number: u64) -> Spawn {
    Spawn::entry(module, entry).args(Codec::RAW, number.to_le_bytes())
}
