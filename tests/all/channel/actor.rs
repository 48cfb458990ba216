//! Actors that do to channels what they are told, and report each step to native code: interpreters of records of
//! 32 bytes. The first makes the channels and spawns the others, with the endpoints that they are to have.

use flower_host::{Actor, Codec, Host, Mailbox, Pid, Spawn};

use crate::wat::load;

/// One step of an actor. Handles stand in 64 places; times are ns from now, with [`FOREVER`] for no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Makes a channel, with its endpoints in two places.
    New {
        sender: u32,
        receiver: u32,
        capacity: u32,
        overflow: u32,
    },
    Send {
        at: u32,
        value: u64,
        within: u64,
    },
    Recv {
        at: u32,
        within: u64,
    },
    TrySend {
        at: u32,
        value: u64,
    },
    TryRecv {
        at: u32,
    },
    Select {
        arms: Vec<ArmOp>,
        biased: bool,
        within: u64,
    },
    /// Starts a select; the completion is received later.
    Start {
        arms: Vec<ArmOp>,
        within: u64,
    },
    /// Gives up the select that a step of this number started.
    Cancel {
        step: u32,
    },
    /// Receives whatever comes into the mailbox.
    Receive {
        within: u64,
    },
    /// Closes a channel.
    Close {
        at: u32,
    },
    /// Gives a handle up.
    Drop {
        at: u32,
    },
    Clone {
        at: u32,
        to: u32,
    },
    Info {
        at: u32,
    },
    /// Spawns an actor that has these handles in its first places.
    Spawn {
        child: Vec<Op>,
        index: u32,
        handles: Vec<u32>,
    },
    /// Sends the handle in `of` over a channel, with a value.
    SendHandle {
        at: u32,
        value: u64,
        of: u32,
    },
    /// Puts the handles that came with the last value into places from this one on.
    Take {
        to: u32,
    },
    /// Sends itself a message with a handle, and does not take it.
    Post {
        of: u32,
    },
    Sleep {
        time: u64,
    },
    /// So many selects over two idle channels, each for 1 ns.
    Idle {
        at: u32,
        other: u32,
        times: u64,
    },
    /// Makes channels, each of which holds the receiver of the one before, and drops all endpoints but the last.
    Nest {
        depth: u64,
    },
    Crash,
}

/// An arm of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArmOp {
    Send { at: u32, value: u64 },
    Recv { at: u32 },
    Mailbox,
    Closed { at: u32 },
}

/// Waits without an end.
pub(crate) const FOREVER: u64 = u64::MAX;

/// What an actor saw of one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The actor, by the number that it was spawned with; the first is 0.
    pub(crate) actor: u32,
    /// The number of the step, of records: arms and handles count too.
    pub(crate) step: u32,
    pub(crate) status: i64,
    /// The value that was received; of an [`Op::Info`], what the channel holds.
    pub(crate) value: u64,
    pub(crate) now: u64,
    /// Whether the channel of the arm was closed.
    pub(crate) closed: bool,
    pub(crate) arm: u32,
    pub(crate) kind: u32,
    pub(crate) reference: u64,
    pub(crate) info: [u32; 8],
}

/// Bytes of a report.
const REPORT: usize = 96;

fn record(op: u32, words: [u32; 3], numbers: [u64; 2]) -> Vec<u8> {
    let [a, b, c] = words;
    let words = [op, a, b, c].into_iter().flat_map(u32::to_le_bytes);
    words.chain(numbers.into_iter().flat_map(u64::to_le_bytes)).collect()
}

