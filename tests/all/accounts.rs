//! The accounts hold to the unit: after a storm of crashes, floods, full mailboxes, late replies,
//! flushes and timers, every message is received, refused, queued or dropped for a reason, and every
//! actor has ended or lives.

use flower_host::{Accounts, Codec, Host, HostBuilder, Limits, Spawn};

use crate::wat::{self, Random, deterministic, load, module, threads};

/// An actor that does what its random numbers say, for a number of rounds, and ends, traps or exits. It
/// reaches others through the names `a` to `h`, which who is spawned takes if they are free.
///
/// Memory: options of a spawn 0 (entry at 200), a name at 256, pids at 288 and 320, arguments (seed and rounds) at 512,
/// header at 1024, token at 2048.
pub(crate) const STORM: &str = r#"
    (data (i32.const 0) "\01\00\00\00")
    (data (i32.const 48) "\00\01\00\00\01\00\00\00")
    (data (i32.const 200) "processhandler")
    (data (i32.const 448) "storm")
    ;; Everybody is in one group, where those who mean harm find them.
    (func $join
        (drop (call $self_pid (i32.const 352)))
        (drop (call $group_join (i32.const 448) (i32.const 5) (i32.const 352) (i32.const 7))))
    (global $state (mut i64) (i64.const 0))
    (func $random (param $below i32) (result i32)
        (global.set $state (i64.add (i64.mul (global.get $state) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
        (i32.rem_u (i32.wrap_i64 (i64.shr_u (global.get $state) (i64.const 33))) (local.get $below)))
    (func $name (i32.store8 (i32.const 256) (i32.add (i32.const 97) (call $random (i32.const 8)))))
    ;; Finds somebody; 0 if there is nobody of that name.
    (func $somebody (result i32) (call $name) (i32.eqz (call $whereis (i32.const 256) (i32.const 1) (i32.const 288))))
    (func $soon (result i64) (i64.add (call $now) (i64.extend_i32_u (call $random (i32.const 300000)))))
    (func $flood
        (local $count i32)
        (if (i32.eqz (call $somebody)) (then (return)))
        (local.set $count (call $random (i32.const 40)))
        (loop $more
            (drop (call $send (i32.const 288) (i32.const 512) (call $random (i32.const 64)) (i32.const 0)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br_if $more (i32.gt_s (local.get $count) (i32.const 0)))))
    (func $ask
        (if (call $somebody) (then (drop (call $request (i32.const 288) (i32.const 512) (i32.const 10) (i32.const 0)
            (call $random (i32.const 2)) (call $soon))))))
    (func $give_birth
        (local $is_handler i32)
        (local.set $is_handler (call $random (i32.const 2)))
        ;; Link, monitor, held, held effects: any of them; sometimes later.
        (i32.store (i32.const 4) (call $random (i32.const 16)))
        (i32.store (i32.const 16) (i32.add (i32.const 200) (i32.mul (local.get $is_handler) (i32.const 7))))
        (i32.store (i32.const 20) (i32.const 7))
        (i64.store (i32.const 56) (if (result i64) (call $random (i32.const 4)) (then (i64.const 0)) (else (call $soon))))
        (call $name)
        (i64.store (i32.const 520) (i64.extend_i32_u (call $random (i32.const 0x7fffffff))))
        (i32.store (i32.const 528) (i32.div_u (i32.load (i32.const 516)) (i32.const 2)))
        (i64.store (i32.const 536) (i64.load (i32.const 520)))
        (i32.store (i32.const 540) (i32.load (i32.const 528)))
        (if (i32.load (i32.const 540))
            (then (drop (call $spawn (i32.const 0) (i32.const 536) (i32.const 8) (i32.const 320) (i32.const 400))))))
    (func $start_timer
        (local $to i32)
        (if (i32.and (call $random (i32.const 2)) (call $somebody)) (then (local.set $to (i32.const 288))))
        (drop (call $timer_start (call $soon)
            (if (result i64) (call $random (i32.const 2)) (then (i64.const 0)) (else (i64.const 50000)))
            (local.get $to) (i32.const 512) (call $random (i32.const 30)) (i32.const 0))))
    (func $harass
        (if (i32.eqz (call $somebody)) (then (return)))
        (if (i32.eqz (call $random (i32.const 6))) (then (drop (call $kill (i32.const 288)))))
        (if (i32.eqz (call $random (i32.const 3))) (then (drop (call $stop (i32.const 288)))))
        (if (call $random (i32.const 2)) (then (drop (call $monitor (i32.const 288) (call $random (i32.const 2))))))
        (if (call $random (i32.const 2)) (then (drop (call $notify_room (i32.const 288)))))
        (if (i32.eqz (call $random (i32.const 4))) (then (drop (call $link (i32.const 288))))))
    ;; Answers a request, twice now and then.
    (func $answer
        (if (i32.or (i32.load (i32.const 1024)) (i32.eqz (i32.load (i32.const 1028)))) (then (return)))
        (memory.copy (i32.const 2048) (i32.const 1056) (i32.const 32))
        (i64.store (i32.const 2080) (i64.load (i32.const 1048)))
        (i64.store (i32.const 2088) (i64.load (i32.const 1088)))
        (loop $again
            (drop (call $reply (i32.const 2048) (i32.const 512) (i32.const 5) (i32.const 0)))
            (br_if $again (i32.eqz (call $random (i32.const 4))))))
    ;; What both styles do; traps or exits now and then.
    (func $act
        (local $what i32)
        (local.set $what (call $random (i32.const 100)))
        (if (i32.lt_u (local.get $what) (i32.const 25)) (then (call $flood) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 45)) (then (call $ask) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 55)) (then (call $start_timer) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 70)) (then (call $give_birth) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 75)) (then (drop (call $flush)) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 80)) (then (call $harass) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 84)) (then (drop (call $trap_exit (call $random (i32.const 2)))) (return)))
        (if (i32.lt_u (local.get $what) (i32.const 88)) (then (drop (call $cancel (i64.extend_i32_u (call $random (i32.const 20))))) (return)))
        (if (i32.eq (local.get $what) (i32.const 99)) (then unreachable))
        (if (i32.eq (local.get $what) (i32.const 98)) (then (drop (call $exit (i32.const 2) (i32.const 0) (i32.const 512) (i32.const 4))))))
    (func (export "process")
        (call $join)
        (drop (call $start_args (i32.const 512) (i32.const 8) (i32.const 1024)))
        (global.set $state (i64.extend_i32_u (i32.load (i32.const 512))))
        (loop $next
            (call $act)
            (if (i32.eqz (call $random (i32.const 3)))
                (then (if (i32.eqz (call $receive (i32.const 0) (i32.const 0) (i32.const 4096) (i32.const 64) (i32.const 1024) (call $soon)))
                    (then (call $answer)))))
            (if (i32.eqz (call $random (i32.const 20))) (then (if (call $somebody) (then
                (drop (call $call (i32.const 288) (i32.const 512) (i32.const 7) (i32.const 0)
                    (i32.const 4096) (i32.const 64) (i32.const 1024) (call $soon)))))))
            (if (i32.eqz (call $random (i32.const 20))) (then (if (call $somebody) (then
                (drop (call $send_wait (i32.const 288) (i32.const 512) (i32.const 7) (i32.const 0) (call $soon)))))))
            (if (i32.eqz (call $random (i32.const 20))) (then
                (if (i32.eqz (call $scan (i32.const 4096) (i32.const 64) (i32.const 1024) (call $soon)))
                    (then (drop (call $scan_end (call $random (i32.const 2))))))))
            (i32.store (i32.const 516) (i32.sub (i32.load (i32.const 516)) (i32.const 1)))
            (br_if $next (i32.gt_s (i32.load (i32.const 516)) (i32.const 0)))))
    (func (export "handler") (param i32) (result i32)
        (drop (call $message_info (i32.const 1024)))
        (if (i32.eq (i32.load (i32.const 1024)) (i32.const 6))
            (then
                (call $join)
                (drop (call $message_read (i32.const 0) (i32.const 512) (i32.const 8)))
                (global.set $state (i64.extend_i32_u (i32.load (i32.const 512))))))
        (call $answer)
        (call $act)
        (i32.store (i32.const 516) (i32.sub (i32.load (i32.const 516)) (i32.const 1)))
        (i32.le_s (i32.load (i32.const 516)) (i32.const 0)))
    ;; Never takes anything.
    (func (export "sink") (drop (call $sleep (i64.const -1))))"#;

pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.mailbox_len_max = 20;
    limits.mailbox_bytes_max = 600;
    limits.actors_max = 60;
    limits.references_max = 30;
    limits.timers_max = 10;
    limits
}

/// Starts the storm: two sinks, and twenty of each style.
fn unleash(host: &Host, seed: u64, rounds: u32) {
    let storm = load(host, &module(STORM));
    let mut random = Random(seed);
    for name in ["a", "b"] {
        host.spawn(Spawn::entry(&storm, "sink").name(name)).expect("the name is free");
    }
    for number in 0..40 {
        let args = [random.next() as u32, rounds].map(u32::to_le_bytes).concat();
        let spawn = Spawn::entry(&storm, ["process", "handler"][number % 2]).args(Codec::RAW, args);
        let name = ["c", "d", "e", "f", "g", "h"].get(number);
        // Who came first may have ended at once, spawned a child, and that taken the name.
        let named = name.map(|name| host.spawn(spawn.clone().name(name)));
        if !matches!(named, Some(Ok(_))) {
            drop(host.spawn(spawn));
        }
    }
}

/// Ends whoever lives, and fails unless everything is accounted for before and after.
async fn settle(host: &Host) -> Accounts {
    // Timers that repeat keep a host from being quiet; whoever has one is ended first.
    while host.actor_count() > 0 {
        for actor in host.actors() {
            host.kill(actor.pid).expect("the pid has all rights");
        }
        host.quiescent().await;
        assert!(host.accounts().balance(), "{:?}", host.accounts());
    }
    // The last one may still be telling others of its end.
    host.quiescent().await;
    let accounts = host.accounts();
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!((accounts.queued, host.memory_used()), (0, 0), "{accounts:?}");
    assert_eq!(accounts.spawned, accounts.ended);
    assert!(host.actors().is_empty());
    accounts
}

