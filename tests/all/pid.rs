//! Pids: plain data that cannot be forged, and whose rights cannot be widened.

use flower_host::{Codec, Host, Pid, Rights, Source, Spawn, Status};

use crate::support::{Watchdog, guest_tests, host_builder};

guest_tests! {
    pid_forged,
    pid_rights,
    pid_sender,
    pid_stale,
}

const WAITS: &str = r#"(module
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1)))))"#;

/// Flips one bit of a pid.
fn flip(pid: Pid, bit: usize) -> Pid {
    let mut bytes = pid.to_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Pid::from_bytes(&bytes)
}

fn waiting(host: &Host) -> flower_host::Actor {
    let module = host.load("waiting", &Source::from_wat(WAITS).expect("text")).expect("a module");
    host.spawn(Spawn::program(&module)).expect("an actor")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_bit_makes_a_pid_false() {
    let _watchdog = Watchdog::start();
    let host = host_builder().workers(1).build().expect("a host");
    let mailbox = host.mailbox().expect("a mailbox");
    let actor = waiting(&host);
    for bit in 0..Pid::SIZE * 8 {
        let forged = flip(actor.pid(), bit);
        assert_eq!(mailbox.send(forged, Codec::RAW, b""), Err(Status::INVALID_PID), "bit {bit}");
        assert_eq!(host.stop(forged), Err(Status::INVALID_PID), "bit {bit}");
        assert_eq!(host.kill(forged), Err(Status::INVALID_PID), "bit {bit}");
    }
    assert_eq!(host.stop(actor.pid()), Ok(()));
    assert_eq!(actor.join().await.to_string(), "shutdown");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sender_of_a_message_may_not_be_ended() {
    let _watchdog = Watchdog::start();
    let host = host_builder().workers(1).build().expect("a host");
    let mut mailbox = host.mailbox().expect("a mailbox");
    mailbox.send(mailbox.pid(), Codec::RAW, b"").expect("there is room");
    let sender = mailbox.receive().await.sender;
    assert_eq!(sender.rights, Rights::PEER);
    assert_eq!(host.kill(sender), Err(Status::NOT_PERMITTED));
    let mut widened = sender;
    widened.rights = Rights::ALL;
    assert_eq!(host.kill(widened), Err(Status::INVALID_PID));
    assert_eq!(mailbox.send(sender, Codec::RAW, b""), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pid_of_another_host_is_false_here() {
    let _watchdog = Watchdog::start();
    let hosts = [(); 2].map(|()| host_builder().workers(1).build().expect("a host"));
    let stranger = waiting(&hosts[0]);
    let own = waiting(&hosts[1]);
    let mailbox = hosts[1].mailbox().expect("a mailbox");
    assert_eq!(mailbox.send(stranger.pid(), Codec::RAW, b""), Err(Status::INVALID_PID));
    assert_eq!(mailbox.send(own.pid(), Codec::RAW, b""), Ok(()));
}

/// The slot is taken again at once; the old pid names nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_pid_is_never_the_next_tenant() {
    let _watchdog = Watchdog::start();
    let host = host_builder().workers(1).build().expect("a host");
    let mailbox = host.mailbox().expect("a mailbox");
    let mut stale = Vec::new();
    for _ in 0..100 {
        let actor = waiting(&host);
        for old in &stale {
            assert_eq!(mailbox.send(*old, Codec::RAW, b""), Err(Status::NO_ACTOR));
        }
        stale.push(actor.pid());
        host.kill(actor.pid()).expect("it lives");
        actor.join().await;
    }
}

#[test]
fn the_secret_is_not_shown() {
    let host = host_builder().workers(1).build().expect("a host");
    let pid = host.mailbox().expect("a mailbox").pid();
    let shown = format!("{pid} {pid:?}");
    for secret in [pid.tag, pid.incarnation] {
        assert!(!shown.contains(&secret.to_string()) && !shown.contains(&format!("{secret:x}")), "{shown}");
    }
}
