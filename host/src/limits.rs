//! Every number that bounds anything, with what a guest could do without it.
//!
//! The constants are fixed; [`Limits`] holds those that an embedder, a flag or a spawn may change.

use std::time::Duration;

/// Host calls handled for one actor before others get their turn: a handler with a full mailbox
/// would keep its worker.
pub(crate) const HANDLER_BATCH_MAX: u32 = 64;

/// Workers of a host: each is a thread, and several for handlers.
pub(crate) const WORKERS_MAX: usize = 1024;

/// How long a thread that has served files or lookups waits for more: a burst of them would leave hundreds for longer.
pub(crate) const IO_THREAD_KEPT: Duration = Duration::from_secs(2);

/// Runs out of the last-woken slot in a row: two actors that only wake each other would keep a worker.
pub(crate) const LAST_WOKEN_RUNS_MAX: u32 = 32;

/// Runs between two looks at what other threads queued: local work would keep it waiting.
pub(crate) const INJECTOR_INTERVAL: u32 = 31;

/// Runs between two looks at the preempted actors: the others would starve them.
pub(crate) const PREEMPTED_INTERVAL: u32 = 8;

/// How often the epoch advances: the slice of an actor that does not wait.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Time by which a tree of actors that has slept is ahead of the others when it wakes: more would keep them from
/// the processors.
pub(crate) const SHARE_CREDIT: Duration = Duration::from_millis(3);

/// How often memory that is not used any more is looked for.
pub(crate) const TRIM_INTERVAL: Duration = Duration::from_millis(250);

/// Looks that find nothing before the looking stops on an idle host; memory becomes old in two seconds.
pub(crate) const TRIMS_BEFORE_REST: u32 = 12;

/// Ticks until a handler hands its core over: the first may come at once, and a hand-over costs two
/// switches of threads.
pub(crate) const HANDLER_SLICE_TICKS: u64 = 2;

/// Fuel between two yields in deterministic mode; about as long as a tick.
pub(crate) const FUEL_SLICE: u64 = 1_000_000;

/// Threads that may hold a handler that ran past its slice, for each worker: every one is a stack
/// of the operating system. No handler begins while all but one are taken, so that whoever begins can be suspended.
pub(crate) const SPARE_THREADS_PER_WORKER: usize = 64;

/// Ticks that a handler may compute while nearly all of these threads are taken: those that never return would keep every
/// other handler from its turn.
pub(crate) const HANDLER_CROWDED_TICKS: u64 = 50;

/// Alternatives of one `receive`: the host compares each with each message.
pub(crate) const FILTERS_MAX: u32 = 64;

/// Bytes of the name of an actor or of a group; it is kept as long as its actor lives.
pub(crate) const NAME_BYTES_MAX: u32 = 255;

/// Members of a group that one host call lists or sends to: nothing interrupts it in between.
pub(crate) const MEMBERS_AT_ONCE_MAX: usize = 1024;

/// Bytes that one host call of a broadcast copies, unless one message has more.
pub(crate) const BROADCAST_BYTES_MAX: usize = 1 << 20;

/// Handles that travel with one message: the host looks each of them up.
pub(crate) const MESSAGE_HANDLES_MAX: u32 = 255;

/// Arms of one select: each is looked at while the channels of all are locked.
pub(crate) const SELECT_ARMS_MAX: u32 = 64;

/// Values that one host call sends or receives: nothing interrupts it in between.
pub(crate) const VALUES_AT_ONCE_MAX: usize = 1024;

/// What a value in a channel is charged beyond its bytes, in whole blocks: the room that the host needs for it.
pub(crate) const VALUE_BYTES: u64 = 256;

/// Values of the first block that is charged; each further one doubles it.
pub(crate) const VALUES_CHARGED_FIRST: usize = 8;

/// Bytes of what a spawn names for its child's rights: they are read while nothing interrupts the host.
pub(crate) const GRANTS_BYTES_MAX: u32 = 64 << 10;

/// Lines in the log for what was not granted, in a second: a guest could fill a disk with them.
pub(crate) const REFUSALS_LOGGED_MAX: u32 = 10;