impl Op {
    fn records(&self) -> Vec<u8> {
        match self {
            Op::New { sender, receiver, capacity, overflow } => {
                record(1, [*sender, *receiver, *capacity], [u64::from(*overflow), 0])
            }
            Op::Send { at, value, within } => record(2, [*at, 0, 0], [*value, *within]),
            Op::Recv { at, within } => record(3, [*at, 0, 0], [0, *within]),
            Op::TrySend { at, value } => record(4, [*at, 0, 0], [*value, 0]),
            Op::TryRecv { at } => record(5, [*at, 0, 0], [0, 0]),
            Op::Select { arms, biased, within } => {
                let head = record(6, [arms.len() as u32, u32::from(*biased), 0], [0, *within]);
                [head, arms.iter().flat_map(ArmOp::record).collect()].concat()
            }
            Op::Start { arms, within } => {
                let head = record(7, [arms.len() as u32, 0, 0], [0, *within]);
                [head, arms.iter().flat_map(ArmOp::record).collect()].concat()
            }
            Op::Cancel { step } => record(8, [*step, 0, 0], [0, 0]),
            Op::Receive { within } => record(9, [0; 3], [0, *within]),
            Op::Close { at } => record(10, [*at, 0, 0], [0, 0]),
            Op::Drop { at } => record(11, [*at, 0, 0], [0, 0]),
            Op::Clone { at, to } => record(12, [*at, *to, 0], [0, 0]),
            Op::Info { at } => record(13, [*at, 0, 0], [0, 0]),
            Op::Spawn { child, index, handles } => {
                let body: Vec<u8> = child.iter().flat_map(Op::records).collect();
                let slots = handles.iter().flat_map(|handle| record(0, [*handle, 0, 0], [0, 0]));
                let counts = [handles.len() as u32, body.len() as u32, *index];
                [record(14, counts, [0, 0]), slots.collect(), body].concat()
            }
            Op::SendHandle { at, value, of } => record(15, [*at, *of, 0], [*value, 0]),
            Op::Take { to } => record(16, [*to, 0, 0], [0, 0]),
            Op::Sleep { time } => record(17, [0; 3], [0, *time]),
            Op::Crash => record(18, [0; 3], [0, 0]),
            Op::Idle { at, other, times } => record(20, [*at, *other, 0], [*times, 1]),
            Op::Nest { depth } => record(21, [0; 3], [*depth, 0]),
            Op::Post { of } => record(19, [*of, 0, 0], [0, 0]),
        }
    }
}

impl ArmOp {
    fn record(&self) -> Vec<u8> {
        match self {
            ArmOp::Send { at, value } => record(0, [*at, 0, 0], [*value, 0]),
            ArmOp::Recv { at } => record(1, [*at, 0, 0], [0, 0]),
            ArmOp::Mailbox => record(2, [0; 3], [0, 0]),
            ArmOp::Closed { at } => record(3, [*at, 0, 0], [0, 0]),
        }
    }
}

fn program(report_to: Pid, index: u32, ops: &[Op]) -> Vec<u8> {
    let mut bytes = report_to.to_bytes().to_vec();
    bytes.extend(u64::from(index).to_le_bytes());
    bytes.extend([0; 24]);
    bytes.extend(ops.iter().flat_map(Op::records));
    bytes
}

/// Spawns the first actor, which reports to this mailbox.
pub(crate) fn start(host: &Host, mailbox: &Mailbox, ops: &[Op]) -> Actor {
    let module = load(host, &interpreter());
    let args = program(mailbox.pid(), 0, ops);
    assert!(args.len() < 0xd000, "it fits into the memory");
    host.spawn(Spawn::entry(&module, "run").args(Codec::RAW, args)).expect("it is there")
}

/// What was reported until now, in the order of arrival.
pub(crate) fn reports(mailbox: &mut Mailbox) -> Vec<Seen> {
    std::iter::from_fn(|| mailbox.try_receive()).map(|report| decode(&report.body)).collect()
}

fn decode(bytes: &[u8]) -> Seen {
    assert_eq!(bytes.len(), REPORT);
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
    Seen {
        actor: word(4),
        step: word(0),
        status: number(8) as i64,
        value: number(16),
        now: number(24),
        closed: word(32) & flower_abi::MessageInfo::CLOSED != 0,
        arm: word(36),
        kind: word(40),
        reference: number(48),
        info: std::array::from_fn(|at| word(64 + 4 * at)),
    }
}

/// The host calls that the interpreter makes, and no others: the coverage test looks at these.
const IMPORTS: &[&str] = &[
    "start_args",
    "message_handles",
    "handle_clone",
    "handle_close",
    "channel_new",
    "channel_send",
    "channel_try_send",
    "channel_recv",
    "channel_try_recv",
    "select",
    "select_start",
    "channel_close",
    "channel_info",
    "channel_fill",
    "channel_drain",
    "cancel",
    "receive",
    "send",
    "spawn",
    "sleep",
    "now",
    "self_pid",
    "exit",
];

/// The module.
pub(crate) fn interpreter() -> String {
    crate::wat::with_some_imports(IMPORTS, INTERPRETER)
}

