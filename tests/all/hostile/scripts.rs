//! Scripts: guests of both styles that make up to two dozen host calls with any arguments, one after the other, so that what one
//! leaves behind meets the next.
//!
//! A script is the guest's memory from [`SCRIPT`] on: for each call its number in the table, and its arguments, all of 8
//! bytes. What lies before that is random, so that pointers find something.

use flower_host::{ActorState, ActorStatus, Codec, ExitReason, Host, Limits, Module, Spawn};

use crate::wat::{self, CALLS, Call, Random, Type, assert_alive, deterministic, load, with_imports};

/// Where the script stands.
const SCRIPT: usize = 32768;

/// Where the guest's own pid stands.
const OWN_PID: u64 = 0xfe00;

/// Calls of a script.
const CALLS_MAX: u64 = 24;

/// Looks at actors that do not come to rest before they are ended.
const LOOKS_MAX: u32 = 1000;

/// Numbers at which arithmetic breaks.
const BOUNDARIES: [u64; 8] =
    [0xffff, 0x1_0000, 0x1_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, i64::MAX as u64, u64::MAX];

/// Dispatches on the number of the call; a number that there is none of ends the script.
fn guest() -> String {
    let call = |(number, call): (usize, &Call)| {
        let load = |(at, (_, ty)): (usize, &(&str, Type))| {
            format!("({}.load offset={} (local.get $at))", ty.wat(), 8 + at * 8)
        };
        let arguments: String = call.params.iter().enumerate().map(load).collect();
        let (name, size) = (call.name, 8 + call.params.len() * 8);
        format!(
            "(if (i32.eq (i32.load (local.get $at)) (i32.const {number})) (then
                (drop (call ${name} {arguments}))
                (local.set $at (i32.add (local.get $at) (i32.const {size}))) (br $next)))\n"
        )
    };
    let calls: String = CALLS.iter().enumerate().map(call).collect();
    with_imports(&format!(
        r#"(memory (export "memory") 2)
        (func $play (local $at i32)
            (local.set $at (i32.const {SCRIPT}))
            (drop (call $self_pid (i32.const {OWN_PID})))
            (loop $next {calls}))
        (func (export "process")
            (drop (call $start_args (i32.const 0) (i32.const 65536) (i32.const 70000)))
            (call $play))
        (func (export "handler") (param i32) (result i32)
            (if (local.get 0) (then
                (drop (call $message_read (i32.const 0) (i32.const 0) (i32.const 65536)))
                (call $play)))
            i32.const 0)"#
    ))
}

/// Often a small number, a place in the memory, or one at which arithmetic breaks.
fn argument(random: &mut Random) -> u64 {
    match random.next() % 7 {
        0 => random.next() % 64,
        1 => random.next() % 65_536,
        2 => *random.choose(&BOUNDARIES),
        3 | 4 => 0,
        5 => OWN_PID,
        _ => random.next(),
    }
}

/// The memory of a guest, script and all.
fn memory(random: &mut Random) -> Vec<u8> {
    let mut memory: Vec<u8> = (0..SCRIPT / 8).flat_map(|_| noise(random).to_le_bytes()).collect();
    for _ in 0..=random.next() % CALLS_MAX {
        let number = random.next() % CALLS.len() as u64;
        memory.extend(number.to_le_bytes());
        for _ in CALLS[number as usize].params {
            memory.extend(argument(random).to_le_bytes());
        }
    }
    memory.extend(u64::MAX.to_le_bytes());
    memory
}

/// Mostly zeros: options of all ones would be refused before anything is tried.
fn noise(random: &mut Random) -> u64 {
    match random.next() % 8 {
        0 => random.next(),
        1 => random.next() % 4,
        2 => argument(random),
        _ => 0,
    }
}

/// Plays one script, ends whoever waits, and fails unless the host is empty afterwards.
async fn play(host: &Host, module: &Module, style: &str, script: u64, memory: &[u8]) {
    let actor = host.spawn(Spawn::entry(module, style).args(Codec::RAW, memory)).expect("it is there");
    // It may wait for ever, and so may whom it has spawned; or a timer that repeats keeps one busy.
    let mut looks = 0;
    while host.actor_count() > 0 {
        tokio::task::yield_now().await;
        looks += 1;
        let actors = host.actors();
        let waits = |actor: &ActorStatus| !matches!(actor.state, ActorState::Running | ActorState::Runnable);
        if looks > LOOKS_MAX || actors.iter().all(waits) {
            actors.iter().for_each(|actor| host.kill(actor.pid).expect("the pid has all rights"));
        }
    }
    let reason = actor.join().await;
    let blamed = matches!(&*reason, ExitReason::HostError { .. });
    assert!(!blamed, "script {script}: the host took the blame: {reason}");
    host.quiescent().await;
    let accounts = host.accounts();
    assert!(accounts.balance() && accounts.queued == 0, "script {script}: {accounts:?}");
    assert_eq!((accounts.spawned, host.memory_used()), (accounts.ended, 0), "script {script}");
}

#[test]
fn any_calls_one_after_the_other_are_contained() {
    let scripts = std::env::var("FLOWER_SCRIPTS").map_or(400, |count| count.parse().expect("a number"));
    wat::run(async {
        let mut limits = Limits::default();
        limits.actors_max = 200;
        limits.mailbox_len_max = 64;
        limits.host_message_bytes_max = 1 << 20;
        let host = deterministic(11).limits(limits).build().expect("a host");
        let module = load(&host, &guest());
        for script in 0..scripts {
            let memory = memory(&mut Random(script));
            for style in ["process", "handler"] {
                play(&host, &module, style, script, &memory).await;
            }
        }
        assert_alive(&host).await;
    });
}
