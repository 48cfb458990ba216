//! The actor that makes the calls: an interpreter of records of 32 bytes, which writes a record of 64
//! bytes for each of them and ends with all of those as its value.

use flower_abi::Filter;

use super::{Op, Wanted};

/// What the actor saw of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// What the call answered.
    pub(super) status: i64,
    /// The clock after it.
    pub(super) now: u64,
    /// Of the message, if it delivered one: kind, length of the body, fingerprint, reference and number.
    pub(super) kind: u32,
    pub(super) len: u32,
    pub(super) fingerprint: u64,
    pub(super) reference: u64,
    pub(super) id: u64,
}

/// Where the actor keeps its arguments, and so where filters stand.
const ARGUMENTS: u32 = 4096;

/// Bytes of one record of the arguments.
const RECORD: usize = 32;

/// Memory: own pid 0, send options 64, header 256, arguments 4096, results 32768, bodies 61440.
/// A record: what (u32), a (u32), b, c, d (u64 each); of the arguments, the first word is their count.
pub(super) const INTERPRETER: &str = r#"
    (func $step (param $op i32) (result i64)
        (local $what i32) (local $a i32) (local $b i64) (local $c i64) (local $at i64)
        (local.set $what (i32.load (local.get $op)))
        (local.set $a (i32.load offset=4 (local.get $op)))
        (local.set $b (i64.load offset=8 (local.get $op)))
        (local.set $c (i64.load offset=16 (local.get $op)))
        (local.set $at (i64.add (call $now) (i64.load offset=24 (local.get $op))))
        (i64.store (i32.const 72) (local.get $b))
        (if (i32.eq (local.get $what) (i32.const 0)) (then (return (i64.extend_i32_s
            (call $send (i32.const 0) (i32.const 61440) (local.get $a) (i32.const 64))))))
        (if (i32.eq (local.get $what) (i32.const 1)) (then (return (i64.extend_i32_s
            (call $receive (i32.wrap_i64 (local.get $b)) (local.get $a)
                (i32.const 61440) (i32.const 512) (i32.const 256) (local.get $at))))))
        (if (i32.eq (local.get $what) (i32.const 2)) (then (return (i64.extend_i32_s
            (call $scan (i32.const 61440) (i32.const 512) (i32.const 256) (local.get $at))))))
        (if (i32.eq (local.get $what) (i32.const 3)) (then (return (i64.extend_i32_s (call $scan_end (local.get $a))))))
        (if (i32.eq (local.get $what) (i32.const 4)) (then (return (call $flush))))
        (if (i32.eq (local.get $what) (i32.const 5)) (then (return (call $mailbox_len))))
        (if (i32.eq (local.get $what) (i32.const 6)) (then (return
            (call $timer_start (local.get $at) (local.get $c) (i32.const 0) (i32.const 61440) (local.get $a) (i32.const 64)))))
        (if (i32.eq (local.get $what) (i32.const 7)) (then (return (i64.extend_i32_s (call $cancel (local.get $b))))))
        (i64.extend_i32_s (call $sleep (local.get $at))))
    (func (export "run")
        (local $left i32) (local $op i32) (local $out i32)
        (drop (call $self_pid (i32.const 0)))
        (drop (call $start_args (i32.const 4096) (i32.const 28672) (i32.const 256)))
        ;; A filter of the actor itself is marked by its pid's first byte; the pid is put in here.
        (call $fill_in_pids)
        (local.set $left (i32.load (i32.const 4096)))
        (local.set $op (i32.const 4128))
        (local.set $out (i32.const 32768))
        (block $done
            (loop $next
                (br_if $done (i32.eqz (local.get $left)))
                (memory.fill (i32.const 256) (i32.const 0) (i32.const 128))
                (i64.store (local.get $out) (call $step (local.get $op)))
                (i64.store offset=8 (local.get $out) (call $now))
                (i32.store offset=16 (local.get $out) (i32.load (i32.const 256)))
                (i32.store offset=20 (local.get $out) (i32.load (i32.const 264)))
                (i64.store offset=24 (local.get $out) (i64.load (i32.const 272)))
                (i64.store offset=32 (local.get $out) (i64.load (i32.const 280)))
                (i64.store offset=40 (local.get $out) (i64.load (i32.const 336)))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (local.set $op (i32.add (local.get $op) (i32.const 32)))
                (local.set $out (i32.add (local.get $out) (i32.const 64)))
                (br $next)))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 32768) (i32.sub (local.get $out) (i32.const 32768)))))
    (func $fill_in_pids
        (local $filter i32) (local $left i32)
        (local.set $filter (i32.load (i32.const 4100)))
        (local.set $left (i32.load (i32.const 4104)))
        (block $done
            (loop $next
                (br_if $done (i32.eqz (local.get $left)))
                (if (i32.load8_u offset=24 (local.get $filter))
                    (then (memory.copy (i32.add (local.get $filter) (i32.const 24)) (i32.const 0) (i32.const 32))))
                (local.set $filter (i32.add (local.get $filter) (i32.const 56)))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $next))))"#;

