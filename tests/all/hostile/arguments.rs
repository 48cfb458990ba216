//! A module that makes any host call with any arguments, in both styles: it reads them from its own
//! arguments, and ends normally with the call's result.

use flower_abi::{Pid, SpawnOptions};
use flower_host::{Actor, Codec, ExitReason, Host, Module, Spawn};

use crate::wat::{CALLS, Call, Type, load, module};

/// Where the actor's own pid stands, and, as it is as long as a token, the token.
pub(super) const OWN_PID: u32 = 1024;
/// Where headers may go.
pub(super) const INFO: u32 = 2048;
/// Where true `SpawnOptions` stand.
pub(super) const SPAWN_OPTIONS: u32 = 3072;
/// Where bodies may go.
pub(super) const BUFFER: u32 = 4096;
/// Where the arguments and the result stand.
const ARGUMENTS: u32 = 8192;
/// Where a name stands.
const NAME: u32 = 12288;
/// Bytes of the memory.
pub(super) const MEMORY: u32 = 65536;

/// What a parameter is, as its name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// An address, of as many bytes as the parameter of this name says, or of a structure.
    Pointer(Option<&'static str>),
    /// The length that belongs to an address.
    Length,
    /// Any other number.
    Number,
}

/// The role of a parameter. A new name has to be given one here before its call is covered.
pub(super) fn role(call: &Call, at: usize) -> Role {
    let (name, ty) = call.params[at];
    let followed_by = |len: &'static str| call.params.get(at + 1).is_some_and(|(next, _)| *next == len);
    match name {
        "to" | "info" | "token" | "handles" | "pid" | "restricted" | "options" | "progress" => {
            Role::Pointer(None)
        }
        "reference" if ty == Type::I32 => Role::Pointer(None),
        "body" => Role::Pointer(Some("body_len")),
        "name" => Role::Pointer(Some("name_len")),
        "args" => Role::Pointer(Some("args_len")),
        "detail" => Role::Pointer(Some("detail_len")),
        "address" if followed_by("address_len") => Role::Pointer(Some("address_len")),
        "address" => Role::Pointer(None),
        "pem" => Role::Pointer(Some("pem_len")),
        "message" => Role::Pointer(Some("message_len")),
        "location" => Role::Pointer(Some("location_len")),
        "filters" => Role::Pointer(Some("filter_count")),
        "arms" => Role::Pointer(Some("count")),
        "buffer" => {
            let len = ["capacity", "len", "count"].into_iter().find(|len| followed_by(len));
            Role::Pointer(Some(len.expect("a buffer is followed by its length")))
        }
        "body_len" | "name_len" | "args_len" | "detail_len" | "message_len" | "location_len"
        | "address_len" | "pem_len" => Role::Length,
        "capacity" if call.name == "channel_new" => Role::Number,
        "count" if call.name == "net_active" => Role::Number,
        "filter_count" | "capacity" | "len" | "count" => Role::Length,
        "deadline" | "period" | "reference" | "offset" | "take" | "delivery" | "kind" | "after" => {
            Role::Number
        }
        "interest" | "peer" | "how" | "option" | "value" | "mode" | "chunk" | "role" => Role::Number,
        "rights" | "tag" | "codec" | "on" | "handle" | "lookup" | "overflow" | "flags" | "max" => {
            Role::Number
        }
        other => panic!("parameter {other:?} of {} has no role yet: give it one", call.name),
    }
}

/// Arguments with which a call does what it is there for, or refuses.
pub(super) fn good(call: &Call) -> Vec<u64> {
    (0..call.params.len()).map(|at| u64::from(good_one(call, at))).collect()
}

fn good_one(call: &Call, at: usize) -> u32 {
    match (call.params[at].0, role(call, at)) {
        ("to" | "pid" | "token", _) => OWN_PID,
        ("info", _) => INFO,
        ("restricted" | "buffer", _) | ("reference", Role::Pointer(_)) => BUFFER,
        ("options", _) if call.name == "spawn" => SPAWN_OPTIONS,
        ("options", _) => 0,
        ("name", _) => NAME,
        ("filter_count" | "count", _) => 1,
        (_, Role::Length) => 16,
        (_, Role::Pointer(_)) => BUFFER,
        (_, Role::Number) => 0,
    }
}

/// The module: for each call `process_<call>` and `handler_<call>`.
pub(super) struct Caller(Module);

impl Caller {
    /// Loads it.
    pub(super) fn load(host: &Host) -> Caller {
        let entries: String = CALLS.iter().map(entries).collect();
        Caller(load(host, &module(&format!("{}{SET_UP}{entries}", data()))))
    }

    /// An actor that makes a call.
    pub(super) fn spawn(&self, host: &Host, style: &str, call: &Call, arguments: &[u64]) -> Actor {
        let bytes: Vec<u8> = arguments.iter().flat_map(|argument| argument.to_le_bytes()).collect();
        let entry = format!("{style}_{}", call.name);
        host.spawn(Spawn::entry(&self.0, &entry).args(Codec::RAW, bytes)).expect("each call has its entries")
    }

    /// How it ends.
    pub(super) async fn end(&self, host: &Host, style: &str, call: &Call, arguments: &[u64]) -> ExitReason {
        (*self.spawn(host, style, call, arguments).join().await).clone()
    }
}

/// True options of a spawn, which asks for a monitor so that every pointer counts.
fn data() -> String {
    let word =
        |number: u32| number.to_le_bytes().iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let entry = "process_now";
    let head = [1, SpawnOptions::MONITOR, 0, 0, NAME, entry.len() as u32].map(word).concat();
    format!("(data (i32.const {SPAWN_OPTIONS}) \"{head}\") (data (i32.const {NAME}) \"{entry} and more\")\n")
}

/// Gives the actor a message that it has received, a pid, and its arguments.
const SET_UP: &str = "
    (func $set_up
        (drop (call $self_pid (i32.const 1024)))
        (drop (call $send (i32.const 1024) (i32.const 0) (i32.const 2) (i32.const 0)))
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048) (i64.const -1)))
        (drop (call $start_args (i32.const 8192) (i32.const 128) (i32.const 2048)))
        (drop (call $send (i32.const 1024) (i32.const 0) (i32.const 2) (i32.const 0)))
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048) (i64.const -1))))
    (func $set_up_handler
        (drop (call $self_pid (i32.const 1024)))
        (drop (call $message_read (i32.const 0) (i32.const 8192) (i32.const 128))))
    (func $finish (param i64)
        (i64.store (i32.const 8192) (local.get 0))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 8192) (i32.const 8))))\n";

fn entries(call: &Call) -> String {
    let load = |(at, (_, ty)): (usize, &(&str, Type))| {
        format!("({}.load (i32.const {}))", ty.wat(), ARGUMENTS as usize + at * 8)
    };
    let arguments: String = call.params.iter().enumerate().map(load).collect();
    let made = match call.result {
        Type::I32 => format!("(i64.extend_i32_s (call ${} {arguments}))", call.name),
        Type::I64 => format!("(call ${} {arguments})", call.name),
    };
    let name = call.name;
    format!(
        "(func (export \"process_{name}\") (call $set_up) (call $finish {made}))
         (func (export \"handler_{name}\") (param i32) (result i32)
             (call $set_up_handler) (call $finish {made}) i32.const 1)\n"
    )
}

const _: () = assert!(OWN_PID as usize + Pid::SIZE <= INFO as usize);
