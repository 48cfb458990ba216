//! Modules in WebAssembly text, and hosts to run them: tests of the host need no other toolchain.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flower_host::{Actor, Codec, ExitReason, Host, HostBuilder, Mailbox, Module, Null, Source, Spawn};

use crate::support::{Watchdog, host_builder};

/// A parameter's or result's type, as the table writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    /// `u32` or `i32`.
    I32,
    /// `u64` or `i64`.
    I64,
}

/// A row of the table of host calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [(&'static str, Type)],
    pub(crate) result: Type,
    /// Whether a handler may make it.
    pub(crate) in_handler: bool,
    /// Whether it waits by its nature.
    pub(crate) parks: bool,
}

/// The types of the table as constants, by their own names.
trait Lowered {
    const TYPE: Type;
}

macro_rules! lowered {
    ($($ty:ty => $type:ident),*) => { $(impl Lowered for $ty { const TYPE: Type = Type::$type; })* };
}
lowered!(u32 => I32, i32 => I32, u64 => I64, i64 => I64);

macro_rules! calls {
    ($( $(#[$doc:meta])* $waits:ident fn $name:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty
        { since: $since:literal, handler: $handler:ident, right: $right:literal, outcome: $outcome:ident } )*) => {
        /// Every host call.
        pub(crate) const CALLS: &[Call] = &[$( Call {
            name: stringify!($name),
            params: &[$( (stringify!($arg), <$ty as Lowered>::TYPE) ),*],
            result: <$ret as Lowered>::TYPE,
            in_handler: matches!(stringify!($handler).as_bytes(), b"yes"),
            parks: matches!(stringify!($waits).as_bytes(), b"parks"),
        } ),*];
    };
}
flower_abi::for_each_host_call!(calls);

impl Type {
    /// Its name in the text format.
    pub(crate) fn wat(self) -> &'static str {
        match self {
            Type::I32 => "i32",
            Type::I64 => "i64",
        }
    }
}

impl Call {
    fn import(&self) -> String {
        let params: Vec<&str> = self.params.iter().map(|(_, ty)| ty.wat()).collect();
        let (name, params, result) = (self.name, params.join(" "), self.result.wat());
        format!("(import \"flower\" \"{name}\" (func ${name} (param {params}) (result {result})))\n")
    }
}

/// A module that imports every host call as `$name` and has one page of memory.
pub(crate) fn module(body: &str) -> String {
    with_imports(&format!("(memory (export \"memory\") 1)\n{body}"))
}

/// The same, with a memory of its own.
pub(crate) fn with_imports(body: &str) -> String {
    let imports: String = CALLS.iter().map(Call::import).collect();
    format!("(module\n{imports}{body})")
}

/// A module that imports these host calls only.
pub(crate) fn with_some_imports(names: &[&str], body: &str) -> String {
    let wanted = CALLS.iter().filter(|call| names.contains(&call.name));
    let imports: String = wanted.map(Call::import).collect();
    format!("(module\n{imports}{body})")
}

/// Loads a module under a name of its own.
pub(crate) fn load(host: &Host, wat: &str) -> Module {
    static LOADED: AtomicU64 = AtomicU64::new(0);
    let name = format!("module-{}", LOADED.fetch_add(1, Ordering::Relaxed));
    let source = Source::from_wat(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    host.load(&name, &source).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

/// Spawns an entry of a module.
pub(crate) fn spawn(host: &Host, module: &Module, entry: &str) -> Actor {
    host.spawn(Spawn::entry(module, entry)).expect("the entry is there")
}

/// Runs the `run` of a module, and returns how it ended.
pub(crate) async fn end_of(host: &Host, wat: &str) -> Arc<ExitReason> {
    spawn(host, &load(host, wat), "run").join().await
}

/// A host on threads whose actors print nowhere.
pub(crate) fn threads() -> HostBuilder {
    host_builder().workers(2).output(Arc::new(Null))
}

/// A host in deterministic mode whose actors print nowhere.
pub(crate) fn deterministic(seed: u64) -> HostBuilder {
    host_builder().deterministic(true).seed(seed).output(Arc::new(Null))
}

/// How long a thread of the tests' runtime waits for more work.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// Runs a test in a tokio program of its own, with a watchdog.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let _watchdog = Watchdog::start();
    // What blocked a while is gone before anybody looks for what is left.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().thread_keep_alive(KEEP_ALIVE).build();
    runtime.expect("the machine gives a runtime").block_on(test)
}

/// An actor that sends back what it is sent, for ever: whoever sees it answer knows that the host lives.
pub(crate) const ECHO: &str = r#"
    (func (export "run")
        (loop $next
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 1024)
                (i32.const 0) (i64.const -1)))
            (drop (call $send (i32.const 32) (i32.const 256) (i32.load (i32.const 8)) (i32.const 0)))
            (br $next)))"#;

/// Fails unless an actor of this host still answers.
pub(crate) async fn assert_alive(host: &Host) {
    let echo = spawn(host, &load(host, &module(ECHO)), "run");
    let mut mailbox: Mailbox = host.mailbox().expect("there is room for a mailbox");
    mailbox.send(echo.pid(), Codec::RAW, b"still there?").expect("it is alive");
    assert_eq!(mailbox.receive().await.body, b"still there?");
    host.kill(echo.pid()).expect("the pid has all rights");
    assert_eq!(*echo.join().await, ExitReason::Killed);
}

/// Numbers that follow from a seed: splitmix64, by Sebastiano Vigna.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of several.
    pub(crate) fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[(self.next() % from.len() as u64) as usize]
    }
}
