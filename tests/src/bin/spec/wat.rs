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
    (import "flower" "register" (func $register (param i32 i32 i32) (result i32)))
    (import "flower" "unregister" (func $unregister (param i32 i32) (result i32)))
    (import "flower" "channel_new" (func $channel_new (param i32 i32 i32) (result i32)))
    (import "flower" "channel_try_send" (func $channel_try_send (param i64 i32 i32 i32) (result i32)))
    (import "flower" "handle_close" (func $handle_close (param i64) (result i32)))
    (import "flower" "net_bind" (func $net_bind (param i32 i32 i32) (result i64)))
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "flower" "timer_start" (func $timer_start (param i64 i64 i32 i32 i32 i32) (result i64)))
    (memory (export "memory") 1)
    ;; Options of a spawn at 0, which enter by `nothing`, and at 128, which enter by `wide`: linked.
    (data (i32.const 0) "\01\00\00\00") (data (i32.const 16) "\00\01\00\00\07\00\00\00") (data (i32.const 256) "nothing")
    (data (i32.const 1600) "\01") (data (i32.const 1616) "\18\01\00\00\05\00\00\00") (data (i32.const 280) "works")
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
    ;; Spawns who enters by the name that stands there, as fast as it can.
    (func $again (param $name i32) (param $len i32)
        (i32.store (i32.const 2000) (i32.const 1))
        (i32.store (i32.const 2016) (local.get $name)) (i32.store (i32.const 2020) (local.get $len))
        (loop $for_ever
            (drop (call $spawn (i32.const 2000) (i32.const 0) (i32.const 0) (i32.const 2200) (i32.const 0)))
            (br $for_ever)))
    (data (i32.const 2300) "trapdeepgrowweb")
    (func (export "traps") (call $again (i32.const 2300) (i32.const 4)))
    (func (export "trap") unreachable)
    (func (export "dives") (call $again (i32.const 2304) (i32.const 4)))
    (func $deep (export "deep") (call $deep) (call $deep))
    (func (export "bombs") (call $again (i32.const 2308) (i32.const 4)))
    (func (export "grow") (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))))
    ;; A thousand linked with one that traps.
    (func (export "webs") (call $again (i32.const 2312) (i32.const 3)))
    (func (export "web") (local $left i32)
        (i64.store (i32.const 768) (i64.const 0))
        (local.set $left (i32.const 1000))
        (loop $more
            (drop (call $spawn (i32.const 128) (i32.const 768) (i32.const 8) (i32.const 800) (i32.const 0)))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        unreachable)
    ;; Sends itself 8 MiB at a time.
    (func (export "huge")
        (drop (memory.grow (i32.const 128)))
        (drop (call $self_pid (i32.const 768)))
        (loop $for_ever
            (drop (call $send (i32.const 768) (i32.const 0) (i32.const 8388608) (i32.const 0)))
            (call $receive_any)
            (br $for_ever)))
    ;; Takes a name and gives it back.
    (func (export "names")
        (drop (call $self_pid (i32.const 768)))
        (loop $for_ever
            (drop (call $register (i32.const 256) (i32.const 7) (i32.const 768)))
            (drop (call $unregister (i32.const 256) (i32.const 7)))
            (br $for_ever)))
    ;; Makes channels with a value in each, and closes them.
    (func (export "channels")
        (loop $for_ever
            (drop (call $channel_new (i32.const 1) (i32.const 0) (i32.const 2400)))
            (drop (call $channel_try_send (i64.load (i32.const 2400)) (i32.const 0) (i32.const 64) (i32.const 0)))
            (drop (call $handle_close (i64.load (i32.const 2400))))
            (drop (call $handle_close (i64.load (i32.const 2408))))
            (br $for_ever)))
    ;; Binds sockets and closes them.
    (data (i32.const 2500) "127.0.0.1:0")
    (func (export "sockets")
        (loop $for_ever
            (drop (call $handle_close (call $net_bind (i32.const 2) (i32.const 2500) (i32.const 11))))
            (br $for_ever)))
    ;; Prints lines.
    (data (i32.const 2600) "\30\0a\00\00\05\00\00\00") (data (i32.const 2608) "line\n")
    (func (export "prints")
        (loop $for_ever
            (drop (call $fd_write (i32.const 2) (i32.const 2600) (i32.const 1) (i32.const 2700)))
            (br $for_ever)))
    ;; Arguments: whom to tell, a number, how many to be, how long. Says that it is there; once it is answered it counts so
    ;; long, beside all others, and tells the number and how far it has come.
    (func (export "works") (local $end i64) (local $rounds i64) (local $left i32)
        (drop (call $start_args (i32.const 768) (i32.const 48) (i32.const 1900)))
        (local.set $left (i32.load (i32.const 804)))
        (i32.store (i32.const 804) (i32.const 1))
        (loop $more
            (if (i32.gt_u (local.get $left) (i32.const 1)) (then
                (if (call $spawn (i32.const 1600) (i32.const 768) (i32.const 48) (i32.const 1800) (i32.const 0)) (then unreachable))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $more))))
        (drop (call $send (i32.const 768) (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $receive_any)
        (local.set $end (i64.add (call $now) (i64.load (i32.const 808))))
        (loop $round
            (local.set $left (i32.const 1000))
            (loop $step (br_if $step (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (local.set $rounds (i64.add (local.get $rounds) (i64.const 1)))
            (br_if $round (i64.lt_u (call $now) (local.get $end))))
        (i64.store (i32.const 808) (local.get $rounds))
        (i32.store (i32.const 804) (i32.load (i32.const 800)))
        (drop (call $send (i32.const 768) (i32.const 804) (i32.const 12) (i32.const 0))))
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

/// A module that takes a compiler minutes: its time grows with the square of the number of loops.
pub(crate) fn slow() -> Result<Source<'static>, LoadError> {
    let function = format!("(func {})", "loop end ".repeat(2000));
    Source::from_wat(&format!(
        r#"(module (memory (export "memory") 1) (func (export "run")) {})"#,
        function.repeat(200)
    ))
}

/// Loads them.
pub(crate) fn load(host: &Host) -> Result<Module, LoadError> {
    host.load("spec", &Source::from_wat(TEXT)?)
}

/// Spawns one of them.
pub(crate) fn spawn(host: &Host, module: &Module, entry: &str, args: &[u8]) -> Result<Actor, SpawnError> {
    host.spawn(Spawn::entry(module, entry).args(Codec::RAW, args))
}
