//! An attacker under watch: several actors monitor it, and each must hear of its end once, and of the same reason
//! as native code.

use std::sync::Arc;

use flower_abi::ExitTag;
use flower_host::{Actor, Codec, ExitReason, Host, Mailbox, Module, Pid, Spawn};

use super::Arena;
use crate::wat::{load, module};

/// Who watches each.
const WATCHERS: usize = 3;

/// Monitors whom its arguments name, says so, and counts what it hears until it is asked.
const WATCHER: &str = r#"
    (global $count (mut i32) (i32.const 0))
    (func (export "run")
        (drop (call $start_args (i32.const 0) (i32.const 64) (i32.const 256)))
        (if (i64.le_s (call $monitor (i32.const 0) (i32.const 0)) (i64.const 0)) (then unreachable))
        (drop (call $send (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 0)))
        (loop $next
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i64.const -1)))
            (if (i32.eq (i32.load (i32.const 256)) (i32.const 2)) (then
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (i32.store (i32.const 512) (global.get $count))
                (i32.store (i32.const 516) (i32.load (i32.const 368)))))
            (br_if $next (i32.load (i32.const 256))))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 8))))"#;

pub(super) fn load_watcher(host: &Host) -> Module {
    load(host, &module(WATCHER))
}

/// An attacker whom several actors monitor.
pub(crate) struct Watched {
    actor: Actor,
    watchers: Vec<Actor>,
    mailbox: Mailbox,
}

impl Arena {
    /// Spawns an attacker, and returns when it is watched. It should wait for a message before it does what might end it.
    pub(crate) async fn watched(&self, spawn: Spawn) -> Watched {
        let actor = self.host.spawn(spawn).expect("there is room for an attacker");
        self.watch(actor).await
    }

    /// Watches an actor that lives.
    pub(crate) async fn watch(&self, actor: Actor) -> Watched {
        let mut mailbox = self.host.mailbox().expect("there is room for a mailbox");
        let args = [actor.pid().to_bytes(), mailbox.pid().to_bytes()].concat();
        let watcher = Spawn::entry(&self.watcher, "run").args(Codec::RAW, args);
        let watchers: Vec<Actor> = (0..WATCHERS)
            .map(|_| self.host.spawn(watcher.clone()).expect("there is room for a watcher"))
            .collect();
        for _ in &watchers {
            mailbox.receive().await;
        }
        Watched { actor, watchers, mailbox }
    }
}

impl Watched {
    /// Its pid.
    pub(crate) fn pid(&self) -> Pid {
        self.actor.pid()
    }

    /// Tells it to begin.
    pub(crate) fn begin(&self) {
        self.mailbox.send(self.actor.pid(), Codec::RAW, b"go").expect("it lives");
    }

    /// Waits for its end, and fails unless each watcher was told of it once, with that reason.
    pub(crate) async fn end(self) -> Arc<ExitReason> {
        let reason = self.actor.join().await;
        for watcher in &self.watchers {
            self.mailbox.send(watcher.pid(), Codec::RAW, b"tell").expect("it lives");
        }
        for watcher in self.watchers {
            let told = watcher.join().await;
            let ExitReason::Normal(value) = &*told else { panic!("a watcher ended: {told:?}") };
            let word = |at: usize| u32::from_le_bytes(value.bytes[at..at + 4].try_into().expect("4 bytes"));
            assert_eq!(
                (word(0), word(4)),
                (1, tag(&reason) as u32),
                "a monitor was told otherwise: {reason}"
            );
        }
        reason
    }
}

/// The reason as it crosses to guests.
fn tag(reason: &ExitReason) -> ExitTag {
    match reason {
        ExitReason::Normal(_) => ExitTag::Normal,
        ExitReason::Shutdown(_) => ExitTag::Shutdown,
        ExitReason::Error(_) => ExitTag::Error,
        ExitReason::Panic { .. } => ExitTag::Panic,
        ExitReason::Trap { .. } => ExitTag::Trap,
        ExitReason::Limit { .. } => ExitTag::Limit,
        ExitReason::OutOfTime => ExitTag::OutOfTime,
        ExitReason::Killed => ExitTag::Killed,
        ExitReason::HostError { .. } => ExitTag::HostError,
        ExitReason::ExitCode(_) => ExitTag::ExitCode,
        other => panic!("no attacker ends of {other}"),
    }
}
