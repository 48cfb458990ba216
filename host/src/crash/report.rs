//! The report itself, as embedders get it and as the files hold it.

use serde::{Deserialize, Serialize};

/// What a crashed actor left behind: who it was, why it ended, and what it was about.
///
/// Every text in it is safe to print: control characters, formatting characters and bytes that are not UTF-8 are
/// escaped. Everything that a guest decides the length of is bounded. [`Display`](std::fmt::Display) shows the
/// whole of it as a person reads it; with `serde` it is the JSON of the files.
///
/// ```
/// # use flower_host::{Host, BuildError};
/// # fn make() -> Result<(), BuildError> {
/// let host = Host::builder().on_crash(|report| eprintln!("{}: {}", report.pid, report.reason)).build()?;
/// # drop(host);
/// # Ok(())
/// # }
/// # make().unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashReport {
    /// The version of this schema, [`CrashReport::VERSION`]; raised when a field changes its meaning or goes.
    pub version: u32,
    /// The host that wrote it, as `flower-host 0.1.0`.
    pub host: String,
    /// When it ended, in milliseconds since 1970 by the host's calendar clock.
    pub time_ms: u64,
    /// Why it ended.
    pub reason: CrashReason,
    /// Its pid, as pids are shown: `<0.12>`.
    pub pid: String,
    /// What logs call it.
    pub label: String,
    /// The names that it was registered under, sorted.
    pub names: Vec<String>,
    /// Its parent, the parent's parent and so on, as far as they are remembered; none when the embedder
    /// spawned it.
    pub ancestors: Vec<CrashAncestor>,
    /// The module that it was made of.
    pub module: CrashModule,
    /// `process` or `handler`.
    pub style: String,
    /// How long it lived, in microseconds.
    pub lived_us: u64,
    /// Messages, replies and ticks that it took out of its mailbox.
    pub messages_handled: u64,
    /// What a handler was working on, or a process has taken last and not read to its end.
    pub last_message: Option<CrashMessage>,
    /// What waited for it.
    pub mailbox: CrashMailbox,
    /// Bytes of its linear memory.
    pub memory_bytes: u64,
    /// Those it was linked with.
    pub links: CrashPeers,
    /// Those that are told of its end: who monitors it, and callers that wait for its reply.
    pub watchers: CrashPeers,
    /// Those whose end it was to be told of.
    pub monitors: CrashPeers,
    /// Those whose reply it waited for.
    pub calls: CrashPeers,
    /// The functions that it was in, the innermost first; empty when the host did not see them.
    pub backtrace: Vec<CrashFrame>,
    /// The file with the dump of its instance, beside the report.
    #[serde(default)]
    pub coredump: Option<String>,
    /// Why there is no dump, when dumps were asked for.
    #[serde(default)]
    pub coredump_missing: Option<String>,
    /// Crashes like this one before it that left no report, because there were too many at once.
    pub unreported_before: u64,
}

impl CrashReport {
    /// The version of the schema that this host writes.
    pub const VERSION: u32 = 1;
}

/// Why an actor crashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashReason {
    /// `error`, `panic`, `trap`, `limit`, `out_of_time` or `host_error`.
    pub kind: String,
    /// Which trap or limit, by the name of the ABI in lower case.
    #[serde(default)]
    pub code: Option<String>,
    /// What happened, in words: of a panic what it said, of an error its value.
    pub message: String,
    /// Where a panic happened: file, line and column.
    #[serde(default)]
    pub location: Option<String>,
}

/// One that was there before a crashed actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashAncestor {
    /// Its pid.
    pub pid: String,
    /// What logs call it; `None` when it has ended before.
    pub label: Option<String>,
}

/// A module and which one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashModule {
    /// The name that it was loaded under.
    pub name: String,
    /// The SHA-256 of its bytes, in hex.
    pub hash: String,
}

/// What waited in a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashMailbox {
    /// How many messages waited.
    pub len: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// The first of them, in order of arrival.
    pub first: Vec<CrashMessage>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashMessage {
    /// `message`, `request`, `reply`, `down`, `exit`, `timer`, `timeout`, `start`, `stop` or `room`.
    pub kind: String,
    /// Who sent it; `None` for the host.
    pub from: Option<String>,
    /// `raw`, `json`, `binary`, or the number of another codec.
    pub codec: String,
    /// Bytes of its whole body.
    pub len: u64,
    /// The beginning of the body, escaped.
    pub body: String,
}

/// Other actors that a crashed one had to do with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashPeers {
    /// How many there are.
    pub len: u64,
    /// The pids of some of them, the oldest first.
    pub first: Vec<String>,
}

/// A function that an actor was in when it crashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrashFrame {
    /// Its name, or `function N` by its index.
    pub function: String,
    /// The index of the WebAssembly function.
    pub index: u32,
    /// Where in the module's file the instruction stands, when the host knows.
    pub offset: Option<u64>,
    /// The source file, when the module has debug information.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
    /// The column in it.
    pub column: Option<u32>,
    /// Whether the compiler has put this function into the one of the next frame.
    pub inlined: bool,
}
