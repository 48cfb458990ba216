//! Puppets: actors of both styles that do what they are told, and report what they see to native code.
//!
//! A [`Stage`] is a host with a cast of puppets. A test tells one of them what to do, waits until nobody
//! has anything to do any more, and looks at what each of them did and saw, in its own order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use flower_abi::{ExitTag, Pid, SpawnOptions};
use flower_host::{
    Actor, Codec, ExitReason, Host, HostBuilder, Kind, Mailbox, Module, OutputSink, Rights, Spawn, Stream,
    Style, Value,
};

use crate::wat::{self, deterministic, load, threads, with_imports};

/// A puppet, by its place in the cast.
pub(crate) type Who = usize;

/// Where a puppet keeps a reference; a test uses each but once.
pub(crate) type Slot = u32;

/// An exit reason: its tag, and the number that an actor gave with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Why(pub(crate) ExitTag, pub(crate) u64);

impl Why {
    pub(crate) const NORMAL: Why = Why(ExitTag::Normal, 0);
    pub(crate) const KILLED: Why = Why(ExitTag::Killed, 0);
    pub(crate) const NO_PROCESS: Why = Why(ExitTag::NoProcess, 0);
    pub(crate) const TRAP: Why = Why(ExitTag::Trap, 0);
    pub(crate) const HOST_ERROR: Why = Why(ExitTag::HostError, 0);

    /// A normal end with this number.
    pub(crate) fn normal(number: u64) -> Why {
        Why(ExitTag::Normal, number)
    }

    /// An end in good order with this number.
    pub(crate) fn shutdown(number: u64) -> Why {
        Why(ExitTag::Shutdown, number)
    }

    /// An error of this number.
    pub(crate) fn error(number: u64) -> Why {
        Why(ExitTag::Error, number)
    }

    /// What native code was told.
    fn of(reason: &ExitReason) -> Why {
        let number = |value: &Value| value.bytes.as_slice().try_into().map_or(0, u64::from_le_bytes);
        match reason {
            ExitReason::Normal(value) => Why::normal(number(value)),
            ExitReason::Shutdown(value) => Why::shutdown(number(value)),
            ExitReason::Error(value) => Why::error(number(value)),
            ExitReason::Trap { .. } => Why::TRAP,
            ExitReason::Killed => Why::KILLED,
            ExitReason::NoProcess => Why::NO_PROCESS,
            ExitReason::HostError { .. } => Why::HOST_ERROR,
            other => panic!("no puppet ends of {other}"),
        }
    }

    /// Whether it ends nobody else.
    pub(crate) fn is_normal(self) -> bool {
        self.0 == ExitTag::Normal
    }
}

/// What a puppet can be told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cmd {
    Link(Who),
    Unlink(Who),
    Monitor(Who, Slot),
    /// A monitor whose end is kept for [`Cmd::Join`].
    Hold(Who, Slot),
    Demonitor(Slot),
    /// Takes what a held monitor has brought; parks until then, or only looks.
    Join(Slot, Wait),
    ExitSignal(Who, Why),
    Kill(Who),
    Stop(Who),
    TrapExit(bool),
    /// Ends with a reason.
    Exit(Why),
    /// Ends by returning.
    Return,
    /// Ends by a trap.
    Trap,
    /// Ends because the host panics.
    HostError,
    /// Goes on for ever.
    Loop,
    Spawn(Birth),
    Register(Who, u8),
    Unregister(u8),
    WhereIs(u8),
    Restrict(Who, Rights),
    /// Goes on when so many messages wait.
    AwaitMail(u32),
    /// Goes on when somebody has ended.
    AwaitEnd(Who),
}

/// Whether a join parks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Park,
    Look,
}

/// A puppet made by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    pub(crate) style: Style,
    /// It traps at once, and has no style.
    pub(crate) fails: bool,
    pub(crate) link: bool,
    pub(crate) monitor: Option<Slot>,
    pub(crate) name: Option<u8>,
}