/// The arguments: count, address and number of the filters; the records; the filters.
pub(super) fn encode(ops: &[Op]) -> Vec<u8> {
    let filters_at = ARGUMENTS as usize + RECORD * (1 + ops.len());
    let (mut records, mut filters) = (Vec::new(), Vec::new());
    for op in ops {
        let next = (filters_at + filters.len()) as u64;
        if let Op::Receive { filters: wanted, .. } = op {
            wanted.iter().for_each(|wanted| filters.extend(filter(wanted)));
        }
        records.extend(record(op, next));
    }
    let count = (filters.len() / Filter::SIZE) as u32;
    let mut head = [ops.len() as u32, filters_at as u32, count].map(u32::to_le_bytes).concat();
    head.resize(RECORD, 0);
    [head, records, filters].concat()
}

fn record(op: &Op, filters_at: u64) -> Vec<u8> {
    let (what, a, rest): (u32, u32, [u64; 3]) = match op {
        Op::Send { fingerprint, len } => (0, *len, [*fingerprint, 0, 0]),
        Op::Receive { filters, within } => (1, filters.len() as u32, [filters_at, 0, *within]),
        Op::Scan { within } => (2, 0, [0, 0, *within]),
        Op::ScanEnd { take } => (3, u32::from(*take), [0; 3]),
        Op::Flush => (4, 0, [0; 3]),
        Op::Len => (5, 0, [0; 3]),
        Op::Timer { fingerprint, after, period, len } => (6, *len, [*fingerprint, *period, *after]),
        Op::Cancel { nth } => (7, 0, [*nth, 0, 0]),
        Op::Sleep { time } => (8, 0, [0, 0, *time]),
    };
    let words = rest.iter().flat_map(|word| word.to_le_bytes());
    [what, a].iter().flat_map(|word| word.to_le_bytes()).chain(words).collect()
}

/// The filter's bytes; of the sender only the first byte, which the actor replaces by its own pid.
fn filter(wanted: &Wanted) -> Vec<u8> {
    let field = |is_set: bool, field: u32| if is_set { field } else { 0 };
    let fields = field(wanted.kind.is_some(), Filter::KIND)
        | field(wanted.fingerprint.is_some(), Filter::FINGERPRINT)
        | field(wanted.reference.is_some(), Filter::REFERENCE)
        | field(wanted.own.is_some(), Filter::SENDER)
        | field(wanted.request, Filter::REQUEST);
    let mut bytes = [fields, wanted.kind.unwrap_or(0)].map(u32::to_le_bytes).concat();
    bytes.extend(wanted.fingerprint.unwrap_or(0).to_le_bytes());
    bytes.extend(wanted.reference.unwrap_or(0).to_le_bytes());
    bytes.resize(Filter::SIZE, 0);
    bytes[24] = u8::from(wanted.own == Some(true));
    bytes
}

/// What the actor saw, out of its exit value.
pub(super) fn decode(bytes: &[u8]) -> Vec<Step> {
    let step = |bytes: &[u8]| {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        Step {
            status: word(0) as i64,
            now: word(8),
            kind: word(16) as u32,
            len: (word(16) >> 32) as u32,
            fingerprint: word(24),
            reference: word(32),
            id: word(40),
        }
    };
    bytes.chunks_exact(64).map(step).collect()
}
