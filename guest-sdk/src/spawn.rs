//! Spawning: new actors, each with a memory of its own.

mod recipe;

use std::any::type_name;
use std::marker::PhantomData;
use std::time::Duration;

use flower_abi::{Exports, SendOptions, SpawnOptions};

use crate::budget::Budget;
use crate::buffer::Buffer;
use crate::clock::{Instant, period};
use crate::entry;
use crate::function::Function;
use crate::handler::Exported;
use crate::host::{address, length};
use crate::join::JoinHandle;
use crate::message::{EncodeError, outgoing};
use crate::policy::Grants;
use crate::reference::MonitorRef;
use crate::{Message, Pid, SpawnError, host};

pub(crate) use recipe::{Args, Recipe};

/// Starts an actor that runs `f(args)`. It runs later, never inline.
///
/// The actor is a new instance of the same program: nothing of the spawner's memory is there, and
/// so `f` is a function or a closure that captures nothing, and `args` are sent as a message: `()`,
/// its argument, or a tuple of several ([`Function`]). What it returns is its exit value.
///
/// ```no_run
/// # fn worker(name: String, times: u32) {}
/// let worker = flower::spawn(worker, ("ada".to_owned(), 3));
/// let other = flower::spawn(|n: u32| println!("{n}"), 5);
/// ```
///
/// A capture is a compile error, also one by value:
///
/// ```compile_fail
/// let n = 5;
/// flower::spawn(move || println!("{n}"), ());
/// ```
///
/// # Panics
/// When the host refuses, as [`std::thread::spawn`] does; [`Spawn::spawn`] gives an error instead.
#[track_caller]
pub fn spawn<F: Function<A, S>, A: Message, S>(f: F, args: A) -> Pid {
    started(Spawn::new(f, args).spawn())
}

/// As [`spawn`], linked with the spawner before it runs: the end of one is an exit signal to the
/// other.
///
/// # Panics
/// As [`spawn`].
#[track_caller]
pub fn spawn_link<F: Function<A, S>, A: Message, S>(f: F, args: A) -> Pid {
    started(Spawn::new(f, args).link().spawn())
}

/// As [`spawn`], monitored before it runs: its end comes as a [`Down`](crate::Down).
///
/// # Panics
/// As [`spawn`].
#[track_caller]
pub fn spawn_monitor<F: Function<A, S>, A: Message, S>(f: F, args: A) -> (Pid, MonitorRef) {
    started(Spawn::new(f, args).spawn_monitor())
}

/// As [`spawn`], but the actor starts to run after `delay`. Messages sent before wait for it.
///
/// # Panics
/// As [`spawn`].
#[track_caller]
pub fn spawn_after<F: Function<A, S>, A: Message, S>(delay: Duration, f: F, args: A) -> Pid {
    started(Spawn::new(f, args).after(delay).spawn())
}

/// As [`spawn`], with a handle to wait for what `f` returns.
///
/// ```no_run
/// let four = flower::spawn_join(|a: u32, b: u32| a + b, (2, 2));
/// assert_eq!(four.join(), Ok(4));
/// ```
///
/// # Panics
/// As [`spawn`].
#[track_caller]
pub fn spawn_join<F: Function<A, S>, A: Message, S>(f: F, args: A) -> JoinHandle<F::Output> {
    started(Spawn::new(f, args).spawn_join())
}

/// Starts an actor in the handler style. See [`Handler`](crate::Handler).
///
/// # Panics
/// As [`spawn`].
#[track_caller]
pub fn spawn_handler<H: Exported>(args: H::Args) -> Pid {
    started(Spawn::handler::<H>(args).spawn())
}

#[track_caller]
pub(crate) fn started<T>(result: Result<T, SpawnError>) -> T {
    match result {
        Ok(started) => started,
        Err(error) => panic!("cannot spawn: {error}"),
    }
}

/// Which stack an actor of the process style runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stack {
    /// For most code.
    Small = 1,
    /// For deep recursion.
    Large = 2,
}

/// An actor to be started, with all that can be chosen about it.
///
/// ```no_run
/// use flower::Spawn;
///
/// let storage = Spawn::new(|| flower::receive::<u32>().unwrap(), ())
///     .name("storage")
///     .memory_max(4 << 20)
///     .link()
///     .spawn()?;
/// # Ok::<(), flower::SpawnError>(())
/// ```
///
/// `R` is what it will return.
#[must_use = "nothing is started before one of the `spawn` methods is called"]
pub struct Spawn<'a, R> {
    args: Result<Buffer, EncodeError>,
    options: SpawnOptions,
    module: &'a str,
    entry: &'a str,
    name: &'a str,
    label: &'a str,
    budget: Option<Budget>,
    pub(crate) grants: Grants,
    result: PhantomData<fn() -> R>,
}