impl Birth {
    /// One of this style, alone.
    pub(crate) fn of(style: Style) -> Birth {
        Birth { style, fails: false, link: false, monitor: None, name: None }
    }
}

/// What a puppet did or saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It did this, and that was the answer.
    Did(Cmd, i64),
    /// It spawned, or found, or got the pid of, somebody.
    Got(Cmd, Who),
    /// It joined somebody who ended.
    Joined(Slot, Who, Why),
    /// What a monitor tells.
    Down(Slot, Who, Why),
    /// What a link or an exit signal tells.
    Exit(Who, Why),
    /// A message of another kind.
    Other(u32),
}

/// A host, its puppets, and what they have reported.
pub(crate) struct Stage {
    pub(crate) host: Host,
    module: Module,
    mailbox: Mailbox,
    cast: Vec<Pid>,
    /// Those whom native code spawned, until they are joined.
    actors: HashMap<Who, Actor>,
    /// The puppet that has this serial number; the first that was called so.
    by_serial: HashMap<u64, Who>,
    slots: HashMap<(Who, u64), Slot>,
    /// The commands that wait for their answers, by number.
    told: HashMap<u64, Cmd>,
    last: u64,
}

/// Panics when an actor prints: a bug in the middle of a host call, which tells nobody on stderr.
struct Broken;

impl OutputSink for Broken {
    fn write(&self, _: Stream, _: &[u8]) {
        std::panic::resume_unwind(Box::new("the sink is broken"));
    }
}

/// Plays a scene in every mode, with puppets of both styles.
pub(crate) fn play(scene: impl AsyncFn(&mut Stage, Style)) {
    wat::run(async {
        for (mode, builder) in [deterministic(0), deterministic(1), threads()].into_iter().enumerate() {
            let mut stage = Stage::new(builder);
            for style in [Style::Process, Style::Handler] {
                println!("in mode {mode}, style {style:?}");
                scene(&mut stage, style).await;
                stage.clear().await;
            }
        }
    });
}

impl Stage {
    /// An empty one.
    pub(crate) fn new(builder: HostBuilder) -> Stage {
        let host = builder.output(Arc::new(Broken)).build().expect("a host");
        let module = load(&host, &with_imports(&puppet()));
        let mailbox = host.mailbox().expect("there is room for a mailbox");
        let (by_serial, slots, told) = Default::default();
        let (cast, actors) = Default::default();
        Stage { host, module, mailbox, cast, actors, by_serial, slots, told, last: 0 }
    }

    /// Puts several puppets on the stage.
    pub(crate) fn enter_all<const N: usize>(&mut self, style: Style) -> [Who; N] {
        std::array::from_fn(|_| self.enter(style))
    }

    /// Puts a puppet on the stage.
    pub(crate) fn enter(&mut self, style: Style) -> Who {
        let spawn = Spawn::entry(&self.module, entry(style)).args(Codec::RAW, self.mailbox.pid().to_bytes());
        let actor = self.host.spawn(spawn).expect("there is room");
        let who = self.meet(actor.pid());
        self.actors.insert(who, actor);
        who
    }

    /// Tells a puppet to do some things, one after the other; false if it has ended.
    pub(crate) fn tell(&mut self, who: Who, commands: &[Cmd]) -> bool {
        let mut body = Vec::new();
        for command in commands {
            self.last += 1;
            self.told.insert(self.last, *command);
            body.extend(self.encode(*command, self.last));
        }
        self.mailbox.send(self.cast[who], Codec::RAW, &body).is_ok()
    }

    /// Waits until nobody has anything to do, and gives what each did and saw, in its own order.
    pub(crate) async fn settle(&mut self) -> HashMap<Who, Vec<Seen>> {
        self.host.quiescent().await;
        let mut seen: HashMap<Who, Vec<Seen>> = HashMap::new();
        while let Some(report) = self.mailbox.try_receive() {
            assert_eq!(report.kind, Kind::Message);
            let by = self.who(&report.sender);
            let what = self.decode(by, &report.body);
            seen.entry(by).or_default().push(what);
        }
        seen
    }

