//! Deterministic mode: one seed is one run, to the byte, and hours of virtual time take none.

use std::sync::Arc;

use flower_host::{Capture, Codec, ExitReason, Spawn, Stream};

use crate::wat::{self, deterministic, load, module, with_imports};

/// A crowd: the first actor spawns thirty, who draw random numbers, sleep, look at both clocks, send each
/// other messages through names, use up slices of fuel, and print a line for each thing they see.
const CROWD: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
    (memory (export "memory") 1)
    ;; Options of a spawn at 0: version 1, entry `member` at 200.
    (data (i32.const 0) "\01\00\00\00")
    (data (i32.const 16) "\c8\00\00\00\06\00\00\00")
    (data (i32.const 200) "member")
    (data (i32.const 210) "m?")
    ;; Prints a number in hexadecimal, and a letter before it.
    (func $print (param $letter i32) (param $number i64)
        (local $at i32)
        (i32.store (i32.const 300) (i32.const 320)) (i32.store (i32.const 304) (i32.const 18))
        (i32.store8 (i32.const 320) (local.get $letter))
        (local.set $at (i32.const 336))
        (loop $digit
            (i32.store8 (local.get $at)
                (i32.add (i32.const 97) (i32.wrap_i64 (i64.and (local.get $number) (i64.const 15)))))
            (local.set $number (i64.shr_u (local.get $number) (i64.const 4)))
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (br_if $digit (i32.gt_u (local.get $at) (i32.const 320))))
        (i32.store8 (i32.const 337) (i32.const 10))
        (drop (call $fd_write (i32.const 1) (i32.const 300) (i32.const 1) (i32.const 312))))
    (func $random (result i64)
        (drop (call $random_get (i32.const 400) (i32.const 8)))
        (i64.load (i32.const 400)))
    (func $clock (param $id i32) (result i64)
        (drop (call $clock_time_get (local.get $id) (i64.const 0) (i32.const 408)))
        (i64.load (i32.const 408)))
    (func $name (param $number i64)
        (i32.store8 (i32.const 211) (i32.add (i32.const 65) (i32.wrap_i64 (i64.and (local.get $number) (i64.const 31))))))
    (func (export "run")
        (local $number i64)
        (loop $next
            (i64.store (i32.const 500) (local.get $number))
            (drop (call $spawn (i32.const 0) (i32.const 500) (i32.const 8) (i32.const 600) (i32.const 0)))
            (call $name (local.get $number))
            (drop (call $register (i32.const 210) (i32.const 2) (i32.const 600)))
            (local.set $number (i64.add (local.get $number) (i64.const 1)))
            (br_if $next (i64.lt_u (local.get $number) (i64.const 30)))))
    (func (export "member")
        (local $me i64) (local $round i32) (local $spin i32)
        (drop (call $start_args (i32.const 500) (i32.const 8) (i32.const 1024)))
        (local.set $me (i64.load (i32.const 500)))
        (loop $next
            (call $print (i32.const 33) (local.get $me))
            (call $print (i32.const 63) (call $random))
            (call $name (call $random))
            (drop (call $send_named (i32.const 210) (i32.const 2) (i32.const 500) (i32.const 8) (i32.const 0)))
            (local.set $spin (i32.const 0))
            (loop $spinning
                (local.set $spin (i32.add (local.get $spin) (i32.const 1)))
                (br_if $spinning (i32.lt_u (local.get $spin) (i32.const 200000))))
            (if (i32.eqz (call $receive (i32.const 0) (i32.const 0) (i32.const 504) (i32.const 8) (i32.const 1024)
                    (i64.add (call $now) (i64.and (call $random) (i64.const 0xffffffff)))))
                (then (call $print (i32.const 60) (i64.load (i32.const 504)))))
            (call $print (i32.const 64) (call $clock (i32.const 1)))
            (call $print (i32.const 35) (call $clock (i32.const 0)))
            (local.set $round (i32.add (local.get $round) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $round) (i32.const 4)))))"#;

/// What the crowd prints.
async fn crowd(seed: u64) -> String {
    let capture = Arc::new(Capture::new(1 << 20));
    let host = deterministic(seed).output(capture.clone()).build().expect("a host");
    let crowd = with_imports(CROWD);
    assert_eq!(*wat::end_of(&host, &crowd).await, ExitReason::NORMAL);
    host.quiescent().await;
    assert_eq!((host.actor_count(), host.memory_used()), (0, 0));
    assert!(host.accounts().balance(), "{:?}", host.accounts());
    capture.text(Stream::Stdout)
}

