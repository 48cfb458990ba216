//! Chaos by seeds: in deterministic mode, one actor starts a [storm](crate::accounts) of others, and goes on to kill, stop, signal
//! and delay them at random, in an order of actors that the seed chooses too. Every message and every actor
//! must be accounted for, and the same seed must give the same accounts.
//!
//! All of it happens among actors, since what native code does at some moment would not follow from the seed.
//! `cargo xtask chaos` runs thousands.

use flower_host::{Accounts, Codec, ExitReason, Spawn};

use crate::accounts::{STORM, limits};
use crate::wat::{self, deterministic, load, module};

/// Seeds that each run of the tests tries.
const SEEDS: u64 = 12;

/// What the one who means harm does in a run.
const ROUNDS: u32 = 300;

/// Starts forty of each style, then picks victims in the group until its rounds are over, and at last ends everybody.
///
/// Victims' pids are listed from 16384 on; the victim's stands at 288.
const HARM: &str = r#"
    (func $victims (result i32)
        (i32.wrap_i64 (call $group_members (i32.const 448) (i32.const 5) (i64.const 0) (i32.const 16384) (i32.const 512))))
    (func $victim (param $at i32)
        (memory.copy (i32.const 288) (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 5))) (i32.const 32)))
    ;; Later by up to a third of a virtual millisecond.
    (func $pause (drop (call $sleep (call $soon))))
    (func $signal (param $tag i32)
        (drop (call $exit_signal (i32.const 288) (local.get $tag) (i32.const 0) (i32.const 512) (i32.const 4))))
    (func $hit
        (local $what i32)
        (local.set $what (call $random (i32.const 12)))
        (if (i32.lt_u (local.get $what) (i32.const 2)) (then (drop (call $kill (i32.const 288))) (return)))
        (if (i32.eq (local.get $what) (i32.const 2)) (then (drop (call $stop (i32.const 288))) (return)))
        (if (i32.eq (local.get $what) (i32.const 3)) (then (call $signal (i32.const 2)) (return)))
        (if (i32.eq (local.get $what) (i32.const 4)) (then (call $signal (i32.const 1)) (return)))
        (if (i32.eq (local.get $what) (i32.const 5))
            (then (drop (call $link (i32.const 288))) (if (call $random (i32.const 2)) (then (drop (call $unlink (i32.const 288))))) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 8))
            (then (drop (call $send (i32.const 288) (i32.const 0) (call $random (i32.const 400)) (i32.const 0))) (return)))
        (if (i32.eq (local.get $what) (i32.const 8)) (then (drop (call $monitor (i32.const 288) (i32.const 0))) (return)))
        (if (i32.eq (local.get $what) (i32.const 9)) (then (call $give_birth) (return)))
        (if (i32.eq (local.get $what) (i32.const 10)) (then (drop (call $flush)) (return)))
        (call $pause))
    (func $end_everybody
        (local $count i32) (local $quiet i32)
        (loop $again
            (local.set $count (call $victims))
            (local.set $quiet (select (i32.add (local.get $quiet) (i32.const 1)) (i32.const 0) (i32.eqz (local.get $count))))
            (block $none
                (loop $next
                    (br_if $none (i32.eqz (local.get $count)))
                    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                    (call $victim (local.get $count))
                    (drop (call $kill (i32.const 288)))
                    (br $next)))
            ;; Those that were to start later have started after a while.
            (drop (call $sleep (i64.add (call $now) (i64.const 400000))))
            (br_if $again (i32.lt_u (local.get $quiet) (i32.const 3)))))
    (func (export "harm")
        (local $rounds i32) (local $count i32)
        (drop (call $start_args (i32.const 512) (i32.const 8) (i32.const 1024)))
        (global.set $state (i64.extend_i32_u (i32.load (i32.const 512))))
        (local.set $rounds (i32.load (i32.const 516)))
        (drop (call $trap_exit (i32.const 1)))
        (drop (call $trap_stop (i32.const 1)))
        (local.set $count (i32.const 80))
        (loop $more
            (i32.store (i32.const 516) (i32.const 100))
            (call $give_birth)
            (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (loop $round
            (if (i32.eqz (call $random (i32.const 3))) (then (call $pause)))
            (i32.store (i32.const 516) (i32.const 100))
            (local.set $count (call $victims))
            (if (local.get $count) (then (call $victim (call $random (local.get $count))) (call $hit)) (else (call $give_birth)))
            (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
        (call $end_everybody))"#;

/// One run of one seed.
fn reign(seed: u64) -> Accounts {
    wat::run(async {
        let host = deterministic(seed).limits(limits()).build().expect("a host");
        let chaos = load(&host, &module(&format!("{STORM}{HARM}")));
        let args = [seed as u32 ^ 0x5eed, ROUNDS].map(u32::to_le_bytes).concat();
        let harm = host.spawn(Spawn::entry(&chaos, "harm").args(Codec::RAW, args)).expect("it is there");
        let reason = harm.join().await;
        assert!(matches!(&*reason, ExitReason::Normal(_)), "seed {seed}: {reason:?}");
        host.quiescent().await;
        let accounts = host.accounts();
        assert!(accounts.balance() && accounts.queued == 0, "seed {seed}: {accounts:?}");
        let left = (accounts.spawned - accounts.ended, host.actor_count(), host.memory_used());
        assert_eq!(left, (0, 0, 0), "seed {seed}: {accounts:?}");
        assert!(host.slots().iter().all(|slots| slots.live == 0), "seed {seed}: {:?}", host.slots());
        accounts
    })
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |number| number.parse().expect("a number"))
}

#[test]
fn every_seed_is_accounted_for_and_reproduced() {
    let from = number("FLOWER_CHAOS_FROM", 0);
    let mut sum = Accounts::default();
    for seed in from..from + number("FLOWER_CHAOS_SEEDS", SEEDS) {
        eprintln!("seed {seed}");
        let accounts = reign(seed);
        assert_eq!(accounts, reign(seed), "seed {seed} gives other accounts each time");
        sum.received += accounts.received;
        sum.crashed += accounts.crashed;
        sum.refused += accounts.refused;
        sum.dropped_dead_receiver += accounts.dropped_dead_receiver;
    }
    // It was chaos indeed.
    assert!(
        sum.received > 0 && sum.crashed > 0 && sum.refused > 0 && sum.dropped_dead_receiver > 0,
        "{sum:?}"
    );
}