/// Bytes of a label, which is shown in every log line of the actor.
pub(crate) const LABEL_BYTES_MAX: u32 = 255;

/// How long a host that stops waits for threads in code that nothing interrupts: a second tick would not
/// help a guest that was compiled without looking at them.
pub(crate) const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// Notices of sockets taken in at a time: others have their turn in between.
pub(crate) const NET_EVENTS_MAX: usize = 1024;

/// Runs between two looks at the sockets while a worker has work: they would starve.
pub(crate) const NET_INTERVAL: u32 = 61;

/// Bytes that a socket reads ahead of what its owner asked for: many small reads would each be a system call.
pub(crate) const NET_AHEAD_MAX: usize = 4096;

/// Connections that wait to be accepted: the system refuses more.
pub(crate) const NET_BACKLOG: i32 = 1024;

/// Bytes of an address, a name or a path that a guest writes.
pub(crate) const NET_ADDRESS_BYTES_MAX: u32 = 300;

/// Names that are looked up at a time: each keeps a thread for as long as a server of names takes, and the threads serve files too.
pub(crate) const LOOKUPS_MAX: usize = 64;

/// The same for one actor: it would keep all others from theirs.
pub(crate) const LOOKUPS_OF_ACTOR_MAX: usize = 8;

/// Names that one actor has asked for and not been told of: each takes memory of the host, also for a while after it was given up.
pub(crate) const LOOKUPS_QUEUED_MAX: usize = 4096;

/// Reads of an active socket in a row: others wait meanwhile.
pub(crate) const ACTIVE_READS_MAX: u32 = 16;

/// Bytes that an active socket puts into one message.
pub(crate) const ACTIVE_CHUNK_MAX: u32 = 64 << 10;

/// How long nothing is accepted when there are no descriptors left: a loop would keep its thread.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long an HTTP client may take for the header of a request unless somebody says otherwise: a slow one keeps its
/// connection meanwhile.
pub(crate) const HTTP_HEAD_PATIENCE: Duration = Duration::from_secs(30);

/// How long a server that stops waits for the requests that are under way.
pub(crate) const HTTP_STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Silence after which a client is asked whether it is still there: one that vanished would keep its connection.
pub(crate) const PEER_PATIENCE: Duration = Duration::from_secs(60);

/// Wasm stack of the small class; host calls have [`HOST_STACK`] beneath it.
pub(crate) const SMALL_WASM_STACK: usize = 128 * 1024;

/// Wasm stack of the large class.
pub(crate) const LARGE_WASM_STACK: usize = 2 * 1024 * 1024 - HOST_STACK;

/// Stack of a worker thread: handlers run on it, and so does loading and logging.
pub(crate) const WORKER_STACK: usize = 4 * 1024 * 1024;

/// What is left on a fiber for the host's own frames.
pub(crate) const HOST_STACK: usize = 128 * 1024;

/// Bodies up to this size are bounded by their number; larger ones are charged by the byte.
pub(crate) const UNCHARGED_BYTES_MAX: u32 = 256;

/// Capacity that an actor's queues keep while idle; a burst's is given back.
pub(crate) const QUEUE_KEEP: usize = 32;

/// Of those who wait for room in a mailbox, the first that are looked at for one whose message fits into what is left: the
/// mailbox is locked meanwhile, and all may wait for more.
pub(crate) const ROOM_WAITERS_LOOKED_AT: usize = 64;

/// Mappings of images in the process: a system allows 65,530 of all kinds, and past that malloc fails.
pub(crate) const IMAGE_RUNS_MAX: usize = 24_000;

/// Bytes of data that actors of a module share: each is written once for every place in a run of slots.
pub(crate) const IMAGE_BYTES_MAX: usize = 256 * 1024;

/// Actors before a crashed one that its report names: the chain of those that spawn their successors has no
/// end.
pub(crate) const ANCESTORS_MAX: usize = 6;

/// Messages of its mailbox that a crash report shows: a mailbox may hold millions.
pub(crate) const REPORT_MESSAGES_MAX: usize = 8;

