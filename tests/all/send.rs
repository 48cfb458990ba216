//! Sending: F7, F8, A10, A11, A13, P10; order for each sender, copies, refusals, room.

use std::collections::HashMap;

use flower_host::{Codec, ExitReason, Host, Limits, Module, Source, Spawn};

use crate::support::{Watchdog, guest_tests, host_builder};
use crate::wat::{self, deterministic, load, module, threads};

guest_tests! {
    send_codecs,
    send_copies,
    send_mailbox_full,
    send_order,
    send_pids_and_bytes,
    send_refusals,
    send_wait => |guest| guest.prints_times(),
}

/// Waits to be told where to, and then sends the numbers from 0 to 999 there.
const COUNTER: &str = r#"(module
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $n i32)
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1)))
        (loop $again
            (i32.store (i32.const 512) (local.get $n))
            ;; The sender's pid stands at 32 of the header.
            (if (call $send (i32.const 32) (i32.const 512) (i32.const 4) (i32.const 0)) (then unreachable))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 1000))))))"#;

const SENDERS: usize = 8;
const MESSAGES: usize = 1000;

/// Several threads send to one mailbox at once: nothing is promised across senders, and for each of
/// them everything.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_sender_arrive_in_order() {
    let _watchdog = Watchdog::start();
    let host = host_builder().workers(4).build().expect("a host");
    let counter = host.load("counter", &Source::from_wat(COUNTER).expect("text")).expect("a module");
    let mut mailbox = host.mailbox().expect("a mailbox");
    for _ in 0..SENDERS {
        let sender = host.spawn(Spawn::program(&counter)).expect("a sender");
        mailbox.send(sender.pid(), Codec::RAW, b"begin").expect("it waits");
    }
    let mut next: HashMap<u64, u32> = HashMap::new();
    for _ in 0..SENDERS * MESSAGES {
        let message = mailbox.receive().await;
        let number = u32::from_le_bytes(message.body.try_into().expect("4 bytes"));
        let expected = next.entry(message.sender.serial).or_default();
        assert_eq!(number, *expected, "from {}", message.sender);
        *expected += 1;
    }
    assert_eq!(next.len(), SENDERS);
    assert!(mailbox.try_receive().is_none());
}

/// `keeper` receives nothing, and has sent itself 400 bytes; `sender` waits until there is room for as many bytes
/// as its arguments say after the receiver's pid.
const WAITERS: &str = r#"
    (func (export "keeper")
        (drop (call $self_pid (i32.const 288)))
        (drop (call $send (i32.const 288) (i32.const 0) (i32.const 400) (i32.const 0)))
        ;; There are 200 left: this waits for ever, for what only it could make room for.
        (drop (call $send_wait (i32.const 288) (i32.const 0) (i32.const 300) (i32.const 0) (i64.const -1))))
    (func (export "sender")
        (drop (call $start_args (i32.const 288) (i32.const 36) (i32.const 400)))
        (if (call $send_wait (i32.const 288) (i32.const 0) (i32.load (i32.const 320)) (i32.const 0) (i64.const -1))
            (then unreachable)))"#;

fn sender(host: &Host, waiters: &Module, to: &flower_host::Actor, bytes: u32) -> flower_host::Actor {
    let args = [&to.pid().to_bytes()[..], &bytes.to_le_bytes()].concat();
    host.spawn(Spawn::entry(waiters, "sender").args(Codec::RAW, args)).expect("there is room")
}

#[test]
fn who_waits_for_more_room_than_there_is_sleeps_and_keeps_nobody_from_what_there_is() {
    wat::run(async {
        for builder in [threads(), deterministic(1)] {
            let mut limits = Limits::default();
            limits.mailbox_bytes_max = 600;
            let host = builder.limits(limits).build().expect("a host");
            let waiters = load(&host, &module(WAITERS));
            let keeper = wat::spawn(&host, &waiters, "keeper");
            // Quiet: it was not told of 200 bytes again and again.
            host.quiescent().await;
            let large = sender(&host, &waiters, &keeper, 250);
            host.quiescent().await;
            let small = sender(&host, &waiters, &keeper, 150);
            assert_eq!(*small.join().await, ExitReason::NORMAL);
            let second = sender(&host, &waiters, &keeper, 100);
            host.quiescent().await;
            assert_eq!(host.accounts().queued, 2);
            host.kill(keeper.pid()).expect("the pid has all rights");
            for waiting in [large, second] {
                // Of a receiver that has ended they hear, and do not stand it.
                assert!(matches!(&*waiting.join().await, ExitReason::Panic { .. } | ExitReason::Trap { .. }));
            }
            host.quiescent().await;
            assert!(host.accounts().balance(), "{:?}", host.accounts());
        }
    });
}
