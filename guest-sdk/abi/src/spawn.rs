//! Spawning: the options that cross, and the exports a module is entered by.

/// How a new actor is to be made: 112 bytes; a zero takes the default.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpawnOptions {
    /// Version of this layout; 1.
    pub version: u32,
    /// [`SpawnOptions::LINK`], [`SpawnOptions::MONITOR`] and the others, added up.
    pub flags: u32,
    /// Name of the module, UTF-8; 0 is the spawner's own.
    pub module: u32,
    /// Its length.
    pub module_len: u32,
    /// Name of the export to enter by, UTF-8; its signature says the style.
    pub entry: u32,
    /// Its length.
    pub entry_len: u32,
    /// Index for an entry that takes one ([`Exports::ENTRY`]); for the spawner's own module only.
    pub index: u32,
    /// Codec of the arguments.
    pub codec: u32,
    /// Fingerprint of the arguments' schema, or 0.
    pub fingerprint: u64,
    /// What logs call the actor, UTF-8; empty for its module and entry.
    pub label: u32,
    /// Its length.
    pub label_len: u32,
    /// Name to register before it runs, UTF-8; 0 for none.
    pub name: u32,
    /// Its length.
    pub name_len: u32,
    /// Deadline before which it does not run, in ns of the host's clock; 0 for at once.
    pub start_at: u64,
    /// Linear memory it may grow to, in bytes.
    pub memory_max: u64,
    /// Bytes its mailbox may hold.
    pub mailbox_bytes_max: u64,
    /// Messages its mailbox may hold.
    pub mailbox_len_max: u32,
    /// 0, or a stack class: 1 small, 2 large.
    pub stack_class: u32,
    /// How long it may run without waiting, in ns.
    pub run_time_max: u64,
    /// Handles that travel with the arguments: address of an array of u64.
    pub handles: u32,
    /// How many.
    pub handle_count: u32,
    /// Address of a [`BudgetOptions`] that bounds the actor and all its descendants together, or 0.
    pub budget: u32,
    /// Address of a [`RightsOptions`] that says what the actor may do beside the default, and what not, or 0.
    pub rights: u32,
}

impl SpawnOptions {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 112;
    /// Link with the spawner, before the new actor runs.
    pub const LINK: u32 = 1;
    /// Monitor it, before it runs; the completion is a message.
    pub const MONITOR: u32 = 2;
    /// With `MONITOR`: the completion is kept for `wait`.
    pub const HELD: u32 = 4;
    /// Hold back what a handler sends until it returns; a trap then takes it back.
    pub const HOLD_EFFECTS: u32 = 8;
    /// [`SpawnOptions::index`] counts.
    pub const INDEXED: u32 = 16;
    /// Every default.
    pub const DEFAULT: SpawnOptions = SpawnOptions {
        version: 1,
        flags: 0,
        module: 0,
        module_len: 0,
        entry: 0,
        entry_len: 0,
        index: 0,
        codec: 0,
        fingerprint: 0,
        label: 0,
        label_len: 0,
        name: 0,
        name_len: 0,
        start_at: 0,
        memory_max: 0,
        mailbox_bytes_max: 0,
        mailbox_len_max: 0,
        stack_class: 0,
        run_time_max: 0,
        handles: 0,
        handle_count: 0,
        budget: 0,
        rights: 0,
    };
}

/// What a new actor may do that actors may not do by themselves, out of what its spawner has, and what it may not:
/// 16 bytes.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RightsOptions {
    /// Version of this layout; 1.
    pub version: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Address of the entries ([`GRANTS`]), UTF-8, each ended by a zero byte.
    pub entries: u32,
    /// Bytes of all of them.
    pub entries_len: u32,
}

impl RightsOptions {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 16;
}

