//! WASI as a guest meets it: a real store, a real instance, and an actor that only keeps notes.
//!
//! The guest is made of one function per WASI function, which calls it with the test's arguments;
//! pointers are those that the test chose.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};
use tokio::runtime::{Builder, Handle, Runtime};
use wasmtime::{Config, Engine, Instance, Module, Store, Val, ValType};

use super::*;
use crate::budget::{Budget, Ledger, Resource};
use crate::limits::Limits;
use crate::output::Capture;
use crate::policy::{Granted, Policy};
use crate::scheduler::share::Shares;

mod clocks;
mod files;
mod imports;
mod poll;
mod process;
mod stdio;

/// Where the tests' guests put things.
const DATA: u32 = 4096;
const IOVECS: u32 = 1024;
const OUT: u32 = 512;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    // Stacks as small as the host's own.
    config.max_wasm_stack(128 << 10).async_stack_size(256 << 10);
    Engine::new(&config).expect("the configuration is valid")
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).build().expect("the machine has threads"));

/// Keeps notes of what WASI wanted.
struct Actor {
    wasi: Wasi,
    memory: Option<Memory>,
    now: u64,
    rng: ChaCha12Rng,
    parked_until: Vec<u64>,
    yields: u32,
    io: Arc<AtomicU32>,
    io_handle: Handle,
    inline: bool,
    budget: Arc<Ledger>,
}

/// Counts as long as it lives.
struct Io(Arc<AtomicU32>);

impl Drop for Io {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How a test's guest ends.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum End {
    #[error("exit({0})")]
    Exit(u32),
    #[error("{0} would park a handler")]
    Parked(&'static str),
}

impl WasiActor for Actor {
    type Io = Io;

    fn wasi(&mut self) -> &mut Wasi {
        &mut self.wasi
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }

    fn monotonic_ns(&self) -> u64 {
        self.now
    }

    fn realtime_ns(&self) -> u64 {
        1_000_000_000_000 + self.now
    }

    fn fill_random(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
    }

    async fn park_until(&mut self, deadline_ns: u64) -> Result<()> {
        self.parked_until.push(deadline_ns);
        tokio::task::yield_now().await;
        self.now = deadline_ns;
        Ok(())
    }

    async fn yield_now(&mut self) -> Result<()> {
        self.yields += 1;
        tokio::task::yield_now().await;
        Ok(())
    }

    fn exit(&mut self, code: u32) -> Error {
        End::Exit(code).into()
    }

    fn parked_in_handler(&self, function: &'static str) -> Error {
        End::Parked(function).into()
    }

    fn io_started(&mut self) -> Io {
        self.io.fetch_add(1, Ordering::SeqCst);
        Io(Arc::clone(&self.io))
    }

    fn io_handle(&self) -> Handle {
        self.io_handle.clone()
    }

    fn hold_descriptor(&mut self) -> Option<HeldDescriptor> {
        HeldDescriptor::take(&self.budget)
    }

    fn files_inline(&self) -> bool {
        self.inline
    }
}

/// An actor with an instance that calls every WASI function.
struct Guest {
    store: Store<Actor>,
    instance: Instance,
    handler: bool,
}

impl Guest {
    fn process(config: &Arc<Granted>) -> Guest {
        Guest::new(config, false)
    }

    fn handler(config: &Arc<Granted>) -> Guest {
        Guest::new(config, true)
    }

    fn new(config: &Arc<Granted>, handler: bool) -> Guest {
        let linker = linker(handler);
        let mut store = Store::new(&ENGINE, actor(config));
        let text = wrappers(&linker, &mut store);
        let module = Module::new(&ENGINE, text).expect("the wrappers are valid");
        let instance = match handler {
            true => linker.instantiate(&mut store, &module),
            false => RUNTIME.block_on(linker.instantiate_async(&mut store, &module)),
        };
        let instance = instance.expect("every import is there");
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        Guest { store, instance, handler }
    }

    /// Calls a function; its error number, or what ended the guest.
    fn call(&mut self, name: &str, args: &[u64]) -> Result<u32> {
        if !self.handler {
            return RUNTIME.block_on(self.start(name, args));
        }
        let (function, args) = self.prepare(name, args);
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, &args, &mut results[..function_results(name)])?;
        Ok(results[0].unwrap_i32() as u32)
    }

