//! Engines and instances: what makes an entry of a module into a running actor.
//!
//! Every actor is one store and one instance with its own memory. A process runs as a future on a
//! fiber of its own; a handler is a synchronous call per message, or, in deterministic mode where
//! fuel preempts, a future that makes these calls. The two styles have a linker each, because
//! one async import would make every call of a store async.

mod config;
mod handler;
mod network;
mod options;
mod outside;
mod process;
mod state;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use flower_abi::exit::{LimitCode, TrapCode};
use flower_abi::spawn::Exports;
use wasmtime::{
    Extern, Instance, ModuleExport, Store, Trap, TypedFunc, WasmBacktrace, WasmParams, WasmResults,
};

use crate::crash::Remains;
use crate::exit::{ActorExit, ExitReason};
use crate::loaded::Loaded;
use crate::memory::Wanted;
use crate::module::{EntrySignature, Style};
use crate::pid::ActorId;
use crate::policy::Granted;
use crate::shared::Shared;
use crate::signal::Envelope;

pub(crate) use config::Engines;
pub use config::StackClass;
pub(crate) use handler::Handler;
pub use options::{MemoryEngine, ModuleOptions};
pub(crate) use state::{ActorState, parked_in_handler};

/// What of an actor runs.
pub(crate) enum Body {
    /// Nothing has run yet.
    Fresh(Option<Box<Plan>>),
    /// A process on its fiber, or a handler in deterministic mode.
    Process(Pin<Box<dyn Future<Output = Ended> + Send>>),
    /// A handler between two messages.
    Handler(Box<Handler>),
}

/// What a new actor is to be made of.
pub(crate) struct Plan {
    pub(crate) id: ActorId,
    pub(crate) module: Arc<Loaded>,
    pub(crate) entry: Box<str>,
    pub(crate) signature: EntrySignature,
    pub(crate) index: u32,
    /// The arguments, as a message of kind `Start`.
    pub(crate) args: Option<Box<Envelope>>,
    pub(crate) config: ActorConfig,
    pub(crate) granted: Arc<Granted>,
}

impl Plan {
    /// The arguments, which are taken once.
    fn take_args(&mut self) -> Box<Envelope> {
        self.args.take().expect("an instance is made once")
    }

    /// Whether it is called once per message.
    pub(crate) fn is_handler(&self) -> bool {
        self.signature.style() == Style::Handler
    }

    /// What the actor will do with its memory.
    fn wanted(&self) -> Wanted {
        let touched = self.module.module.touched_at_start();
        let image = self.module.module.image().cloned();
        Wanted { capacity: self.config.memory_max as usize, image, touched: (touched.start, touched.end) }
    }
}

/// The limits of one actor that its instance needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActorConfig {
    pub(crate) memory_max: u64,
    pub(crate) table_elements_max: u64,
    pub(crate) stack: StackClass,
    /// Ticks that it may run without waiting; `u64::MAX` for no limit.
    pub(crate) run_ticks_max: u64,
    pub(crate) hold_effects: bool,
    /// Whether small messages are charged too.
    pub(crate) counts_messages: bool,
}

/// How a body ended.
pub(crate) struct Ended {
    pub(crate) reason: Arc<ExitReason>,
    /// What it leaves for the report, when it has crashed.
    pub(crate) remains: Option<Box<Remains>>,
}

impl Ended {
    /// A return without a value.
    pub(crate) fn normal() -> Ended {
        Ended::told(Arc::new(ExitReason::NORMAL))
    }

    /// An end that others have decided, or that was wanted.
    pub(crate) fn told(reason: Arc<ExitReason>) -> Ended {
        Ended { reason, remains: None }
    }

    /// A crash without a trace.
    pub(crate) fn crash(reason: ExitReason) -> Ended {
        Ended { reason: Arc::new(reason), remains: Some(Box::default()) }
    }

    /// What an error that came out of wasm means.
    fn from_error(error: &wasmtime::Error, store: &mut Store<ActorState>) -> Ended {
        let reason = reason_of(error, store.data_mut());
        let remains = reason.is_crash().then(|| Remains::of(error, store));
        Ended { reason, remains }
    }
}

/// Makes an actor's instance; a process makes it at its first poll.
pub(crate) fn start(shared: &Arc<Shared>, plan: Plan) -> Result<Body, Ended> {
    match plan.signature {
        EntrySignature::Handler if !shared.deterministic => {
            Handler::start(shared, plan).map(|handler| Body::Handler(Box::new(handler)))
        }
        EntrySignature::Handler => Ok(Body::Process(Box::pin(handler::handle_all(shared.clone(), plan)))),
        _ => Ok(Body::Process(Box::pin(process::run(shared.clone(), plan)))),
    }
}