#[test]
fn the_same_seed_gives_the_same_output() {
    wat::run(async {
        let first = crowd(42).await;
        assert!(first.lines().count() > 30 * 4 * 4, "{first}");
        for _ in 0..3 {
            assert!(crowd(42).await == first, "two runs of one seed differ");
        }
    });
}

#[test]
fn other_seeds_give_other_orders() {
    wat::run(async {
        // Who comes first does not follow from random numbers that the actors draw.
        let order = |output: &str| {
            let lines = output.lines().filter(|line| line.starts_with('!'));
            lines.take(30).map(str::to_owned).collect::<Vec<_>>()
        };
        let mut orders = Vec::new();
        for seed in 0..4 {
            orders.push(order(&crowd(seed).await));
        }
        for at in 1..orders.len() {
            assert!(!orders[..at].contains(&orders[at]), "seed {at} gives the order of another");
        }
        orders.iter_mut().for_each(|order| order.sort());
        assert!(orders.windows(2).all(|pair| pair[0].len() == pair[1].len()));
    });
}

#[test]
fn an_hours_sleep_takes_no_time() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let wat = module(
            r#"(func (export "run") (local $start i64)
                (local.set $start (call $now))
                (drop (call $sleep (i64.add (local.get $start) (i64.const 3600000000000))))
                (i64.store (i32.const 0) (i64.sub (call $now) (local.get $start)))
                (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8))))"#,
        );
        let module = load(&host, &wat);
        for _ in 0..100 {
            let reason = wat::spawn(&host, &module, "run").join().await;
            let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
            assert_eq!(value.bytes, 3_600_000_000_000u64.to_le_bytes(), "just an hour");
        }
    });
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    wat::run(async {
        let host = deterministic(3).build().expect("a host");
        // One actor spawns them all, with its own arguments and a deadline each, before the clock can move.
        let wat = module(
            r#"(data (i32.const 0) "\01\00\00\00")
            (data (i32.const 16) "\c8\00\00\00\07\00\00\00")
            (data (i32.const 200) "sleeper")
            (func (export "run")
                (local $at i32)
                (drop (call $start_args (i32.const 512) (i32.const 256) (i32.const 1024)))
                (local.set $at (i32.const 544))
                (loop $next
                    (i64.store (i32.const 832) (i64.load (local.get $at)))
                    (memory.copy (i32.const 800) (i32.const 512) (i32.const 32))
                    (if (call $spawn (i32.const 0) (i32.const 800) (i32.const 40) (i32.const 900) (i32.const 0))
                        (then unreachable))
                    (local.set $at (i32.add (local.get $at) (i32.const 8)))
                    (br_if $next (i64.ne (i64.load (local.get $at)) (i64.const 0)))))
            (func (export "sleeper")
                (drop (call $start_args (i32.const 0) (i32.const 40) (i32.const 128)))
                (drop (call $sleep (i64.load (i32.const 32))))
                (drop (call $send (i32.const 0) (i32.const 32) (i32.const 8) (i32.const 0))))"#,
        );
        let mut mailbox = host.mailbox().expect("a mailbox");
        let deadlines = [7_000_000_000u64, 1_000_000_000, 90_000_000_000, 4_000_000_000, 60_000_000_000];
        let args = [&mailbox.pid().to_bytes()[..], &deadlines.map(u64::to_le_bytes).concat()].concat();
        host.spawn(Spawn::entry(&load(&host, &wat), "run").args(Codec::RAW, args)).expect("it is there");
        let mut woken = Vec::new();
        for _ in deadlines {
            woken.push(u64::from_le_bytes(mailbox.receive().await.body.try_into().expect("8 bytes")));
        }
        let mut sorted = deadlines;
        sorted.sort_unstable();
        assert_eq!(woken, sorted);
    });
}

#[test]
fn nans_are_canonical() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let wat = module(
            r#"(func (export "run")
                (f32.store (i32.const 0) (f32.div (f32.load (i32.const 64)) (f32.load (i32.const 64))))
                (f32.store (i32.const 4) (f32.sqrt (f32.const -1)))
                (f64.store (i32.const 8) (f64.div (f64.load (i32.const 64)) (f64.load (i32.const 64))))
                (f64.store (i32.const 16) (f64.add (f64.const 1) (f64.reinterpret_i64 (i64.const 0xfff8123456789abc))))
                (f64.store (i32.const 24) (f64.min (f64.const 1) (f64.reinterpret_i64 (i64.const 0x7ff4123456789abc))))
                (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32))))"#,
        );
        let reason = wat::end_of(&host, &wat).await;
        let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
        let small = 0x7fc0_0000u32.to_le_bytes();
        let large = 0x7ff8_0000_0000_0000u64.to_le_bytes();
        assert_eq!(value.bytes, [&small[..], &small, &large, &large, &large].concat());
    });
}
