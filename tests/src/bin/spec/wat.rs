//! The actors that are measured, and those beside them, in WebAssembly text.

use flower_host::{Actor, Codec, Host, LoadError, Module, Source, Spawn, SpawnError};

/// All of them. Who takes arguments finds a pid there.
const TEXT: &str = r#"(module
    (import "flower" "now" (func $now (result i64)))
    (import "flower" "self_pid" (func $self_pid (param i32) (result i32)))
    (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "sleep" (func $sleep (param i64) (result i32)))
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "flower" "start_args" (func $start_args (param i32 i32 i32) (result i32)))
    (import "flower" "timer_start" (func $timer_start (param i64 i64 i32 i32 i32 i32) (result i64)))
    (memory (export "memory") 1)
    ;; Options of a spawn at 0, which enter by `nothing`, and at 128, which enter by `wide`: linked.
    (data (i32.const 0) "\01\00\00\00") (data (i32.const 16) "\00\01\00\00\07\00\00\00") (data (i32.const 256) "nothing")
    (data (i32.const 128) "\01\00\00\00\01\00\00\00") (data (i32.const 144) "\10\01\00\00\04\00\00\00") (data (i32.const 272) "wide")
    (func $receive_any (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 64) (i32.const 512) (i64.const -1))))
    (func (export "nothing"))
    ;; Answers each message with an empty one.
    (func (export "echo")
        (loop $next
            (call $receive_any)
            (drop (call $send (i32.const 544) (i32.const 0) (i32.const 0) (i32.const 0)))
            (br $next)))
    (func (export "busy") (loop $for_ever (br $for_ever)))
    (func (export "busy_handler") (param i32) (result i32) (loop $for_ever (br $for_ever)) i32.const 0)
    ;; A mebibyte at a time.
    (func (export "fill")
        (drop (memory.grow (i32.const 16)))
        (loop $for_ever (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) (br $for_ever)))
    ;; Sends to whom its arguments name, as fast as it can.
    (func (export "flood")
        (drop (call $start_args (i32.const 768) (i32.const 32) (i32.const 512)))
        (loop $for_ever
            (drop (call $send (i32.const 768) (i32.const 0) (i32.const 100) (i32.const 0)))
            (br $for_ever)))
    ;; Never takes anything.
    (func (export "sink") (drop (call $sleep (i64.const -1))))
    (func (export "spawns")
        (loop $for_ever
            (drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 800) (i32.const 0)))
            (br $for_ever)))
    (func (export "ticks") (local $left i32)
        (local.set $left (i32.const 100))
        (loop $more
            (drop (call $timer_start (i64.const 0) (i64.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (loop $for_ever (call $receive_any) (br $for_ever)))
    ;; Spawns so many as its arguments say, one after another, each of which ends at once; then ends.
    (func (export "spawn_and_die") (local $left i32)
        (drop (call $start_args (i32.const 768) (i32.const 4) (i32.const 512)))
        (local.set $left (i32.load (i32.const 768)))
        (loop $more
            (drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 800) (i32.const 0)))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
    ;; A tree: so many generations and so many children of each as its arguments say, linked, waiting.
    (func (export "wide") (local $left i32)
        (drop (call $start_args (i32.const 768) (i32.const 8) (i32.const 512)))
        (local.set $left (i32.load (i32.const 772)))
        (if (i32.load (i32.const 768)) (then
            (i32.store (i32.const 768) (i32.sub (i32.load (i32.const 768)) (i32.const 1)))
            (loop $more
                (if (call $spawn (i32.const 128) (i32.const 768) (i32.const 8) (i32.const 800) (i32.const 0)) (then unreachable))
                (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
        (drop (call $sleep (i64.const -1)))))"#;

/// Loads them.
pub(crate) fn load(host: &Host) -> Result<Module, LoadError> {
    host.load("spec", &Source::from_wat(TEXT)?)
}

/// Spawns one of them.
pub(crate) fn spawn(host: &Host, module: &Module, entry: &str, args: &[u8]) -> Result<Actor, SpawnError> {
    host.spawn(Spawn::entry(module, entry).args(Codec::RAW, args))
}
