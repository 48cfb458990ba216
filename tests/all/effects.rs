//! Held effects: what a handler sends is seen when it returns, and never when it traps; the answers
//! that it got hold.

use flower_abi::{Pid, SpawnOptions};
use flower_host::{Actor, CallError, Codec, ExitReason, Host, HostBuilder, Limits, Mailbox, Spawn, Status};

use crate::wat::{self, deterministic, load, module, threads};

/// A parent that spawns the entry named in its arguments with the flags that stand behind the name,
/// hands on the pid behind those as arguments, and sends the child's pid to that pid.
///
/// The handler sends one message to that pid at its start. After that, a message of `t` makes it send and trap, one of
/// `s` send and go on, one of `b` send and run for ever; a request is answered with `a`, and `t` traps then.
const FAMILY: &str = r#"
    (data (i32.const 0) "\01\00\00\00")
    (func (export "parent")
        (drop (call $start_args (i32.const 512) (i32.const 256) (i32.const 1024)))
        ;; Arguments: pid (32 bytes), flags (4), length of the name (4), name.
        (i32.store (i32.const 4) (i32.load (i32.const 544)))
        (i32.store (i32.const 16) (i32.const 552))
        (i32.store (i32.const 20) (i32.load (i32.const 548)))
        (if (call $spawn (i32.const 0) (i32.const 512) (i32.const 32) (i32.const 256) (i32.const 0)) (then unreachable))
        (if (call $send (i32.const 512) (i32.const 256) (i32.const 32) (i32.const 0)) (then unreachable)))
    (global $status (mut i32) (i32.const 1))
    ;; Sends the status of the send before.
    (func $tell
        (i32.store (i32.const 2048) (global.get $status))
        (global.set $status (call $send (i32.const 3072) (i32.const 2048) (i32.const 4) (i32.const 0))))
    (func (export "handler") (param $len i32) (result i32)
        (local $what i32)
        (drop (call $message_info (i32.const 1024)))
        (drop (call $message_read (i32.const 0) (i32.const 2560) (i32.const 64)))
        (if (i32.eq (i32.load (i32.const 1024)) (i32.const 6))
            (then (memory.copy (i32.const 3072) (i32.const 2560) (i32.const 32)) (return (i32.const 0))))
        (local.set $what (i32.load8_u (i32.const 2560)))
        (if (i32.load (i32.const 1028))
            (then
                ;; The token: sender, reference and tag.
                (memory.copy (i32.const 4096) (i32.const 1056) (i32.const 32))
                (i64.store (i32.const 4128) (i64.load (i32.const 1048)))
                (i64.store (i32.const 4136) (i64.load (i32.const 1088)))
                (if (call $reply (i32.const 4096) (i32.const 2560) (local.get $len) (i32.const 0)) (then unreachable)))
            (else (call $tell)))
        (if (i32.eq (local.get $what) (i32.const 116)) (then unreachable))
        (if (i32.eq (local.get $what) (i32.const 98)) (then (loop $for_ever (br $for_ever))))
        i32.const 0)
    (func (export "process")
        (drop (call $start_args (i32.const 3072) (i32.const 32) (i32.const 1024)))
        (call $tell)
        (drop (call $sleep (i64.const -1))))"#;

/// A host with a mailbox of native code, and a child of the family that holds the mailbox's pid.
struct Family {
    host: Host,
    mailbox: Mailbox,
    child: Pid,
}

async fn family(builder: HostBuilder, entry: &str, flags: u32) -> Family {
    let host = builder.build().expect("a host");
    let mut mailbox = host.mailbox().expect("a mailbox");
    let child = bear(&host, &mut mailbox, entry, flags).await;
    Family { host, mailbox, child }
}

async fn bear(host: &Host, mailbox: &mut Mailbox, entry: &str, flags: u32) -> Pid {
    let head = [flags, entry.len() as u32].map(u32::to_le_bytes).concat();
    let args = [&mailbox.pid().to_bytes()[..], &head, entry.as_bytes()].concat();
    let parent: Actor = host
        .spawn(Spawn::entry(&load(host, &module(FAMILY)), "parent").args(Codec::RAW, args))
        .expect("it is there");
    let mut first = mailbox.receive().await.body;
    // A process's own message may come before its parent's.
    if first.len() == 4 {
        first = mailbox.receive().await.body;
    }
    assert_eq!(*parent.join().await, ExitReason::NORMAL);
    Pid::from_bytes(&first.try_into().expect("a pid"))
}

impl Family {
    /// Sends the child a message and lets it handle it.
    async fn tell(&self, what: &[u8]) {
        self.mailbox.send(self.child, Codec::RAW, what).expect("it lives");
        self.host.quiescent().await;
    }

    /// The message that has come, if one has.
    fn heard(&mut self) -> Option<i32> {
        let body = self.mailbox.try_receive()?.body;
        Some(i32::from_le_bytes(body.try_into().expect("a status")))
    }

    fn assert_balance(&self) {
        assert!(self.host.accounts().balance(), "{:?}", self.host.accounts());
    }
}

