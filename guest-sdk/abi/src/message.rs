//! What crosses with a message: its kind, its header and the options of a send.

use crate::pid::Pid;

/// What a received message is. System signals are kinds of their own and never look like `MESSAGE`.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A user's message, or a request when [`MessageInfo::REQUEST`] is set.
    Message = 0,
    /// The reply to the request `reference`.
    Reply = 1,
    /// The end of a monitored or called actor: `sender` is its pid, the reason is in the exit fields.
    Down = 2,
    /// An exit signal, to an actor that traps exits.
    Exit = 3,
    /// The timer `reference` has fired; the body is what it was started with.
    Timer = 4,
    /// The deadline of the request `reference` has passed.
    Timeout = 5,
    /// The first event of an actor: the arguments of its spawn.
    Start = 6,
    /// Somebody asked the actor to stop.
    Stop = 7,
    /// The mailbox that `notify_room` asked about has room.
    Room = 8,
    /// An operation on a channel is done: a value that was received, or the completion `reference` of a select
    /// that was started.
    Selected = 9,
    /// Something has happened to a socket of the actor: the handle is in `reference`, a [`SocketEvent`] in `exit_code`. The body
    /// is what was read, or the words of an error; the last `exit_tag` bytes of it are the sender's address, for datagrams.
    Socket = 10,
    /// A socket can be read from or written to, as the `net_ready` of this `reference` asked: a [`SocketEvent`] in `exit_code`, the
    /// handle in `id`. Or the lookup of this `reference` is over, without a handle.
    Ready = 11,
}

impl Kind {
    /// The kind with this number.
    pub const fn from_u32(kind: u32) -> Option<Kind> {
        Some(match kind {
            0 => Kind::Message,
            1 => Kind::Reply,
            2 => Kind::Down,
            3 => Kind::Exit,
            4 => Kind::Timer,
            5 => Kind::Timeout,
            6 => Kind::Start,
            7 => Kind::Stop,
            8 => Kind::Room,
            9 => Kind::Selected,
            10 => Kind::Socket,
            11 => Kind::Ready,
            _ => return None,
        })
    }
}

/// How the bytes of a body are to be read. The host does not look into them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Codec(pub u32);

impl Codec {
    /// Bytes without a schema.
    pub const RAW: Codec = Codec(0);
    /// JSON text.
    pub const JSON: Codec = Codec(1);
    /// The compact binary codec of the SDK (postcard).
    pub const BINARY: Codec = Codec(2);
}

/// The fingerprint of a schema's name: FNV-1a, 64 bits. The SDK takes the name of the Rust type;
/// 0 is kept for bodies without a schema.
pub const fn fingerprint(schema: &str) -> u64 {
    let bytes = schema.as_bytes();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    if hash == 0 { 1 } else { hash }
}

/// The fingerprint of a call of a typed actor, in whichever codec: `docs/typed-actors.md`.
pub const CALL: u64 = fingerprint("flower::Call");

/// The fingerprint of an answer that says why a call of a typed actor was not served.
pub const FAILURE: u64 = fingerprint("flower::Failure");

/// The fingerprint of an HTTP request that the host sends: `docs/http.md`.
pub const HTTP_REQUEST: u64 = fingerprint("flower::http::Request");

/// The fingerprint of what travels over a WebSocket, in both directions.
pub const HTTP_FRAME: u64 = fingerprint("flower::http::Frame");

/// What a message of kind [`Kind::Socket`] or [`Kind::Ready`] tells.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SocketEvent {
    /// Something was read.
    Data = 0,
    /// The peer sends nothing more.
    Closed = 1,
    /// The socket has failed.
    Error = 2,
    /// It can be read, or accepted from: `net_ready` asked.
    Readable = 3,
    /// It can be written to: `net_ready` asked.
    Writable = 4,
    /// A lookup that `net_resolve_start` began is over.
    Resolved = 5,
}

/// What `net_ready` asks about.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NetReadiness {
    /// Something can be read, or accepted.
    Read = 0,
    /// Something can be written.
    Write = 1,
}

/// Where the completion of a request or a monitor goes.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Delivery {
    /// Into the mailbox, as a message.
    Message = 0,
    /// Kept until `wait` takes it.
    Held = 1,
}

/// What a reference stands for.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefKind {
    /// A request that waits for its reply.
    Request = 0,
    /// A monitor.
    Monitor = 1,
    /// A timer.
    Timer = 2,
    /// A notice of room in a mailbox.
    Room = 3,
    /// A select over channels.
    Select = 4,
    /// A name that is looked up, or was.
    Lookup = 5,
}

/// The header of a received message: 128 bytes, written by the host.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageInfo {
    /// A [`Kind`].
    pub kind: u32,
    /// [`MessageInfo::REQUEST`] and the other flags, added up.
    pub flags: u32,
    /// Length of the whole body in bytes, also where the buffer held less.
    pub len: u32,
    /// A [`Codec`].
    pub codec: u32,
    /// Fingerprint of the body's schema, or 0.
    pub fingerprint: u64,
    /// The reference that this completes, or that a reply has to carry; 0 without.
    pub reference: u64,
    /// Who sent it, filled in by the host; may be sent to and monitored.
    pub sender: Pid,
    /// Together with `sender` and `reference` the token that `reply` takes.
    pub reply_tag: u64,
    /// Deadline that the sender gave, in ns of the host's clock; 0 without.
    pub deadline: u64,
    /// Number of the message among those of its sender.
    pub id: u64,
    /// Trace that the message belongs to (W3C trace id); zeros without.
    pub trace_id: [u8; 16],
    /// Span that sent it (W3C parent id); zeros without.
    pub span_id: [u8; 8],
    /// An [`ExitTag`](crate::ExitTag), for `Down` and `Exit`.
    pub exit_tag: u32,
    /// The code of the reason, for `Down` and `Exit`; the index of the arm, for `Selected`.
    pub exit_code: u32,
    /// How many handles travel with it.
    pub handle_count: u32,
    /// Version of this layout; 1.
    pub version: u32,
}