    /// Begins a call that may park.
    fn start<'a>(
        &'a mut self,
        name: &'a str,
        args: &[u64],
    ) -> Pin<Box<dyn Future<Output = Result<u32>> + 'a>> {
        let (function, args) = self.prepare(name, args);
        Box::pin(async move {
            let mut results = [Val::I32(0)];
            let wanted = &mut results[..function_results(name)];
            function.call_async(&mut self.store, &args, wanted).await?;
            Ok(results[0].unwrap_i32() as u32)
        })
    }

    fn prepare(&mut self, name: &str, args: &[u64]) -> (wasmtime::Func, Vec<Val>) {
        let function = self.instance.get_func(&mut self.store, name).expect("it is exported");
        let types = function.ty(&self.store);
        assert_eq!(types.params().len(), args.len(), "{name}");
        let args = types.params().zip(args).map(|(ty, arg)| match ty {
            ValType::I32 => Val::I32(*arg as i32),
            _ => Val::I64(*arg as i64),
        });
        (function, args.collect())
    }

    /// Calls a function that must succeed.
    fn ok(&mut self, name: &str, args: &[u64]) {
        let code = self.call(name, args).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(code, 0, "{name}{args:?} fails with {:?}", Errno::try_from(code as i32));
    }

    /// Calls a function that must fail with this error number.
    fn fails(&mut self, errno: Errno, name: &str, args: &[u64]) {
        let code = self.call(name, args).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(Errno::try_from(code as i32).expect("a known number"), errno, "{name}{args:?}");
    }

    /// Calls a function that must end the guest.
    fn ends(&mut self, name: &str, args: &[u64]) -> Error {
        self.call(name, args).expect_err("the guest ends")
    }

    fn set(&mut self, at: u32, bytes: &[u8]) {
        let memory = self.store.data().memory.expect("it is cached");
        memory.write(&mut self.store, at as usize, bytes).expect("the test's pointers are good");
    }

    fn get(&self, at: u32, len: u32) -> Vec<u8> {
        let memory = self.store.data().memory.expect("it is cached");
        memory.data(&self.store)[at as usize..][..len as usize].to_vec()
    }

    fn get_u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.get(at, 4).try_into().expect("four bytes"))
    }

    fn get_u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.get(at, 8).try_into().expect("eight bytes"))
    }

    /// Lists buffers at [`IOVECS`].
    fn set_iovecs(&mut self, buffers: &[(u32, u32)]) {
        let bytes = buffers.iter().flat_map(|(pointer, len)| [*pointer, *len]);
        let bytes: Vec<u8> = bytes.flat_map(u32::to_le_bytes).collect();
        self.set(IOVECS, &bytes);
    }

    /// Writes all of `bytes` with one call; returns how many were taken.
    fn write(&mut self, fd: u64, bytes: &[u8]) -> u32 {
        self.set(DATA, bytes);
        self.set_iovecs(&[(DATA, bytes.len() as u32)]);
        self.ok("fd_write", &[fd, IOVECS.into(), 1, OUT.into()]);
        self.get_u32(OUT)
    }

    fn io(&self) -> u32 {
        self.store.data().io.load(Ordering::SeqCst)
    }
}

fn function_results(name: &str) -> usize {
    usize::from(name != "proc_exit")
}

fn actor(config: &Arc<Granted>) -> Actor {
    Actor {
        wasi: Wasi::new(Arc::clone(config)),
        memory: None,
        now: 1000,
        rng: ChaCha12Rng::seed_from_u64(7),
        parked_until: Vec::new(),
        yields: 0,
        io: Arc::default(),
        io_handle: RUNTIME.handle().clone(),
        inline: false,
        budget: Ledger::of_host(&Limits::default()),
    }
}

fn linker(handler: bool) -> Linker<Actor> {
    let mut linker = Linker::new(&ENGINE);
    let added = match handler {
        true => add_to_handler_linker(&mut linker),
        false => add_to_process_linker(&mut linker),
    };
    added.expect("no name is there twice");
    linker
}

/// A module with 16 MiB of memory that imports everything, and exports it again.
fn wrappers(linker: &Linker<Actor>, store: &mut Store<Actor>) -> String {
    let functions: Vec<_> = linker.iter(&mut *store).collect();
    let mut imports = String::new();
    let mut exports = String::new();
    for (module, name, function) in functions {
        let ty = function.into_func().expect("they are functions").ty(&*store);
        let params: Vec<_> = ty.params().map(|ty| ty.to_string()).collect();
        let result = ty.results().map(|ty| format!("(result {ty})")).collect::<String>();
        let args: String = (0..params.len()).map(|n| format!("local.get {n} ")).collect();
        let signature = format!("(param {}) {result}", params.join(" "));
        imports += &format!("(import {module:?} {name:?} (func ${name} {signature}))\n");
        exports += &format!("(func (export {name:?}) {signature} {args} call ${name})\n");
    }
    format!("(module {imports} (memory (export \"memory\") 256) {exports})")
}

/// Nothing granted, and what is printed is kept.
fn captured() -> (Arc<Granted>, Arc<Capture>) {
    let capture = Arc::new(Capture::new(64 << 20));
    let output = Arc::clone(&capture) as Arc<dyn OutputSink>;
    (Arc::new(Granted::new(Policy::default(), output)), capture)
}

/// A directory of the test's own, gone when the test ends.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> TempDir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("flower-wasi-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("the machine has room for files");
        TempDir(path)
    }

    /// Grants it as `/`.
    fn config(&self, access: Access) -> Arc<Granted> {
        let dir = Dir { host: self.0.clone(), guest: "/".to_owned(), access };
        let dirs = Dirs::new([dir]).expect("it exists");
        Arc::new(Granted::for_test(Policy::default().dirs(dirs)))
    }
}

impl AsRef<Path> for TempDir {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