    /// Tells a puppet to do some things, and gives what it alone did and saw.
    pub(crate) async fn play(&mut self, who: Who, commands: &[Cmd]) -> Vec<Seen> {
        assert!(self.tell(who, commands), "{who} has ended");
        self.settle().await.remove(&who).unwrap_or_default()
    }

    /// Who lives.
    pub(crate) fn living(&self) -> HashSet<Who> {
        self.host.actors().iter().map(|actor| self.who(&actor.pid)).collect()
    }

    /// Whether it lives.
    pub(crate) fn is_alive(&self, who: Who) -> bool {
        self.living().contains(&who)
    }

    /// Waits for the end of a puppet that was not joined before and that no other has spawned.
    pub(crate) async fn joined(&mut self, who: Who) -> Option<Why> {
        Some(Why::of(&*self.actors.remove(&who)?.join().await))
    }

    /// Ends everybody, and fails unless nothing is left of them.
    pub(crate) async fn clear(&mut self) {
        for actor in self.host.actors() {
            self.host.kill(actor.pid).expect("the pid has all rights");
        }
        self.settle().await;
        let accounts = self.host.accounts();
        assert!(accounts.balance(), "{accounts:?}");
        assert_eq!((self.host.actor_count(), self.host.memory_used(), accounts.queued), (0, 0, 0));
        self.cast.clear();
        self.actors.clear();
        self.by_serial.clear();
        self.slots.clear();
        self.told.clear();
    }

    fn meet(&mut self, pid: Pid) -> Who {
        self.cast.push(pid);
        let who = self.cast.len() - 1;
        *self.by_serial.entry(pid.serial).or_insert(who)
    }

    fn who(&self, pid: &Pid) -> Who {
        *self.by_serial.get(&pid.serial).unwrap_or_else(|| panic!("nobody knows {pid}"))
    }

    /// 64 bytes: what (u32), a (u32), b (u64), slot (u64), pid, number (u64).
    fn encode(&self, command: Cmd, number: u64) -> Vec<u8> {
        let of = |who: Who| self.cast[who].to_bytes();
        let none = [0; Pid::SIZE];
        let (what, a, b, slot, pid) = match command {
            Cmd::Link(who) => (LINK, 0, 0, 0, of(who)),
            Cmd::Unlink(who) => (UNLINK, 0, 0, 0, of(who)),
            Cmd::Monitor(who, slot) => (MONITOR, 0, 0, slot, of(who)),
            Cmd::Hold(who, slot) => (MONITOR, 1, 0, slot, of(who)),
            Cmd::Demonitor(slot) => (CANCEL, 0, 0, slot, none),
            Cmd::Join(slot, Wait::Park) => (JOIN, 0, u64::MAX, slot, none),
            Cmd::Join(slot, Wait::Look) => (JOIN, 0, 0, slot, none),
            Cmd::ExitSignal(who, why) => (EXIT_SIGNAL, why.0 as u32, why.1, 0, of(who)),
            Cmd::Kill(who) => (KILL, 0, 0, 0, of(who)),
            Cmd::Stop(who) => (STOP, 0, 0, 0, of(who)),
            Cmd::TrapExit(on) => (TRAP_EXIT, on.into(), 0, 0, none),
            Cmd::Exit(why) => (EXIT, why.0 as u32, why.1, 0, none),
            Cmd::Return => (RETURN, 0, 0, 0, none),
            Cmd::Trap => (TRAP, 0, 0, 0, none),
            Cmd::HostError => (HOST_ERROR, 0, 0, 0, none),
            Cmd::Loop => (LOOP, 0, 0, 0, none),
            Cmd::Spawn(birth) => {
                let entry = if birth.fails { 2 } else { u64::from(birth.style == Style::Handler) };
                let name = u64::from(birth.name.unwrap_or(0));
                (SPAWN, birth.flags(), entry << 32 | name, birth.monitor.unwrap_or(0), none)
            }
            Cmd::Register(who, name) => (REGISTER, 0, name.into(), 0, of(who)),
            Cmd::Unregister(name) => (UNREGISTER, 0, name.into(), 0, none),
            Cmd::WhereIs(name) => (WHERE_IS, 0, name.into(), 0, none),
            Cmd::Restrict(who, rights) => (RESTRICT, rights.0.into(), 0, 0, of(who)),
            Cmd::AwaitMail(count) => (AWAIT_MAIL, count, 0, 0, none),
            Cmd::AwaitEnd(who) => (AWAIT_END, 0, 0, 0, of(who)),
        };
        let mut bytes = [what, a].map(u32::to_le_bytes).concat();
        bytes.extend([b, u64::from(slot)].map(u64::to_le_bytes).concat());
        bytes.extend(pid);
        bytes.extend(number.to_le_bytes());
        bytes
    }