/// The entries of [`RightsOptions`] with their meaning, for the documentation.
pub const GRANTS: &[(&str, &str)] = &[
    ("`arg=TEXT`", "one more argument of the program; no right, and granted always"),
    ("`env=NAME`", "a variable of the spawner's environment"),
    ("`dir=NAME`", "a directory that the spawner has under this name, to read and write"),
    ("`dir-read=NAME`", "the same, to read only"),
    (
        "`net=RULE`",
        "a part of the network: `[connect:|bind:]HOST[:PORT[-PORT]]` or `[connect:|bind:]unix:PATH`",
    ),
    ("`stdin`", "what the host is given to read"),
    ("`clock=frozen`, `clock=coarse`, `clock=real`", "what the calendar clock shows"),
    ("`no-stdout`, `no-stderr`", "printing comes to nothing"),
    ("`fixed-random`", "random numbers are the same for everybody"),
    (
        "`module=PATTERN`",
        "of the host's modules beside its own, it may spawn those that match one of these; an empty one stands for none",
    ),
    (
        "`name=PATTERN`",
        "of the names and groups, it may register and join those that match one of these; the same",
    ),
    ("`depth-max=N`", "generations that may descend from it"),
    (
        "`child-memory-max=N`, `child-mailbox-len-max=N`, `child-mailbox-bytes-max=N`, `child-run-time-max=NS`",
        "the most that it may set for its children",
    ),
];

/// What an actor and all its descendants may use together: 64 bytes; what is 0 is bounded by the spawner's budget
/// alone.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BudgetOptions {
    /// Version of this layout; 1.
    pub version: u32,
    /// Weight of its share of busy processors, 1 to 10,000, or 0.
    pub cpu_weight: u32,
    /// Live actors.
    pub actors_max: u64,
    /// Bytes of linear memory.
    pub memory_max: u64,
    /// Armed timers.
    pub timers_max: u64,
    /// Bytes of the messages of more than 256 bytes that were sent and not yet taken.
    pub message_bytes_max: u64,
    /// Messages of any size that were sent and not yet taken.
    pub messages_max: u64,
    /// Open sockets that its actors have opened or accepted, and open files.
    pub descriptors_max: u64,
    /// Must be 0.
    pub reserved: u64,
}

impl BudgetOptions {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 64;
    /// No bound of its own.
    pub const DEFAULT: BudgetOptions = BudgetOptions {
        version: 1,
        cpu_weight: 0,
        actors_max: 0,
        memory_max: 0,
        timers_max: 0,
        message_bytes_max: 0,
        messages_max: 0,
        descriptors_max: 0,
        reserved: 0,
    };
}

/// The names of the exports that the host looks for.
///
/// The signature of an entry says its style: `() -> ()` and `(i32) -> ()` are process style (the
/// second gets [`SpawnOptions::index`]), `(i32) -> i32` is a handler, which is called with the
/// length of the body once per message and returns 0 to go on or 1 to end normally.
pub struct Exports;

impl Exports {
    /// The program's start, as WASI defines it.
    pub const START: &str = "_start";
    /// A reactor's constructors, as WASI defines it; called once before any other entry.
    pub const INITIALIZE: &str = "_initialize";
    /// The same for a command, whose constructors `_start` would run; must be harmless when repeated.
    pub const FLOWER_INITIALIZE: &str = "flower_initialize";
    /// The SDK's entry for `spawn(f, args)`: `(i32) -> ()` with an index into the function table.
    pub const ENTRY: &str = "flower_entry";
    /// An i32 global: address of two u32, pointer and capacity of the inbox. Before each handler call the
    /// host reads them and writes the `MessageInfo` there and, behind it, the body if all of it fits; the
    /// capacity counts both. With less room than a header has, nothing is written.
    pub const INBOX: &str = "flower_inbox";
    /// The linear memory.
    pub const MEMORY: &str = "memory";
}

/// The exports with their meaning, for the documentation.
pub const EXPORTS: &[(&str, &str)] = &[
    (Exports::MEMORY, "the linear memory; required"),
    (Exports::START, "`() -> ()`; a program's start, process style"),
    (Exports::INITIALIZE, "`() -> ()`; a reactor's constructors, called once before any entry"),
    (Exports::FLOWER_INITIALIZE, "`() -> ()`; the same for a command, called before any entry but `_start`"),
    (
        Exports::ENTRY,
        "`(i32) -> ()`; the SDK's entry for `spawn(f, args)`, called with `SpawnOptions::index`",
    ),
    (Exports::INBOX, "an i32 global: the address of two u32, pointer and capacity of a handler's inbox"),
];

const _: () = assert!(size_of::<SpawnOptions>() == SpawnOptions::SIZE);
const _: () = assert!(size_of::<RightsOptions>() == RightsOptions::SIZE);
const _: () = assert!(size_of::<BudgetOptions>() == BudgetOptions::SIZE);
