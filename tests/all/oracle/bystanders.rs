//! Bystanders: a ring of actors who pass on what they get, number what they send, and check the numbers of
//! what they receive. One message lost, doubled or out of order, and the round does not come home clean.

use flower_host::{Actor, Codec, ExitReason, Host, Mailbox, MemoryEngine, Spawn};

use crate::support::memory_engine;
use crate::wat::{load, module};

/// Messages on their way at once.
const TOKENS: u32 = 8;

/// Hops of each in one round.
const HOPS: u32 = 1000;

/// All of them are in the group `bystanders`, for floods. A body is a number within its link of the ring, and hops that are left; one from outside has no number.
///
/// Memory: header at 0, body at 256, the neighbour's pid at 512, the home's at 544, the own at 576, the group at 640.
const BYSTANDER: &str = r#"
    (data (i32.const 640) "bystanders")
    (global $expected (mut i64) (i64.const 0))
    (global $sent (mut i64) (i64.const 0))
    (func $go_home (param $hops i32)
        (i32.store (i32.const 264) (local.get $hops))
        (drop (call $send (i32.const 544) (i32.const 256) (i32.const 16) (i32.const 0))))
    (func $pass_on
        (i64.store (i32.const 256) (global.get $sent))
        (global.set $sent (i64.add (global.get $sent) (i64.const 1)))
        ;; A flood may have filled the neighbour's mailbox; whoever waits loses nothing.
        (if (call $send_wait (i32.const 512) (i32.const 256) (i32.const 16) (i32.const 0) (i64.const -1))
            (then (call $go_home (i32.const -2)))))
    (func $take
        (if (i64.ne (i64.load (i32.const 256)) (i64.const -1)) (then
            (if (i64.ne (i64.load (i32.const 256)) (global.get $expected)) (then (call $go_home (i32.const -1)) (return)))
            (global.set $expected (i64.add (global.get $expected) (i64.const 1)))))
        (i32.store (i32.const 264) (i32.sub (i32.load (i32.const 264)) (i32.const 1)))
        (if (i32.load (i32.const 264)) (then (call $pass_on)) (else (call $go_home (i32.const 0)))))
    (func (export "run")
        (drop (call $start_args (i32.const 544) (i32.const 32) (i32.const 0)))
        (drop (call $self_pid (i32.const 576)))
        (if (call $group_join (i32.const 640) (i32.const 10) (i32.const 576) (i32.const 1)) (then unreachable))
        (loop $next
            (if (call $receive (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 64) (i32.const 0) (i64.const -1))
                (then unreachable))
            ;; By the codec: a token, the neighbour's pid, or what somebody else has sent.
            (if (i32.and (i32.eqz (i32.load (i32.const 12))) (i32.eq (i32.load (i32.const 8)) (i32.const 16)))
                (then (call $take)))
            (if (i32.eq (i32.load (i32.const 12)) (i32.const 77))
                (then (memory.copy (i32.const 512) (i32.const 256) (i32.const 32))
                      (call $go_home (i32.const 0))))
            (br $next)))"#;

/// What the neighbour's pid is sent as.
const NEIGHBOUR: Codec = Codec(77);

/// A ring of them.
pub(super) struct Bystanders {
    ring: Vec<Actor>,
    home: Mailbox,
    /// Where the next token begins.
    next: usize,
}

impl Bystanders {
    /// A thousand; fewer where the kernel has mappings for ten thousand memories, which all tests share.
    fn count() -> usize {
        match memory_engine() {
            MemoryEngine::Slab => 1000,
            MemoryEngine::Guarded => 200,
        }
    }

    /// Spawns them, and tells each who is next.
    pub(super) async fn gather(host: &Host) -> Bystanders {
        let module = load(host, &module(BYSTANDER));
        let mut home = host.mailbox().expect("there is room for a mailbox");
        let spawn = Spawn::entry(&module, "run").args(Codec::RAW, home.pid().to_bytes());
        let ring: Vec<Actor> =
            (0..Self::count()).map(|_| host.spawn(spawn.clone()).expect("there is room")).collect();
        for (at, actor) in ring.iter().enumerate() {
            let next = ring[(at + 1) % ring.len()].pid();
            home.send(actor.pid(), NEIGHBOUR, &next.to_bytes()).expect("it lives");
        }
        for _ in &ring {
            home.receive().await;
        }
        Bystanders { ring, home, next: 0 }
    }

    /// Sends tokens round, and waits for them to come home.
    pub(super) async fn round(&mut self) {
        for _ in 0..TOKENS {
            let first = self.ring[self.next % self.ring.len()].pid();
            self.next += 7;
            let token = [&u64::MAX.to_le_bytes()[..], &HOPS.to_le_bytes(), &[0; 4]].concat();
            self.home.send(first, Codec::RAW, &token).expect("it lives");
        }
        for _ in 0..TOKENS {
            let token = self.home.receive().await;
            let left = i32::from_le_bytes(token.body[8..12].try_into().expect("4 bytes"));
            assert_eq!(left, 0, "-1: a bystander missed a message; -2: one was refused");
        }
    }

    /// Ends them; fails if one of them has ended before.
    pub(super) async fn leave(self, host: &Host) {
        for actor in &self.ring {
            host.kill(actor.pid()).expect("the pid has all rights");
        }
        for actor in self.ring {
            assert_eq!(*actor.join().await, ExitReason::Killed, "a bystander came to harm");
        }
    }
}
