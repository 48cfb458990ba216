//! Spawning: an actor gets its place, its name and its links before it runs for the first time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flower_abi::{Exports, Kind, Rights, Status};

use crate::actor::{Elders, Meta, Owned, Wait};
use crate::budget::{Budget, Charge, Ledger};
use crate::guarded;
use crate::instance::{ActorConfig, Body, MemoryEngine, Plan, StackClass};
use crate::limits::TICK;
use crate::loaded::Loaded;
use crate::module::{EntrySignature, Style};
use crate::name::Registered;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::policy::Granted;
use crate::shared::Shared;
use crate::signal::Envelope;

/// What may differ from actor to actor; what is `None` follows the host's limits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) memory_max: Option<u64>,
    pub(crate) mailbox_len_max: Option<u32>,
    pub(crate) mailbox_bytes_max: Option<u64>,
    pub(crate) stack: Option<StackClass>,
    pub(crate) run_time_max_ns: Option<u64>,
    pub(crate) hold_effects: bool,
    /// What it and its descendants may use together.
    pub(crate) budget: Option<Budget>,
}

/// A wish for a new actor.
pub(crate) struct Request {
    pub(crate) module: Arc<Loaded>,
    pub(crate) entry: Box<str>,
    pub(crate) index: Option<u32>,
    pub(crate) parent: ActorId,
    pub(crate) elders: Elders,
    pub(crate) label: Option<Arc<str>>,
    pub(crate) name: Option<Box<str>>,
    /// Deadline before which it does not run; 0 for at once.
    pub(crate) start_at: u64,
    pub(crate) args: Box<Envelope>,
    pub(crate) options: Options,
    pub(crate) granted: Arc<Granted>,
    /// What it and its descendants are charged to.
    pub(crate) ledger: Arc<Ledger>,
}

/// An actor that has its place and does not run yet.
pub(crate) struct Prepared {
    pub(crate) id: ActorId,
}

impl Request {
    /// A wish with every default.
    pub(crate) fn new(
        module: Arc<Loaded>,
        entry: Box<str>,
        parent: ActorId,
        granted: Arc<Granted>,
        ledger: Arc<Ledger>,
    ) -> Request {
        Request {
            module,
            entry,
            index: None,
            parent,
            elders: [ActorId::HOST; _],
            label: None,
            name: None,
            start_at: 0,
            args: Envelope::system(Kind::Start, parent, 0),
            options: Options::default(),
            granted,
            ledger,
        }
    }

    /// The signature of its entry, if there is such an entry and it suits the index.
    fn signature(&self) -> Result<EntrySignature, Status> {
        let entry = self.module.module.entry(&self.entry).ok_or(Status::NO_ENTRY)?;
        let wants_index = entry.signature() == EntrySignature::Indexed;
        if wants_index != self.index.is_some() {
            return Err(Status::NO_ENTRY);
        }
        Ok(entry.signature())
    }
}

impl Shared {
    /// Gives a new actor its place and its name. It runs after [`Shared::launch`].
    pub(crate) fn prepare(&self, request: Request) -> Result<Prepared, Status> {
        if self.is_closing() {
            return Err(Status::SHUTTING_DOWN);
        }
        let signature = request.signature()?;
        let charge = self.charge(&request).ok_or(Status::LIMIT)?;
        let id = self.table.allocate();
        // The name first: once its queue is open, others may see the actor and send to it.
        if let Some(name) = &request.name
            && let Err(status) = self.claim(name, id, Rights::ALL)
        {
            self.table.release(id.slot);
            return Err(status);
        }
        let options = request.options.clone();
        self.occupy(id, request, signature, charge, &options);
        self.counters.add(Count::Spawned);
        Ok(Prepared { id })
    }

    /// What an actor of this module takes, if there is as much.
    fn charge(&self, request: &Request) -> Option<Charge> {
        let ledger = match &request.options.budget {
            Some(budget) => request.ledger.part(budget, &self.scheduler.shares),
            None => request.ledger.clone(),
        };
        let mut charge = Charge::for_actor(ledger)?;
        if request.module.options.memory_engine == MemoryEngine::Guarded {
            charge.keep(guarded::room()?);
        }
        Some(charge)
    }

    /// Lets a prepared actor run.
    pub(crate) fn launch(&self, prepared: Prepared) {
        self.table.cell(prepared.id.slot).gate.occupy();
        // One that starts later parks until then like any other, so that its end disarms the timer.
        self.wake(prepared.id.slot);
    }