/// Handles from 1024 on; arms from 2048; the report at 4096 with the value at 4112; arguments from 8192: pid, index,
/// then the records. Headers go to 256, spawn options to 512, send options to 640, new pids to 768, lists of handles
/// to 1536, values that are sent to 4240.
const INTERPRETER: &str = r#"
    (memory (export "memory") 2)
    (data (i32.const 704) "run")
    (global $ip (mut i32) (i32.const 0))
    (global $end (mut i32) (i32.const 0))
    (func $slot (param i32) (result i32) (i32.add (i32.const 1024) (i32.mul (local.get 0) (i32.const 8))))
    (func $handle (param i32) (result i64) (i64.load (call $slot (local.get 0))))
    (func $a (result i32) (i32.load (i32.add (global.get $ip) (i32.const 4))))
    (func $b (result i32) (i32.load (i32.add (global.get $ip) (i32.const 8))))
    (func $c (result i32) (i32.load (i32.add (global.get $ip) (i32.const 12))))
    (func $x (result i64) (i64.load (i32.add (global.get $ip) (i32.const 16))))
    ;; The deadline of a step.
    (func $deadline (result i64)
        (local $within i64)
        (local.set $within (i64.load (i32.add (global.get $ip) (i32.const 24))))
        (if (i64.eqz (local.get $within)) (then (return (i64.const 0))))
        (if (i64.eq (local.get $within) (i64.const -1)) (then (return (i64.const -1))))
        (i64.add (call $now) (local.get $within)))
    (func $value (i64.store (i32.const 4240) (call $x)))
    (func $next (global.set $ip (i32.add (global.get $ip) (i32.const 32))))
    ;; Reads as many arms as the step says, and moves to the last of them.
    (func $arms (param $count i32)
        (local $at i32) (local $to i32)
        (local.set $to (i32.const 2048))
        (loop $more
            (if (i32.ge_u (local.get $at) (local.get $count)) (then (return)))
            (call $next)
            (i32.store (local.get $to) (i32.load (global.get $ip)))
            (i32.store (i32.add (local.get $to) (i32.const 4)) (i32.const 0))
            (i64.store (i32.add (local.get $to) (i32.const 8)) (call $handle (call $a)))
            (i64.store (i32.add (local.get $to) (i32.const 16)) (i64.const 0))
            (if (i32.eqz (i32.load (global.get $ip))) (then
                (i32.store (i32.add (local.get $to) (i32.const 16))
                    (i32.add (i32.const 4248) (i32.mul (local.get $at) (i32.const 8))))
                (i64.store (i32.load (i32.add (local.get $to) (i32.const 16))) (call $x))
                (i32.store (i32.add (local.get $to) (i32.const 20)) (i32.const 8))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $to (i32.add (local.get $to) (i32.const 24)))
            (br $more)))
    ;; Spawns a child: its program is written behind the parent's own pid, and its handles are listed.
    (func $give_birth (result i64)
        (local $count i32) (local $len i32) (local $index i32) (local $at i32) (local $status i32)
        (local.set $count (call $a)) (local.set $len (call $b)) (local.set $index (call $c))
        (block $listed (loop $more
            (br_if $listed (i32.ge_u (local.get $at) (local.get $count)))
            (call $next)
            (i64.store (i32.add (i32.const 1536) (i32.mul (local.get $at) (i32.const 8)))
                (call $handle (call $a)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $more)))
        (memory.copy (i32.const 65536) (i32.const 8192) (i32.const 64))
        (i64.store (i32.const 65568) (i64.extend_i32_u (local.get $index)))
        (memory.copy (i32.const 65600) (i32.add (global.get $ip) (i32.const 32)) (local.get $len))
        (i32.store (i32.const 512) (i32.const 1))
        (i32.store (i32.const 528) (i32.const 704)) (i32.store (i32.const 532) (i32.const 3))
        (i32.store (i32.const 608) (i32.const 1536)) (i32.store (i32.const 612) (local.get $count))
        (local.set $status (call $spawn (i32.const 512) (i32.const 65536) (i32.add (local.get $len) (i32.const 64))
            (i32.const 768) (i32.const 0)))
        (global.set $ip (i32.add (global.get $ip) (local.get $len)))
        (i64.extend_i32_s (local.get $status)))
    (func $with_handle (param $slot i32)
        (i32.store (i32.const 688) (i32.const 1536)) (i32.store (i32.const 692) (i32.const 1))
        (i64.store (i32.const 1536) (call $handle (local.get $slot))))
    ;; Reports what a step came to; what it received stands in the header and the report already.
    (func $report (param $step i32) (param $status i64)
        (i32.store (i32.const 4096) (local.get $step))
        (i32.store (i32.const 4100) (i32.load (i32.const 8224)))
        (i64.store (i32.const 4104) (local.get $status))
        (i64.store (i32.const 4120) (call $now))
        (i32.store (i32.const 4128) (i32.load (i32.const 260)))
        (i32.store (i32.const 4132) (i32.load (i32.const 372)))
        (i32.store (i32.const 4136) (i32.load (i32.const 256)))
        (i64.store (i32.const 4144) (i64.load (i32.const 280)))
        (drop (call $send (i32.const 8192) (i32.const 4096) (i32.const 96) (i32.const 0)))
        (i64.store (i32.const 4112) (i64.const 0))
        (memory.fill (i32.const 4160) (i32.const 0) (i32.const 32))
        (memory.fill (i32.const 256) (i32.const 0) (i32.const 128)))
    (func $do (param $op i32) (result i64)
        (local $count i32)
        (if (i32.eq (local.get $op) (i32.const 1)) (then
            (local.set $count (call $channel_new (call $c) (i32.wrap_i64 (call $x)) (i32.const 1536)))
            (if (i32.eqz (local.get $count)) (then
                (i64.store (call $slot (call $a)) (i64.load (i32.const 1536)))
                (i64.store (call $slot (call $b)) (i64.load (i32.const 1544)))))
            (return (i64.extend_i32_s (local.get $count)))))
        (if (i32.eq (local.get $op) (i32.const 2)) (then (call $value)
            (return (i64.extend_i32_s (call $channel_send (call $handle (call $a)) (i32.const 4240) (i32.const 8)
                (i32.const 0) (call $deadline))))))
        (if (i32.eq (local.get $op) (i32.const 3)) (then
            (return (i64.extend_i32_s (call $channel_recv (call $handle (call $a)) (i32.const 4112) (i32.const 8)
                (i32.const 256) (call $deadline))))))
        (if (i32.eq (local.get $op) (i32.const 4)) (then (call $value)
            (return (i64.extend_i32_s (call $channel_try_send (call $handle (call $a)) (i32.const 4240) (i32.const 8)
                (i32.const 0))))))
        (if (i32.eq (local.get $op) (i32.const 5)) (then
            (return (i64.extend_i32_s (call $channel_try_recv (call $handle (call $a)) (i32.const 4112) (i32.const 8)
                (i32.const 256))))))
        (if (i32.eq (local.get $op) (i32.const 6)) (then (return (call $do_select))))
        (if (i32.eq (local.get $op) (i32.const 7)) (then (return (call $do_start))))
        (if (i32.eq (local.get $op) (i32.const 8)) (then
            (return (i64.extend_i32_s (call $cancel (i64.load (i32.add (i32.const 98304)
                (i32.mul (call $a) (i32.const 8)))))))))
        (if (i32.eq (local.get $op) (i32.const 9)) (then
            (return (i64.extend_i32_s (call $receive (i32.const 0) (i32.const 0) (i32.const 4112) (i32.const 8)
                (i32.const 256) (call $deadline))))))
        (if (i32.eq (local.get $op) (i32.const 10)) (then
            (return (i64.extend_i32_s (call $channel_close (call $handle (call $a)))))))
        (if (i32.eq (local.get $op) (i32.const 11)) (then
            (return (i64.extend_i32_s (call $handle_close (call $handle (call $a)))))))
        (if (i32.eq (local.get $op) (i32.const 12)) (then
            (i64.store (call $slot (call $b)) (call $handle_clone (call $handle (call $a))))
            (return (i64.load (call $slot (call $b))))))
        (if (i32.eq (local.get $op) (i32.const 13)) (then (return (call $do_info))))
        (if (i32.eq (local.get $op) (i32.const 14)) (then (return (call $give_birth))))
        (if (i32.eq (local.get $op) (i32.const 15)) (then (call $value) (call $with_handle (call $b))
            (return (i64.extend_i32_s (call $channel_try_send (call $handle (call $a)) (i32.const 4240) (i32.const 8)
                (i32.const 640))))))
        (if (i32.eq (local.get $op) (i32.const 16)) (then
            (return (call $message_handles (call $slot (call $a)) (i32.const 4)))))
        (if (i32.eq (local.get $op) (i32.const 17)) (then
            (return (i64.extend_i32_s (call $sleep (call $deadline))))))
        (if (i32.eq (local.get $op) (i32.const 19)) (then
            (drop (call $self_pid (i32.const 768))) (call $with_handle (call $a))
            (return (i64.extend_i32_s (call $send (i32.const 768) (i32.const 4240) (i32.const 8) (i32.const 640))))))
        (if (i32.eq (local.get $op) (i32.const 20)) (then (call $idle) (return (i64.const 0))))
        (if (i32.eq (local.get $op) (i32.const 21)) (then (call $nest) (return (i64.const 0))))
        unreachable)
    (func $idle
        (local $left i64)
        (local.set $left (call $x))
        (i32.store (i32.const 2048) (i32.const 1)) (i32.store (i32.const 2072) (i32.const 1))
        (i64.store (i32.const 2056) (call $handle (call $a))) (i64.store (i32.const 2080) (call $handle (call $b)))
        (loop $more
            (if (i64.eqz (local.get $left)) (then (return)))
            (if (i32.ne (i32.const -6) (call $select (i32.const 2048) (i32.const 2) (i32.const 0) (i32.const 4112)
                (i32.const 8) (i32.const 256) (call $deadline))) (then unreachable))
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br $more)))
    (func $nest
        (local $left i64) (local $sender i64)
        (local.set $left (call $x))
        (drop (call $channel_new (i32.const 1) (i32.const 0) (i32.const 1536)))
        (loop $more
            (if (i64.eqz (local.get $left)) (then (return)))
            (local.set $sender (i64.load (i32.const 1536)))
            (i64.store (i32.const 1552) (i64.load (i32.const 1544)))
            (if (call $channel_new (i32.const 1) (i32.const 0) (i32.const 1536)) (then unreachable))
            (i32.store (i32.const 688) (i32.const 1552)) (i32.store (i32.const 692) (i32.const 1))
            (if (call $channel_try_send (i64.load (i32.const 1536)) (i32.const 4240) (i32.const 8) (i32.const 640))
                (then unreachable))
            (drop (call $handle_close (local.get $sender))) (drop (call $handle_close (i64.load (i32.const 1552))))
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br $more)))
    (func $do_select (result i64)
        (local $count i32) (local $flags i32) (local $deadline i64)
        (local.set $count (call $a)) (local.set $flags (call $b)) (local.set $deadline (call $deadline))
        (call $arms (local.get $count))
        (i64.extend_i32_s (call $select (i32.const 2048) (local.get $count) (local.get $flags) (i32.const 4112)
            (i32.const 8) (i32.const 256) (local.get $deadline))))
    ;; The reference is kept under the number of the step.
    (func $do_start (result i64)
        (local $count i32) (local $at i32) (local $deadline i64) (local $reference i64)
        (local.set $at (call $step)) (local.set $count (call $a)) (local.set $deadline (call $deadline))
        (call $arms (local.get $count))
        (local.set $reference (call $select_start (i32.const 2048) (local.get $count) (i32.const 0)
            (local.get $deadline)))
        (i64.store (i32.add (i32.const 98304) (i32.mul (local.get $at) (i32.const 8))) (local.get $reference))
        (local.get $reference))
    (func $do_info (result i64)
        (local $status i32)
        (local.set $status (call $channel_info (call $handle (call $a)) (i32.const 3968)))
        (i64.store (i32.const 4112) (i64.load (i32.const 3976)))
        (memory.copy (i32.const 4160) (i32.const 3992) (i32.const 32))
        (i64.extend_i32_s (local.get $status)))
    (func $step (result i32) (i32.div_u (i32.sub (global.get $ip) (i32.const 8256)) (i32.const 32)))
    (func (export "run")
        (local $step i32)
        (drop (call $start_args (i32.const 8192) (i32.const 53248) (i32.const 256)))
        (drop (call $message_handles (i32.const 1024) (i32.const 64)))
        (global.set $ip (i32.const 8256))
        (global.set $end (i32.add (i32.const 8192) (i32.load (i32.const 264))))
        (memory.fill (i32.const 256) (i32.const 0) (i32.const 128))
        (loop $more
            (if (i32.ge_u (global.get $ip) (global.get $end)) (then (return)))
            (local.set $step (call $step))
            (if (i32.eq (i32.load (global.get $ip)) (i32.const 18)) (then unreachable))
            (call $report (local.get $step) (call $do (i32.load (global.get $ip))))
            (call $next)
            (br $more)))
    ;; Sends the numbers of its arguments at once, and receives them at once: both answers are its value.
    (func (export "many")
        (local $filled i64)
        (drop (call $start_args (i32.const 8192) (i32.const 53248) (i32.const 256)))
        (drop (call $channel_new (i32.load (i32.const 8192)) (i32.load (i32.const 8196)) (i32.const 1024)))
        (local.set $filled (call $channel_fill (i64.load (i32.const 1024)) (i32.const 8200)
            (i32.sub (i32.load (i32.const 264)) (i32.const 8))))
        (i64.store (i32.const 65536) (local.get $filled))
        (i64.store (i32.const 65544) (call $channel_drain (i64.load (i32.const 1032)) (i32.const 65552)
            (i32.const 65000) (i32.const 2000)))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 65536) (i32.const 40000))))"#;