impl MessageInfo {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 128;
    /// Flag: on a `Message`, the sender waits for a reply; on a `Down`, `reference` is a request's
    /// and not a monitor's.
    pub const REQUEST: u32 = 1;
    /// Flag, of what `receive` and `poll` take: others wait in the mailbox.
    pub const MORE: u32 = 2;
    /// Flag, of a `Selected`: the channel is closed, so that nothing was received, or sent.
    pub const CLOSED: u32 = 4;
    /// All zeros: what a guest hands to the host to be filled.
    pub const EMPTY: MessageInfo = MessageInfo {
        kind: 0,
        flags: 0,
        len: 0,
        codec: 0,
        fingerprint: 0,
        reference: 0,
        sender: Pid::NONE,
        reply_tag: 0,
        deadline: 0,
        id: 0,
        trace_id: [0; 16],
        span_id: [0; 8],
        exit_tag: 0,
        exit_code: 0,
        handle_count: 0,
        version: 0,
    };
    /// Size of a reply token: sender, reference, reply tag.
    pub const TOKEN_SIZE: usize = 48;

    /// The header in these bytes; any bytes are one.
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> MessageInfo {
        MessageInfo {
            kind: u32::from_le_bytes(field(bytes, 0)),
            flags: u32::from_le_bytes(field(bytes, 4)),
            len: u32::from_le_bytes(field(bytes, 8)),
            codec: u32::from_le_bytes(field(bytes, 12)),
            fingerprint: u64::from_le_bytes(field(bytes, 16)),
            reference: u64::from_le_bytes(field(bytes, 24)),
            sender: Pid::from_bytes(&field(bytes, 32)),
            reply_tag: u64::from_le_bytes(field(bytes, 64)),
            deadline: u64::from_le_bytes(field(bytes, 72)),
            id: u64::from_le_bytes(field(bytes, 80)),
            trace_id: field(bytes, 88),
            span_id: field(bytes, 104),
            exit_tag: u32::from_le_bytes(field(bytes, 112)),
            exit_code: u32::from_le_bytes(field(bytes, 116)),
            handle_count: u32::from_le_bytes(field(bytes, 120)),
            version: u32::from_le_bytes(field(bytes, 124)),
        }
    }

    /// Writes the header as it stands in linear memory.
    pub fn write_to(&self, bytes: &mut [u8; Self::SIZE]) {
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &self.kind.to_le_bytes());
        put(4, &self.flags.to_le_bytes());
        put(8, &self.len.to_le_bytes());
        put(12, &self.codec.to_le_bytes());
        put(16, &self.fingerprint.to_le_bytes());
        put(24, &self.reference.to_le_bytes());
        put(32, &self.sender.to_bytes());
        put(64, &self.reply_tag.to_le_bytes());
        put(72, &self.deadline.to_le_bytes());
        put(80, &self.id.to_le_bytes());
        put(88, &self.trace_id);
        put(104, &self.span_id);
        put(112, &self.exit_tag.to_le_bytes());
        put(116, &self.exit_code.to_le_bytes());
        put(120, &self.handle_count.to_le_bytes());
        put(124, &self.version.to_le_bytes());
    }
}

/// The `N` bytes at `at`.
fn field<const N: usize>(bytes: &[u8; MessageInfo::SIZE], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

/// What a send may say beyond its bytes: 64 bytes, all zeros by default.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendOptions {
    /// Version of this layout; 0 and 1 mean the same.
    pub version: u32,
    /// A [`Codec`].
    pub codec: u32,
    /// Fingerprint of the body's schema, or 0.
    pub fingerprint: u64,
    /// A deadline for whoever handles it, in ns of the host's clock; 0 without.
    pub deadline: u64,
    /// Trace that the message belongs to.
    pub trace_id: [u8; 16],
    /// Span that sends it.
    pub span_id: [u8; 8],
    /// Handles that travel with it: address of an array of u64.
    pub handles: u32,
    /// How many.
    pub handle_count: u32,
    /// Must be 0.
    pub reserved: u64,
}

impl SendOptions {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 64;
    /// Raw bytes, nothing more.
    pub const RAW: SendOptions = SendOptions {
        version: 1,
        codec: 0,
        fingerprint: 0,
        deadline: 0,
        trace_id: [0; 16],
        span_id: [0; 8],
        handles: 0,
        handle_count: 0,
        reserved: 0,
    };
}

const _: () = assert!(size_of::<MessageInfo>() == MessageInfo::SIZE);
const _: () = assert!(size_of::<SendOptions>() == SendOptions::SIZE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let mut bytes = [0; MessageInfo::SIZE];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = at as u8 + 1;
        }
        let info = MessageInfo::from_bytes(&bytes);
        assert_eq!((info.len, info.id), (0x0c0b_0a09, 0x5857_5655_5453_5251));
        let mut written = [0; MessageInfo::SIZE];
        info.write_to(&mut written);
        assert_eq!(written, bytes);
    }
}