/// Bytes of a message that a crash report shows.
pub(crate) const REPORT_BODY_BYTES_MAX: usize = 160;

/// Pids of each kind that a crash report shows.
pub(crate) const REPORT_PEERS_MAX: usize = 16;

/// Bytes of any other text of a guest in a crash report: a panic may say as much as an exit reason holds.
pub(crate) const REPORT_TEXT_BYTES_MAX: usize = 4096;

/// Frames of a backtrace: a recursion without end fills the stack with them.
pub(crate) const BACKTRACE_FRAMES_MAX: usize = 32;

/// Functions that were put into the one of a frame.
pub(crate) const INLINED_FRAMES_MAX: usize = 16;

/// Bytes of debug information that are kept of a module, to show lines of its source in crash reports.
pub(crate) const DEBUG_INFO_BYTES_MAX: usize = 64 << 20;

/// How deep the entries of debug information may lie in each other: they are walked by recursion.
pub(crate) const DEBUG_INFO_DEPTH_MAX: isize = 256;

/// The span in which crashes are counted.
pub(crate) const CRASH_WINDOW: Duration = Duration::from_secs(1);

/// Crashes that are alike and shown in one span: a storm would fill the log.
pub(crate) const CRASHES_SHOWN_MAX: u32 = 5;

/// Crashes that are alike and leave a report in one span: a storm would do nothing but write.
pub(crate) const CRASHES_KEPT_MAX: u32 = 20;

/// Crashes of all kinds that are shown in one span.
pub(crate) const HOST_CRASHES_SHOWN_MAX: u32 = 20;

/// Crashes of all kinds that leave a report in one span.
pub(crate) const HOST_CRASHES_KEPT_MAX: u32 = 100;

/// Kinds of crashes that are told apart at once; each takes memory of the host.
pub(crate) const CRASH_KINDS_MAX: usize = 64;

/// Reports on their way to their files.
pub(crate) const CRASH_QUEUE_LEN_MAX: usize = 256;

/// Bytes of the dumps on their way; one that is larger goes alone.
pub(crate) const CRASH_QUEUE_BYTES_MAX: usize = 128 << 20;

/// How often it is said that reports cannot be written.
pub(crate) const CRASH_ERROR_INTERVAL: Duration = Duration::from_secs(10);

/// Reports that a folder keeps unless its owner says how many.
pub(crate) const CRASH_KEEP: usize = 100;

/// Dumps of instances in one span: each keeps a worker while a memory is copied.
pub(crate) const COREDUMPS_MAX: u32 = 4;

/// Bytes of a memory that is dumped.
pub(crate) const COREDUMP_BYTES_MAX: usize = 256 << 20;

/// How long a host that stops waits for its last crash reports to be written.
pub(crate) const CRASH_PATIENCE: Duration = Duration::from_secs(2);

/// Bytes that a compiler's process may write: what the largest module becomes, several times over.
pub(crate) const APART_ARTIFACT_BYTES_MAX: u64 = 1 << 30;

/// Bytes that are read of what such a process says when it fails.
pub(crate) const APART_MESSAGE_BYTES_MAX: u64 = 16 << 10;

/// Memory that such a process has before it compiles anything: its stacks, and what its allocator keeps for each thread.
pub(crate) const APART_OVERHEAD_BYTES: u64 = 128 << 20;

/// Descriptors that such a process may have.
pub(crate) const APART_DESCRIPTORS_MAX: u64 = 64;