    /// A place in the table for native code; its owner drains it itself.
    pub(crate) fn occupy_native(&self, native: Arc<tokio::sync::Notify>) -> Option<ActorId> {
        let charge = Charge::for_actor(self.ledger.clone())?;
        let id = self.table.allocate();
        let meta = Meta {
            id,
            label: Arc::from("native"),
            parent: ActorId::HOST,
            elders: [ActorId::HOST; _],
            module: None,
            style: Style::Process,
            born_ns: 0,
        };
        let cell = self.table.cell(id.slot);
        let owned = Owned::new(Arc::new(meta), charge);
        self.open_queue(&owned, &Options::default(), Some(native));
        cell.move_in(owned, None);
        cell.gate.occupy_native();
        self.counters.add(Count::Spawned);
        Some(id)
    }

    /// Registers a name, charged to the actor that gets it.
    pub(crate) fn register(&self, name: &str, id: ActorId, rights: Rights) -> Result<(), Status> {
        if !self.is_alive(id) {
            return Err(Status::NO_ACTOR);
        }
        self.claim(name, id, rights)?;
        // It may have ended in between, after its names were freed.
        if !self.is_alive(id) {
            self.names.remove_all(id);
            return Err(Status::NO_ACTOR);
        }
        Ok(())
    }

    fn claim(&self, name: &str, id: ActorId, rights: Rights) -> Result<(), Status> {
        let (limits, names) = (&self.limits, self.names.len());
        if names as u64 >= limits.host_names_max || self.names.count_of(id) >= limits.names_max {
            return Err(Status::LIMIT);
        }
        match self.names.register(name, id, rights) {
            Registered::Taken => Err(Status::NAME_TAKEN),
            Registered::Already | Registered::New => Ok(()),
        }
    }

    /// A number for a new link.
    pub(crate) fn next_link_id(&self) -> u64 {
        self.links.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn occupy(
        &self,
        id: ActorId,
        request: Request,
        signature: EntrySignature,
        charge: Charge,
        options: &Options,
    ) {
        let label = request.label.clone().unwrap_or_else(|| default_label(&request));
        let meta = Meta {
            id,
            label,
            parent: request.parent,
            elders: request.elders,
            module: Some(request.module.clone()),
            style: signature.style(),
            born_ns: self.now(),
        };
        let start_at = request.start_at;
        let plan = self.plan(id, request, signature, charge.ledger().counts_messages());
        let slices_max = plan.config.run_ticks_max;
        let mut owned = Owned::new(Arc::new(meta), charge);
        owned.slices_max = slices_max;
        if start_at != 0 {
            owned.wait = Wait::Until;
            owned.wait_deadline = start_at;
        }
        self.open_queue(&owned, options, None);
        self.table.cell(id.slot).move_in(owned, Some(Body::Fresh(Some(Box::new(plan)))));
    }

    fn open_queue(&self, owned: &Owned, options: &Options, native: Option<Arc<tokio::sync::Notify>>) {
        let cell = self.table.cell(owned.id().slot);
        cell.handled.store(0, Ordering::Relaxed);
        let mut queue = cell.gate.lock();
        queue.len_max = options.mailbox_len_max.unwrap_or(self.limits.mailbox_len_max);
        queue.bytes_max = options.mailbox_bytes_max.unwrap_or(self.limits.mailbox_bytes_max);
        queue.meta = Some(owned.meta.clone());
        queue.native = native;
        queue.serial = owned.id().serial;
    }

    fn plan(
        &self,
        id: ActorId,
        mut request: Request,
        signature: EntrySignature,
        counts_messages: bool,
    ) -> Plan {
        request.args.commit_handles();
        let config = ActorConfig { counts_messages, ..self.config(&request.options, signature.style()) };
        Plan {
            id,
            module: request.module,
            entry: request.entry,
            signature,
            index: request.index.unwrap_or(0),
            args: Some(request.args),
            config,
            granted: request.granted,
        }
    }

    /// The limits of one actor: what it asks for, as far as the host allows.
    fn config(&self, options: &Options, style: Style) -> ActorConfig {
        let limits = &self.limits;
        let time_max = match style {
            Style::Process => limits.run_time_max,
            Style::Handler => limits.handler_time_max,
        };
        let asked = options.run_time_max_ns.map(Duration::from_nanos);
        let time = asked.map_or(time_max, |asked| Some(time_max.map_or(asked, |max| asked.min(max))));
        ActorConfig {
            memory_max: options.memory_max.unwrap_or(limits.memory_max).min(limits.memory_max),
            table_elements_max: limits.table_elements_max,
            stack: options.stack.unwrap_or_default(),
            run_ticks_max: time.map_or(u64::MAX, |time| time.as_nanos().div_ceil(TICK.as_nanos()) as u64),
            // Only a handler has a return to let them out at.
            hold_effects: options.hold_effects && style == Style::Handler,
            counts_messages: false,
        }
    }
}

/// The module, and the entry unless it is the one that every spawn of a function enters by.
fn default_label(request: &Request) -> Arc<str> {
    let (module, entry) = (request.module.module.name(), &*request.entry);
    if entry == Exports::ENTRY { Arc::from(module) } else { Arc::from(format!("{module}:{entry}")) }
}