/// Finds the memory, and the function to call before any entry but `_start`, which does the same
/// itself.
fn found(
    store: &mut Store<ActorState>,
    instance: &Instance,
    plan: &Plan,
) -> wasmtime::Result<Option<TypedFunc<(), ()>>> {
    let module = plan.module.exports(plan.config.stack);
    let memory = instance.get_module_export(&mut *store, module.memory());
    store.data_mut().memory = memory.and_then(Extern::into_memory);
    let initialize = module.initialize().or(module.flower_initialize());
    match initialize.filter(|_| &*plan.entry != Exports::START) {
        Some(export) => function(store, instance, export).map(Some),
        None => Ok(None),
    }
}

/// The function that an actor is entered by.
fn entry<P: WasmParams, R: WasmResults>(
    store: &mut Store<ActorState>,
    instance: &Instance,
    plan: &Plan,
) -> wasmtime::Result<TypedFunc<P, R>> {
    let entry = plan.module.exports(plan.config.stack).entry(&plan.entry);
    function(store, instance, entry.expect("the spawn has looked for it").export())
}

/// An exported function, without a search by name.
fn function<P: WasmParams, R: WasmResults>(
    store: &mut Store<ActorState>,
    instance: &Instance,
    export: &ModuleExport,
) -> wasmtime::Result<TypedFunc<P, R>> {
    let export = instance.get_module_export(&mut *store, export).and_then(Extern::into_func);
    export.expect("the module was checked for it").typed(&*store)
}

fn reason_of(error: &wasmtime::Error, state: &mut ActorState) -> Arc<ExitReason> {
    if let Some(exit) = error.downcast_ref::<ActorExit>() {
        return exit.0.clone();
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return Arc::new(match (state.take_panic(), trap) {
            (Some((message, location)), Trap::UnreachableCodeReached) => {
                ExitReason::Panic { message, location }
            }
            // What a language's runtime does when the memory that it asked for was refused.
            (None, Trap::UnreachableCodeReached) if state.memory_refused => {
                let max = state.config.memory_max;
                ExitReason::limit(LimitCode::MEMORY, format!("no more memory: it may have {max} bytes"))
            }
            (_, trap) => reason_of_trap(*trap),
        });
    }
    if error.is::<wasmtime::ThrownException>() {
        return Arc::new(ExitReason::trap(
            TrapCode::UNCAUGHT_EXCEPTION,
            "an exception was thrown and not caught",
        ));
    }
    if let Some(bad) = error.downcast_ref::<crate::guest_memory::BadPointer>() {
        return Arc::new(ExitReason::trap(TrapCode::BAD_POINTER, bad.to_string()));
    }
    let code = if state.memory_refused { LimitCode::MEMORY } else { LimitCode::OTHER };
    // With a backtrace in front there are names of functions in the text, as long as the guest likes.
    let text =
        if error.is::<WasmBacktrace>() { error.root_cause().to_string() } else { format!("{error:#}") };
    Arc::new(ExitReason::limit(code, text))
}

fn reason_of_trap(trap: Trap) -> ExitReason {
    let code = match trap {
        // Exceptions are small: what is too small is the heap, which the limit of memory has kept from growing.
        Trap::AllocationTooLarge => {
            return ExitReason::limit(LimitCode::MEMORY, "no more memory for exceptions");
        }
        Trap::StackOverflow => return ExitReason::limit(LimitCode::STACK, "the call stack is exhausted"),
        Trap::UnreachableCodeReached => TrapCode::UNREACHABLE,
        Trap::MemoryOutOfBounds | Trap::HeapMisaligned => TrapCode::MEMORY_OUT_OF_BOUNDS,
        Trap::TableOutOfBounds => TrapCode::TABLE_OUT_OF_BOUNDS,
        Trap::IndirectCallToNull => TrapCode::INDIRECT_CALL,
        Trap::BadSignature => TrapCode::BAD_SIGNATURE,
        Trap::IntegerOverflow => TrapCode::INTEGER_OVERFLOW,
        Trap::IntegerDivisionByZero => TrapCode::DIVISION_BY_ZERO,
        Trap::BadConversionToInteger => TrapCode::BAD_CONVERSION,
        _ => TrapCode::OTHER,
    };
    let message = trap.to_string();
    ExitReason::trap(code, message.strip_prefix("wasm trap: ").unwrap_or(&message))
}