    /// 96 bytes: number (u64), 0 for a command or 1 for an event (u32), its kind (u32), answer or reference (u64),
    /// pid, tag (u32), code (u32), a number (u64), a reference (u64).
    fn decode(&mut self, by: Who, report: &[u8]) -> Seen {
        let word = |at: usize| u64::from_le_bytes(report[at..at + 8].try_into().expect("8 bytes"));
        let half = |at: usize| u32::from_le_bytes(report[at..at + 4].try_into().expect("4 bytes"));
        let pid = Pid::from_bytes(report[24..56].try_into().expect("32 bytes"));
        let tag = ExitTag::from_u32(half(56)).expect("the host knows no other");
        let says = matches!(tag, ExitTag::Normal | ExitTag::Shutdown | ExitTag::Error);
        let why = Why(tag, if says { word(64) } else { 0 });
        let answer = word(16) as i64;
        if half(8) == 1 {
            return match Kind::from_u32(half(12)) {
                Some(Kind::Down) => Seen::Down(self.slots[&(by, word(16))], self.who(&pid), why),
                Some(Kind::Exit) => Seen::Exit(self.who(&pid), why),
                _ => Seen::Other(half(12)),
            };
        }
        let command = self.told.remove(&word(0)).expect("it was told to");
        match command {
            Cmd::Monitor(_, slot) | Cmd::Hold(_, slot) if answer > 0 => {
                self.slots.insert((by, word(16)), slot);
                Seen::Did(command, 0)
            }
            Cmd::Spawn(birth) if answer == 0 => {
                birth.monitor.map(|slot| self.slots.insert((by, word(72)), slot));
                Seen::Got(command, self.meet(pid))
            }
            Cmd::Restrict(..) if answer == 0 => {
                self.cast.push(pid);
                Seen::Got(command, self.cast.len() - 1)
            }
            Cmd::WhereIs(_) if answer == 0 => Seen::Got(command, self.who(&pid)),
            Cmd::Join(slot, _) if answer == 0 => Seen::Joined(slot, self.who(&pid), why),
            _ => Seen::Did(command, answer),
        }
    }
}

impl Birth {
    fn flags(self) -> u32 {
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        flag(self.link, SpawnOptions::LINK) | flag(self.monitor.is_some(), SpawnOptions::MONITOR)
    }
}

fn entry(style: Style) -> &'static str {
    match style {
        Style::Process => "process",
        Style::Handler => "handler",
    }
}

/// Declares the commands by number, each with what the puppet does.
macro_rules! commands {
    ($($name:ident = $number:literal: $code:literal;)+) => {
        $(const $name: u32 = $number;)+
        /// What each command is to a puppet: an expression of type i64.
        const CODE: &[(u32, &str)] = &[$(($name, $code)),+];
    };
}