/// Threads and deterministic mode, with a mailbox of at most `len` messages for everybody.
fn both(len: u32) -> [HostBuilder; 2] {
    let mut limits = Limits::default();
    limits.mailbox_len_max = len;
    [threads().limits(limits.clone()), deterministic(1).limits(limits)]
}

const HOLD: u32 = SpawnOptions::HOLD_EFFECTS;

#[test]
fn held_messages_come_when_the_handler_returns() {
    wat::run(async {
        for builder in both(10) {
            let mut family = family(builder, "handler", HOLD).await;
            family.tell(b"s").await;
            assert_eq!((family.heard(), family.heard()), (Some(1), None));
            family.tell(b"s").await;
            assert_eq!((family.heard(), family.heard()), (Some(0), None));
            family.assert_balance();
        }
    });
}

#[test]
fn held_messages_of_a_trap_are_never_seen() {
    wat::run(async {
        for builder in both(10) {
            let mut family = family(builder, "handler", HOLD).await;
            family.tell(b"t").await;
            assert_eq!((family.heard(), family.host.actor_count()), (None, 0));
            family.assert_balance();
            assert_eq!(family.host.accounts().queued, 0);
        }
    });
}

#[test]
fn messages_that_are_not_held_are_seen_before_a_trap() {
    wat::run(async {
        for builder in both(10) {
            let mut family = family(builder, "handler", 0).await;
            family.tell(b"t").await;
            assert_eq!((family.heard(), family.host.actor_count()), (Some(1), 0));
            family.assert_balance();
        }
    });
}

#[test]
fn the_place_of_a_held_message_is_taken_at_the_send() {
    wat::run(async {
        for builder in both(1) {
            let mut family = family(builder, "handler", HOLD).await;
            family.tell(b"s").await;
            // The mailbox of native code is full now; the next send is refused at once.
            family.tell(b"s").await;
            assert_eq!((family.heard(), family.heard()), (Some(1), None));
            family.tell(b"s").await;
            assert_eq!(family.heard(), Some(Status::MAILBOX_FULL.0));
            family.assert_balance();
        }
    });
}

#[test]
fn the_place_of_a_message_that_was_taken_back_is_free() {
    wat::run(async {
        for builder in both(1) {
            let mut family = family(builder, "handler", HOLD).await;
            family.tell(b"t").await;
            let pid = family.mailbox.pid();
            assert_eq!(family.mailbox.send(pid, Codec::RAW, &7i32.to_le_bytes()), Ok(()));
            assert_eq!(family.heard(), Some(7));
            family.assert_balance();
        }
    });
}

#[test]
fn a_handler_that_is_killed_before_it_returns_sends_nothing() {
    wat::run(async {
        // The clock says when it has run out of its time.
        let mut limits = Limits::default();
        limits.handler_time_max = Some(std::time::Duration::from_millis(20));
        limits.mailbox_len_max = 1;
        for builder in [threads().limits(limits.clone()), deterministic(1).limits(limits)] {
            let mut family = family(builder, "handler", HOLD).await;
            family.tell(b"b").await;
            assert_eq!((family.heard(), family.host.actor_count()), (None, 0));
            let pid = family.mailbox.pid();
            assert_eq!(family.mailbox.send(pid, Codec::RAW, &[]), Ok(()), "its place is free again");
            family.assert_balance();
        }
    });
}

#[test]
fn a_held_reply_comes_when_the_handler_returns() {
    wat::run(async {
        for builder in both(10) {
            let mut family = family(builder, "handler", HOLD).await;
            let answer = family.mailbox.call(family.child, Codec::RAW, b"a").await.expect("it answers");
            assert_eq!(answer.body, b"a");
            family.host.quiescent().await;
            family.assert_balance();
        }
    });
}

#[test]
fn a_reply_that_was_taken_back_tells_the_caller_of_the_end() {
    wat::run(async {
        for builder in both(10) {
            let mut family = family(builder, "handler", HOLD).await;
            let died = family.mailbox.call(family.child, Codec::RAW, b"t").await.expect_err("it traps");
            assert!(matches!(&died, CallError::Died { reason } if reason.is_crash()), "{died}");
            family.host.quiescent().await;
            family.assert_balance();
        }
    });
}

#[test]
fn a_process_has_no_return_to_hold_anything_for() {
    wat::run(async {
        for builder in both(10) {
            let host = builder.build().expect("a host");
            let mut mailbox = host.mailbox().expect("a mailbox");
            let args = |entry: &str| {
                let head = [HOLD, entry.len() as u32].map(u32::to_le_bytes).concat();
                [&mailbox.pid().to_bytes()[..], &head, entry.as_bytes()].concat()
            };
            let parent =
                Spawn::entry(&load(&host, &module(FAMILY)), "parent").args(Codec::RAW, args("process"));
            host.spawn(parent).expect("it is there");
            host.quiescent().await;
            let mut lengths = [mailbox.receive().await.body.len(), mailbox.receive().await.body.len()];
            lengths.sort_unstable();
            assert_eq!(lengths, [4, 32], "its message, and its pid from its parent");
        }
    });
}