/// Fails unless the storm has done a bit of everything.
fn assert_stormy(accounts: &Accounts) {
    let all = [
        accounts.received,
        accounts.refused,
        accounts.dropped_dead_receiver,
        accounts.dropped_late_reply,
        accounts.dropped_flushed,
        accounts.crashed,
    ];
    assert!(all.iter().all(|count| *count > 0), "{accounts:?}");
}

async fn storm(builder: HostBuilder, seed: u64, rounds: u32) -> Accounts {
    let host = builder.limits(limits()).build().expect("a host");
    unleash(&host, seed, rounds);
    // Native code takes part until the storm has had some thousands of messages, or is over.
    let mut mailbox = host.mailbox().expect("there is room");
    while host.accounts().sent < 50_000 && host.actor_count() > 2 {
        for actor in host.actors() {
            // It may have ended, or be full.
            let _ = mailbox.send(actor.pid, Codec::RAW, b"from outside");
        }
        drop(mailbox.try_receive());
        tokio::task::yield_now().await;
    }
    drop(mailbox);
    settle(&host).await
}

#[test]
fn hold_after_a_storm() {
    wat::run(async {
        let mut sum = Accounts::default();
        for seed in 0..4 {
            let accounts = storm(threads(), seed, 400).await;
            sum.received += accounts.received;
            sum.refused += accounts.refused;
            sum.dropped_dead_receiver += accounts.dropped_dead_receiver;
            sum.dropped_late_reply += accounts.dropped_late_reply;
            sum.dropped_flushed += accounts.dropped_flushed;
            sum.crashed += accounts.crashed;
        }
        assert_stormy(&sum);
    });
}

#[test]
fn hold_after_a_storm_in_deterministic_mode() {
    wat::run(async {
        let mut stormy = 0;
        for seed in 0..8 {
            let accounts = storm(deterministic(seed), seed, 100).await;
            stormy += u64::from(accounts.received > 0 && accounts.dropped_dead_receiver > 0);
        }
        assert!(stormy > 0);
    });
}

#[test]
fn hold_when_everybody_is_killed_at_once() {
    wat::run(async {
        let host = threads().limits(limits()).build().expect("a host");
        for seed in 0..20 {
            unleash(&host, seed, 1000);
            settle(&host).await;
        }
    });
}