impl<'a, R: Message> Spawn<'a, R> {
    /// Runs `f(args)` in the process style. See [`spawn`].
    pub fn new<F: Function<A, S, Output = R>, A: Message, S>(f: F, args: A) -> Spawn<'a, R> {
        let mut spawn = Spawn::with(&args, Exports::ENTRY);
        spawn.options.flags = SpawnOptions::INDEXED;
        spawn.options.index = entry::index_of::<F, A, S>(f);
        spawn.label = type_name::<F>();
        spawn
    }

    fn with<A: Message>(args: &A, entry: &'a str) -> Spawn<'a, R> {
        let (args, sent) = match outgoing(args) {
            Ok((body, sent)) => (Ok(body), sent),
            Err(error) => (Err(error), SendOptions::RAW),
        };
        let options = SpawnOptions {
            codec: sent.codec,
            fingerprint: sent.fingerprint,
            handles: sent.handles,
            handle_count: sent.handle_count,
            ..SpawnOptions::DEFAULT
        };
        Spawn {
            args,
            options,
            module: "",
            entry,
            name: "",
            label: "",
            budget: None,
            grants: Grants::default(),
            result: PhantomData,
        }
    }

    /// Takes the entry from another module, by the name that it was given to the host under.
    pub fn module(mut self, module: &'a str) -> Self {
        self.module = module;
        self
    }

    /// Registers this name before the actor runs.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// What logs call the actor: by default the path of its function, or its entry's name.
    pub fn label(mut self, label: &'a str) -> Self {
        self.label = label;
        self
    }

    /// Links it with the spawner before it runs.
    pub fn link(mut self) -> Self {
        self.options.flags |= SpawnOptions::LINK;
        self
    }

    /// Lets it start to run after `delay`. Messages sent before wait for it.
    pub fn after(mut self, delay: Duration) -> Self {
        self.options.start_at = (Instant::now() + delay).0;
        self
    }

    /// To how many bytes its memory may grow.
    pub fn memory_max(mut self, bytes: u64) -> Self {
        self.options.memory_max = bytes;
        self
    }

    /// How many messages its mailbox may hold.
    pub fn mailbox_len_max(mut self, messages: u32) -> Self {
        self.options.mailbox_len_max = messages;
        self
    }

    /// How many bytes its mailbox may hold.
    pub fn mailbox_bytes_max(mut self, bytes: u64) -> Self {
        self.options.mailbox_bytes_max = bytes;
        self
    }

    /// How long it may run without waiting.
    pub fn run_time_max(mut self, duration: Duration) -> Self {
        self.options.run_time_max = period(duration);
        self
    }

    /// Which stack it runs on.
    pub fn stack(mut self, stack: Stack) -> Self {
        self.options.stack_class = stack as u32;
        self
    }

    /// What it and all its descendants may use together.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Holds back what a handler sends until it returns; if it traps, nothing was sent.
    pub fn hold_effects(mut self) -> Self {
        self.options.flags |= SpawnOptions::HOLD_EFFECTS;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// Why it was not started.
    pub fn spawn(self) -> Result<Pid, SpawnError> {
        self.start(0).map(|(pid, _)| pid)
    }

    /// Starts it, monitored before it runs.
    ///
    /// # Errors
    /// Why it was not started.
    pub fn spawn_monitor(self) -> Result<(Pid, MonitorRef), SpawnError> {
        self.start(SpawnOptions::MONITOR).map(|(pid, monitor)| (pid, MonitorRef(monitor)))
    }

    /// Starts it, with a handle to wait for what it returns.
    ///
    /// # Errors
    /// Why it was not started.
    pub fn spawn_join(self) -> Result<JoinHandle<R>, SpawnError> {
        let (pid, held) = self.start(SpawnOptions::MONITOR | SpawnOptions::HELD)?;
        Ok(JoinHandle::new(pid, held))
    }

    fn start(self, flags: u32) -> Result<(Pid, u64), SpawnError> {
        let args = self.args?;
        #[cfg(not(target_family = "wasm"))]
        {
            let options = SpawnOptions { flags: self.options.flags | flags, ..self.options };
            let record = crate::testing::SpawnRecord {
                module: self.module,
                entry: self.entry,
                name: self.name,
                label: self.label,
            };
            if let Some(spawned) = crate::testing::recorded(|world| world.spawn(&options, &record, &args)) {
                return Ok(spawned);
            }
        }
        // No text is no address either.
        let text =
            |text: &str| if text.is_empty() { (0, 0) } else { (address(text), length(text.as_bytes())) };
        let (module, module_len) = text(self.module);
        let (entry, entry_len) = text(self.entry);
        let (name, name_len) = text(self.name);
        let (label, label_len) = text(self.label);
        let flags = self.options.flags | flags;
        let rights = self.grants.options();
        let options = SpawnOptions {
            flags,
            module,
            module_len,
            entry,
            entry_len,
            name,
            name_len,
            label,
            label_len,
            budget: self.budget.as_ref().map_or(0, |budget| address(&budget.0)),
            rights: rights.as_ref().map_or(0, address),
            ..self.options
        };
        let (pid, reference) = host::spawn(&options, &args)?;
        Ok((Pid(pid), reference))
    }
}

impl<'a> Spawn<'a, ()> {
    /// Enters by an export, whose signature says the style. See [`entry`](crate::entry) and
    /// [`handler!`](crate::handler!); `_start` runs the program's `main`.
    ///
    /// ```no_run
    /// # use flower::Spawn;
    /// let double = Spawn::entry("double", 21_u32).module("arithmetic").returning::<u32>().spawn_join()?;
    /// assert_eq!(double.join(), Ok(42));
    /// # Ok::<(), flower::SpawnError>(())
    /// ```
    pub fn entry<A: Message>(entry: &'a str, args: A) -> Spawn<'a, ()> {
        Spawn::with(&args, entry)
    }

    /// Says what it will return, for [`spawn_join`](Spawn::spawn_join).
    pub fn returning<R: Message>(self) -> Spawn<'a, R> {
        let Spawn { args, options, module, entry, name, label, budget, grants, result: _ } = self;
        Spawn { args, options, module, entry, name, label, budget, grants, result: PhantomData }
    }

    /// Runs a [`Handler`](crate::Handler) of this program.
    pub fn handler<H: Exported>(args: H::Args) -> Spawn<'a, ()> {
        Spawn::entry(H::ENTRY, args)
    }
}