commands! {
    LINK = 1: "(i64.extend_i32_s (call $link (local.get $pid)))";
    UNLINK = 2: "(i64.extend_i32_s (call $unlink (local.get $pid)))";
    MONITOR = 3: "(call $keep (local.get $slot) (call $monitor (local.get $pid) (local.get $a)))";
    CANCEL = 4: "(i64.extend_i32_s (call $cancel (i64.load (local.get $slot))))";
    EXIT_SIGNAL = 5: "(i64.extend_i32_s (call $exit_signal (local.get $pid) (local.get $a) (i32.const 0) (i32.add (local.get $at) (i32.const 8)) (i32.const 8)))";
    KILL = 6: "(i64.extend_i32_s (call $kill (local.get $pid)))";
    STOP = 7: "(i64.extend_i32_s (call $stop (local.get $pid)))";
    TRAP_EXIT = 8: "(i64.extend_i32_s (call $trap_exit (local.get $a)))";
    EXIT = 9: "(i64.extend_i32_s (call $exit (local.get $a) (i32.const 0) (i32.add (local.get $at) (i32.const 8)) (i32.const 8)))";
    RETURN = 10: "(call $over)";
    TRAP = 11: "(unreachable)";
    HOST_ERROR = 12: "(i64.extend_i32_s (call $fd_write (i32.const 1) (i32.const 320) (i32.const 1) (i32.const 344)))";
    LOOP = 13: "(call $for_ever)";
    SPAWN = 14: "(call $give_birth (local.get $a) (local.get $b) (local.get $slot))";
    REGISTER = 15: "(i64.extend_i32_s (call $register (i32.const 240) (i32.const 2) (local.get $pid)))";
    UNREGISTER = 16: "(i64.extend_i32_s (call $unregister (i32.const 240) (i32.const 2)))";
    WHERE_IS = 17: "(i64.extend_i32_s (call $whereis (i32.const 240) (i32.const 2) (i32.const 536)))";
    RESTRICT = 18: "(i64.extend_i32_s (call $restrict (local.get $pid) (local.get $a) (i32.const 536)))";
    AWAIT_MAIL = 19: "(call $await_mail (i64.extend_i32_u (local.get $a)))";
    AWAIT_END = 20: "(call $await_end (local.get $pid))";
    JOIN = 21: "(call $join (local.get $slot) (local.get $b))";
}

/// The module of a puppet. Memory: options of a spawn 0, entries 200, a name 240, the pid of the mailbox 256, text to
/// print 320, report 512, header 1024, body 2048, references 8192.
fn puppet() -> String {
    let chain = |(number, code): &(u32, &str)| {
        format!("(if (i32.eq (local.get $what) (i32.const {number})) (then (return {code})))\n")
    };
    let chain: String = CODE.iter().map(chain).collect();
    PUPPET.replace(";; the commands", &chain)
}

