//! Host calls with any arguments: a guest that makes the calls of a script one after the other, in both styles.
//!
//! The script is the guest's memory from `SCRIPT` on: for each call its number in the table and as many
//! arguments as it has, all numbers of 8 bytes. The rest of the bytes fills the memory before that, so that
//! pointers find something. A host is made once for many scripts; after each it has to be empty.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use arbitrary::Unstructured;
use flower_abi::{SIGNATURES, Signature};
use flower_host::{Codec, ExitReason, Host, Limits, Module, Null, Policy, Source, Spawn};

/// Where the script stands.
const SCRIPT: u32 = 32768;

/// Calls of a script.
const CALLS_MAX: usize = 24;

/// Messages at which a handler plays the script: one that sends to itself would go on for ever.
const PLAYS_MAX: u32 = 4;

/// Generations of guests that spawn guests, which would go on for ever too.
const GENERATIONS_MAX: u32 = 2;

/// Lets guests of both styles make the calls that the bytes say.
pub fn run(bytes: &[u8]) {
    thread_local!(static RIG: RefCell<Option<Rig>> = const { RefCell::new(None) });
    let Ok(memory) = memory(bytes) else { return };
    RIG.with_borrow_mut(|rig| rig.get_or_insert_with(Rig::new).play(&memory));
}

/// The guest's memory: what pointers may find, and the script.
fn memory(bytes: &[u8]) -> arbitrary::Result<Vec<u8>> {
    let mut input = Unstructured::new(bytes);
    let mut script = Vec::new();
    for _ in 0..input.int_in_range(1..=CALLS_MAX)? {
        let call = input.choose_index(SIGNATURES.len())?;
        script.extend((call as u64).to_le_bytes());
        for _ in SIGNATURES[call].params {
            script.extend(argument(&mut input)?.to_le_bytes());
        }
    }
    script.extend(u64::MAX.to_le_bytes());
    let mut memory = input.take_rest().to_vec();
    memory.resize(SCRIPT as usize, 0);
    memory.extend(script);
    Ok(memory)
}

/// Often a small number, a place where something stands, or one at which arithmetic breaks.
fn argument(input: &mut Unstructured<'_>) -> arbitrary::Result<u64> {
    Ok(match input.int_in_range(0..=5)? {
        0 => input.int_in_range(0..=64)?,
        1 => u64::from(input.int_in_range(0..=65_536_u32)?),
        2 => *input.choose(&[
            0,
            1,
            0xffff,
            0x1_0000,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            u64::MAX,
            i64::MAX as u64,
        ])?,
        3 => 0,
        4 => 0xfe00,
        _ => input.arbitrary()?,
    })
}

/// Nanoseconds of virtual time after which whoever is still there is ended: a timer that repeats would go on for ever.
const TIME_MAX: u64 = 100_000;

/// A host, and the guest in it.
struct Rig {
    runtime: tokio::runtime::Runtime,
    host: Host,
    module: Module,
}

impl Rig {
    fn new() -> Rig {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut limits = Limits::default();
        limits.actors_max = 200;
        limits.mailbox_len_max = 64;
        limits.host_message_bytes_max = 1 << 20;
        limits.run_time_max = Some(Duration::from_secs(1));
        let builder = Host::builder().deterministic(true).limits(limits).output(Arc::new(Null));
        let host = runtime.block_on(async { builder.build() }).expect("a host");
        let module =
            host.load("script", &Source::from_wat(&text()).expect("it is text")).expect("it is valid");
        Rig { runtime, host, module }
    }

    fn play(&self, memory: &[u8]) {
        self.runtime.block_on(async {
            for style in ["process", "handler"] {
                let spawn = Spawn::entry(&self.module, style).args(Codec::RAW, memory);
                let policy = Policy::default().depth_max(GENERATIONS_MAX);
                let actor = self.host.spawn(spawn.policy(policy)).expect("it is there");
                self.host.spawn(Spawn::entry(&self.module, "clock")).expect("it is there").join().await;
                // Whoever waits for ever, and whom it has spawned; timers that repeat end with them.
                while self.host.actor_count() > 0 {
                    for status in self.host.actors() {
                        self.host.kill(status.pid).expect("the pid has all rights");
                    }
                    tokio::task::yield_now().await;
                }
                let reason = actor.join().await;
                assert!(
                    !matches!(&*reason, ExitReason::HostError { .. }),
                    "the host took the blame: {reason}"
                );
                self.host.quiescent().await;
                let accounts = self.host.accounts();
                assert!(accounts.balance() && accounts.queued == 0, "{accounts:?}");
                assert_eq!((accounts.spawned, self.host.memory_used()), (accounts.ended, 0));
            }
        });
    }
}

/// Dispatches on the number of the call; a number that there is none of ends the script.
fn text() -> String {
    let import = |row: &Signature| {
        let (name, params, result) = (row.name, row.params.join(" "), row.result);
        format!("(import \"flower\" \"{name}\" (func ${name} (param {params}) (result {result})))\n")
    };
    let call = |(number, row): (usize, &Signature)| {
        let load = |(at, ty): (usize, &&str)| format!("({ty}.load offset={} (local.get $at))", 8 + at * 8);
        let arguments: String = row.params.iter().enumerate().map(load).collect();
        let size = 8 + row.params.len() * 8;
        format!(
            "(if (i32.eq (i32.load (local.get $at)) (i32.const {number})) (then
                (drop (call ${} {arguments})) (local.set $at (i32.add (local.get $at) (i32.const {size}))) (br $next)))\n",
            row.name
        )
    };
    let imports: String = SIGNATURES.iter().map(import).collect();
    let calls: String = SIGNATURES.iter().enumerate().map(call).collect();
    format!(
        r#"(module {imports} (memory (export "memory") 2)
        (func $play (local $at i32)
            (local.set $at (i32.const {SCRIPT}))
            ;; Its own pid stands where a fifth of all arguments point.
            (drop (call $self_pid (i32.const 0xfe00)))
            (loop $next {calls}))
        (func (export "clock") (drop (call $sleep (i64.add (call $now) (i64.const {TIME_MAX})))))
        (func (export "process")
            (drop (call $start_args (i32.const 0) (i32.const 65536) (i32.const 70000)))
            (call $play))
        (global $plays (mut i32) (i32.const 0))
        (func (export "handler") (param i32) (result i32)
            (if (i32.and (i32.ne (local.get 0) (i32.const 0))
                    (i32.lt_u (global.get $plays) (i32.const {PLAYS_MAX}))) (then
                (global.set $plays (i32.add (global.get $plays) (i32.const 1)))
                (drop (call $message_read (i32.const 0) (i32.const 0) (i32.const 65536)))
                (call $play)))
            i32.const 0))"#
    )
}