/// What an actor, or the whole host, may use. Every field has a documented default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Linear memory of one actor in bytes; 64 MiB.
    ///
    /// It bounds the longest slice too: one `memory.fill` or `memory.copy` is a single step, which nothing
    /// interrupts, and takes about 5 ms for 64 MiB and 100 to 200 ms for 1 GiB.
    pub memory_max: u64,
    /// Elements of one table of one actor; 100,000.
    pub table_elements_max: u64,
    /// Bytes of one message, one argument or one reply; 16 MiB.
    pub message_bytes_max: u32,
    /// Bytes of the detail of an exit reason; 64 KiB.
    pub reason_bytes_max: u32,
    /// Messages in one mailbox; 65,536.
    pub mailbox_len_max: u32,
    /// Bytes in one mailbox; 16 MiB.
    pub mailbox_bytes_max: u64,
    /// Open references (requests, monitors, room notices, selects) of one actor; 65,536.
    pub references_max: u32,
    /// Timers of one actor; 1,048,576.
    pub timers_max: u32,
    /// Links that one actor makes; 65,536.
    pub links_max: u32,
    /// Names of one actor; 64.
    pub names_max: u32,
    /// Groups that one actor is in; 64.
    pub groups_max: u32,
    /// Members of one group; 131,072.
    pub group_members_max: u32,
    /// Handles of one actor; 131,072.
    pub handles_max: u32,
    /// Values that one channel may be made to hold; 1,048,576.
    pub channel_len_max: u32,
    /// Bytes of the values that one channel holds; 16 MiB.
    pub channel_bytes_max: u64,
    /// Who wait on one channel, to send, to receive, or for its end; 131,072.
    pub channel_waiters_max: u32,
    /// Sockets of all actors together; 65,536.
    pub host_sockets_max: u64,
    /// Actors of the host; 1,048,576.
    pub actors_max: u64,
    /// Linear memory of all actors together in bytes; 64 GiB.
    pub host_memory_max: u64,
    /// Timers of all actors together; 4,194,304.
    pub host_timers_max: u64,
    /// Bytes of all messages of more than 256 bytes, wherever they wait, and of the room in channels; 4 GiB.
    pub host_message_bytes_max: u64,
    /// Names of all actors together; 1,048,576.
    pub host_names_max: u64,
    /// Memberships of all actors in all groups together; 1,048,576.
    pub host_memberships_max: u64,
    /// Channels of all actors together; 1,048,576.
    pub host_channels_max: u64,
    /// How long an actor may run without waiting; none for a process, 60 s for a handler.
    pub run_time_max: Option<Duration>,
    /// The same for a handler's one message; 50 ms while nearly all threads are taken on which handlers are suspended.
    pub handler_time_max: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_max: 64 << 20,
            table_elements_max: 100_000,
            message_bytes_max: 16 << 20,
            reason_bytes_max: 64 << 10,
            mailbox_len_max: 65_536,
            mailbox_bytes_max: 16 << 20,
            references_max: 65_536,
            timers_max: 1 << 20,
            links_max: 65_536,
            names_max: 64,
            groups_max: 64,
            group_members_max: 1 << 17,
            handles_max: 1 << 17,
            channel_len_max: 1 << 20,
            channel_bytes_max: 16 << 20,
            channel_waiters_max: 1 << 17,
            host_sockets_max: 65_536,
            actors_max: 1 << 20,
            host_memory_max: 64 << 30,
            host_timers_max: 4 << 20,
            host_message_bytes_max: 4 << 30,
            host_names_max: 1 << 20,
            host_memberships_max: 1 << 20,
            host_channels_max: 1 << 20,
            run_time_max: None,
            handler_time_max: Some(Duration::from_secs(60)),
        }
    }
}

const _: () = assert!(LOOKUPS_OF_ACTOR_MAX < LOOKUPS_MAX, "no actor has them all");
const _: () =
    assert!(LOOKUPS_OF_ACTOR_MAX < LOOKUPS_QUEUED_MAX, "those that are looked up have been asked for");
const _: () = assert!(ANCESTORS_MAX > 2, "a parent and those before it");
const _: () = assert!(CRASHES_SHOWN_MAX <= CRASHES_KEPT_MAX, "what is shown is kept");
const _: () = assert!(HOST_CRASHES_SHOWN_MAX <= HOST_CRASHES_KEPT_MAX, "what is shown is kept");
const _: () = assert!(SMALL_WASM_STACK + HOST_STACK <= 256 * 1024, "a small stack slot is 256 KiB");
const _: () = assert!(LARGE_WASM_STACK + HOST_STACK <= 2 * 1024 * 1024, "a large one is 2 MiB");