const PUPPET: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $is_over (mut i32) (i32.const 0))
    (data (i32.const 0) "\01\00\00\00")
    (data (i32.const 200) "processhandlerfailing")
    (data (i32.const 240) "n?")
    (data (i32.const 320) "\48\01\00\00\05\00\00\00boom\n")
    (func $keep (param $slot i32) (param $reference i64) (result i64)
        (i64.store (local.get $slot) (local.get $reference))
        (local.get $reference))
    (func $over (result i64) (global.set $is_over (i32.const 1)) (i64.const 0))
    (func $for_ever (result i64) (loop $again (br $again)) unreachable)
    (func $give_birth (param $flags i32) (param $what i64) (param $slot i32) (result i64) (local $status i32)
        (i32.store (i32.const 4) (local.get $flags))
        (i32.store (i32.const 16) (i32.add (i32.const 200)
            (i32.mul (i32.const 7) (i32.wrap_i64 (i64.shr_u (local.get $what) (i64.const 32))))))
        (i32.store (i32.const 20) (i32.const 7))
        (i32.store (i32.const 48) (i32.const 240))
        (i32.store (i32.const 52) (select (i32.const 2) (i32.const 0) (i32.wrap_i64 (local.get $what))))
        (local.set $status (call $spawn (i32.const 0) (i32.const 256) (i32.const 32) (i32.const 536) (local.get $slot)))
        (i64.store (i32.const 584) (i64.load (local.get $slot)))
        (i64.extend_i32_s (local.get $status)))
    (func $await_mail (param $count i64) (result i64)
        (loop $again (br_if $again (i64.lt_s (call $mailbox_len) (local.get $count))))
        (i64.const 0))
    (func $await_end (param $pid i32) (result i64)
        (loop $again (br_if $again (call $is_alive (local.get $pid))))
        (i64.const 0))
    (func $join (param $slot i32) (param $deadline i64) (result i64) (local $status i32)
        (local.set $status (call $wait (i64.load (local.get $slot))
            (i32.const 576) (i32.const 8) (i32.const 1024) (local.get $deadline)))
        (if (i32.eqz (local.get $status)) (then (call $ended)))
        (i64.extend_i32_s (local.get $status)))
    ;; Who ended, and why, out of the header.
    (func $ended
        (memory.copy (i32.const 536) (i32.const 1056) (i32.const 32))
        (i64.store (i32.const 568) (i64.load (i32.const 1136))))
    (func $report
        (if (call $send (i32.const 256) (i32.const 512) (i32.const 96) (i32.const 0)) (then unreachable)))
    (func $see
        (memory.fill (i32.const 512) (i32.const 0) (i32.const 96))
        (i32.store (i32.const 520) (i32.const 1))
        (i32.store (i32.const 524) (i32.load (i32.const 1024)))
        (i64.store (i32.const 528) (i64.load (i32.const 1048)))
        (call $ended)
        (memory.copy (i32.const 576) (i32.const 2048) (i32.const 8))
        (call $report))
    (func $do (param $at i32) (result i64)
        (local $what i32) (local $a i32) (local $b i64) (local $slot i32) (local $pid i32)
        (local.set $what (i32.load (local.get $at)))
        (local.set $a (i32.load offset=4 (local.get $at)))
        (local.set $b (i64.load offset=8 (local.get $at)))
        (local.set $slot (i32.add (i32.const 8192) (i32.mul (i32.const 8) (i32.load offset=16 (local.get $at)))))
        (local.set $pid (i32.add (local.get $at) (i32.const 24)))
        (i32.store8 (i32.const 241) (i32.wrap_i64 (local.get $b)))
        ;; the commands
        unreachable)
    ;; Takes a message: 1 when that was the last.
    (func $turn (param $len i32) (result i32) (local $at i32)
        (if (i32.load (i32.const 1024)) (then (call $see) (return (i32.const 0))))
        (local.set $at (i32.const 2048))
        (local.set $len (i32.add (i32.const 2048) (local.get $len)))
        (block $done
            (loop $next
                (br_if $done (i32.ge_u (local.get $at) (local.get $len)))
                (memory.fill (i32.const 512) (i32.const 0) (i32.const 96))
                (i64.store (i32.const 512) (i64.load offset=56 (local.get $at)))
                (i64.store (i32.const 528) (call $do (local.get $at)))
                (if (global.get $is_over) (then (return (i32.const 1))))
                (call $report)
                (local.set $at (i32.add (local.get $at) (i32.const 64)))
                (br $next)))
        (i32.const 0))
    (func $forget (memory.fill (i32.const 2048) (i32.const 0) (i32.const 8)))
    (func (export "failing") unreachable)
    (func (export "process")
        (drop (call $start_args (i32.const 256) (i32.const 32) (i32.const 1024)))
        (loop $next
            (call $forget)
            (drop (call $receive (i32.const 0) (i32.const 0)
                (i32.const 2048) (i32.const 4096) (i32.const 1024) (i64.const -1)))
            (br_if $next (i32.eqz (call $turn (i32.load (i32.const 1032)))))))
    (func (export "handler") (param $len i32) (result i32)
        (call $forget)
        (drop (call $message_info (i32.const 1024)))
        (drop (call $message_read (i32.const 0) (i32.const 2048) (i32.const 4096)))
        (if (i32.eq (i32.load (i32.const 1024)) (i32.const 6))
            (then (memory.copy (i32.const 256) (i32.const 2048) (i32.const 32)) (return (i32.const 0))))
        (call $turn (local.get $len)))"#;
