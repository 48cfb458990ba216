//! What stands in an actor's store: its place in the host, its limits and its own randomness.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use flower_abi::exit::{LimitCode, TrapCode};
use flower_abi::{Kind, Pid, Rights, Status};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tokio::sync::Semaphore;
use wasmtime::{Memory, ResourceLimiter, Store, StoreContextMut, UpdateDeadline};

use super::{ActorConfig, Plan};
use crate::actor::{Cell, Wait};
use crate::budget::{HeldBytes, Resource};
use crate::effects::Effects;
use crate::exit::{ActorExit, ExitReason};
use crate::limits::{FUEL_SLICE, HANDLER_SLICE_TICKS, UNCHARGED_BYTES_MAX};
use crate::loaded::Loaded;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::policy::{Policy, Refusal};
use crate::scheduler::{self, handoff};
use crate::shared::Shared;
use crate::signal::{Body, Envelope};
use crate::wasi::Wasi;

/// The data of an actor's store.
pub(crate) struct ActorState {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: ActorId,
    pub(crate) config: ActorConfig,
    /// The exported memory, once it is known.
    pub(crate) memory: Option<Memory>,
    /// The arguments of its spawn, as a message of kind `Start`.
    pub(crate) start: Option<Box<Envelope>>,
    /// The message taken last, for `message_read`.
    pub(crate) current: Option<Box<Envelope>>,
    /// Pids that need not be checked again: the one that was checked last, and the one that the last
    /// message came with.
    checked: [([u8; Pid::SIZE], ActorId); 2],
    /// The tag of its own pid as others see it; 0 until it is needed.
    peer_tag: u64,
    pub(crate) last_message_id: u64,
    /// What a handler has done and not yet let out.
    pub(crate) effects: Effects,
    pub(crate) wasi: Wasi,
    /// What there is to say of the last failure of a socket.
    pub(crate) net_error: Box<str>,
    /// How many names more it may have looked up now; there once it has asked for one.
    pub(crate) lookups: Option<Arc<Semaphore>>,
    /// What it was made of; its children are too unless they name another.
    pub(crate) module: Arc<Loaded>,
    /// A growth of its memory was refused, which many programs do not survive.
    pub(super) memory_refused: bool,
    panic: Option<Box<(String, String)>>,
    /// What was not granted last.
    refusal: Option<Box<Refusal>>,
    rng: Option<Box<ChaCha8Rng>>,
    /// Ticks that it has run without waiting.
    ticks: u64,
    /// The tick at which its slice began.
    slice: u64,
}

impl ActorState {
    /// Puts the state of a new actor into a store that is limited and preempted as it should be.
    pub(super) fn into_store(
        self,
        engine: &wasmtime::Engine,
        is_process: bool,
    ) -> wasmtime::Result<Store<ActorState>> {
        let deterministic = self.shared.deterministic;
        #[cfg(test)]
        let failing = super::tests::Failing::as_labelled(&self.cell().owned().meta.label);
        let store = Store::try_new(engine, self);
        #[cfg(test)]
        drop(failing);
        let mut store = store?;
        store.limiter(|state| state);
        if deterministic {
            store.set_fuel(u64::MAX)?;
            store.fuel_async_yield_interval(Some(FUEL_SLICE))?;
        } else if is_process {
            store.epoch_deadline_callback(preempt_process);
            store.set_epoch_deadline(1);
        } else {
            store.epoch_deadline_callback(preempt_handler);
            store.set_epoch_deadline(HANDLER_SLICE_TICKS);
        }
        Ok(store)
    }

    /// The state of a new actor.
    pub(super) fn new(shared: &Arc<Shared>, plan: &mut Plan) -> ActorState {
        ActorState {
            shared: shared.clone(),
            id: plan.id,
            config: plan.config,
            memory: None,
            start: None,
            current: None,
            checked: [([0; Pid::SIZE], ActorId::HOST); 2],
            peer_tag: 0,
            last_message_id: 0,
            effects: Effects::new(plan.config.hold_effects),
            wasi: Wasi::new(plan.granted.clone()),
            net_error: Box::default(),
            lookups: None,
            module: plan.module.clone(),
            memory_refused: false,
            panic: None,
            refusal: None,
            rng: None,
            ticks: 0,
            slice: scheduler::tick(&shared.scheduler),
        }
    }

    /// The actor's cell.
    pub(crate) fn cell(&self) -> &Cell {
        self.shared.table.cell(self.id.slot)
    }

    /// The actor that a pid names, if the pid is true and carries these rights.
    pub(crate) fn resolve(&mut self, bytes: &[u8; Pid::SIZE], needed: Rights) -> Result<ActorId, Status> {
        let pid = Pid::from_bytes(bytes);
        let known = self.checked.iter().find(|(known, _)| known == bytes);
        if let Some((_, id)) = known
            && *id != ActorId::HOST
            && pid.rights.contains(needed)
        {
            return Ok(*id);
        }
        let id = self.shared.resolve(&pid, needed)?;
        self.checked[0] = (*bytes, id);
        Ok(id)
    }

    /// Says that a message has come with this pid, which the host itself has minted.
    pub(crate) fn note_sender(&mut self, id: ActorId, bytes: [u8; Pid::SIZE]) {
        self.checked[1] = (bytes, id);
    }

    /// The charge for a message of this length to the actor's budget; `None` when that is used up.
    pub(crate) fn hold(&self, len: usize) -> Option<Box<HeldBytes>> {
        HeldBytes::take(self.cell().owned().charge.ledger(), len as u64)
    }

    /// Whether a message of this length is charged.
    pub(crate) fn charges(&self, len: usize) -> bool {
        len > UNCHARGED_BYTES_MAX as usize || self.config.counts_messages
    }

    /// What the actor may do.
    pub(crate) fn policy(&self) -> &Policy {
        &self.wasi.granted().policy
    }

    /// Counts and logs that the actor may not do something, and keeps the sentence that says so.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) -> Status {
        let shared = &self.shared;
        shared.counters.add(Count::NotGranted);
        let total = shared.counters.get(Count::NotGranted);
        let meta = self.cell().owned().meta.clone();
        shared.refusals.log(&meta, refusal, shared.now(), total);
        self.refusal = Some(Box::new(refusal.clone()));
        Status::NOT_GRANTED
    }

    /// What was not granted last.
    pub(crate) fn last_refusal(&self) -> Option<String> {
        self.refusal.as_deref().map(Refusal::sentence)
    }

    /// A message of this actor, without a body.
    pub(crate) fn envelope(&mut self) -> Box<Envelope> {
        if self.peer_tag == 0 {
            self.peer_tag = self.shared.mint.mint(self.id, Rights::PEER).tag;
        }
        let mut envelope = Envelope::system(Kind::Message, self.id, 0);
        envelope.sender_tag = self.peer_tag;
        envelope
    }

    /// A message of this actor with these bytes; `None` if the host has no room for so many.
    pub(crate) fn with_body(&mut self, bytes: &[u8]) -> Option<Box<Envelope>> {
        let mut envelope = self.envelope();
        if self.charges(bytes.len()) {
            envelope.held = Some(self.hold(bytes.len())?);
        }
        envelope.body = Body::from_slice(bytes);
        Some(envelope)
    }

    /// The host, and the actor's own choice among so many, which are at least one.
    pub(crate) fn chooser(&mut self) -> (&Shared, impl FnMut(usize) -> usize + '_) {
        let (shared, rng) = (&*self.shared, &mut self.rng);
        let choose = move |len: usize| {
            let rng = rng.get_or_insert_with(|| seeded(shared));
            (rng.next_u64() % len as u64) as usize
        };
        (shared, choose)
    }

    /// Keeps a panic's message and place until the trap that follows it.
    pub(crate) fn note_panic(&mut self, message: String, location: String) {
        self.panic = Some(Box::new((message, location)));
    }

    /// The panic that was noted.
    pub(super) fn take_panic(&mut self) -> Option<(String, String)> {
        self.panic.take().map(|panic| *panic)
    }

    /// The actor's own generator, seeded by the host at first use.
    pub(crate) fn rng(&mut self) -> &mut dyn RngCore {
        let (shared, fixed) = (&self.shared, self.wasi.granted().policy.has_fixed_randomness());
        &mut **self.rng.get_or_insert_with(|| {
            if fixed { Box::new(ChaCha8Rng::seed_from_u64(0)) } else { seeded(shared) }
        })
    }

    /// Says that the actor waits, so that its time without waiting begins anew.
    pub(crate) fn note_wait(&mut self) {
        self.ticks = 0;
        self.memory_refused = false;
    }

    /// Ends the actor if a kill or exit signal has come, or its time is over.
    fn check(&mut self) -> wasmtime::Result<()> {
        if self.cell().urgent.load(Ordering::Acquire) {
            let mut owned = self.cell().owned();
            self.shared.drain(self.cell(), &mut owned);
            if let Some(reason) = owned.dying.clone() {
                return Err(ActorExit::error(reason));
            }
        }
        self.ticks += 1;
        if self.ticks > self.config.run_ticks_max {
            return Err(ActorExit::error(ExitReason::OutOfTime));
        }
        Ok(())
    }

    /// Whether its instance is being made, so that a refusal to grow ends it; later the guest is told.
    fn is_starting(&self) -> bool {
        self.memory.is_none()
    }

    /// Whether the actor has just been given its slice: an epoch deadline of before its wait.
    fn slice_is_fresh(&mut self) -> bool {
        let now = scheduler::tick(&self.shared.scheduler);
        std::mem::replace(&mut self.slice, now) != now && self.ticks == 0
    }
}

/// A generator of an actor's own.
fn seeded(shared: &Shared) -> Box<ChaCha8Rng> {
    Box::new(ChaCha8Rng::seed_from_u64(shared.outside.random()))
}

impl Drop for ActorState {
    fn drop(&mut self) {
        // A handler that is ended in the middle of a message never returns.
        self.effects.roll_back(&self.shared);
    }
}

fn preempt_process(mut store: StoreContextMut<'_, ActorState>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data_mut();
    let fresh = state.slice_is_fresh();
    state.check()?;
    if fresh {
        return Ok(UpdateDeadline::Continue(1));
    }
    state.cell().owned().wait = Wait::Preempted;
    Ok(UpdateDeadline::Yield(1))
}

fn preempt_handler(mut store: StoreContextMut<'_, ActorState>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data_mut();
    state.check()?;
    if handoff::must_make_room(&state.shared, state.ticks) {
        return Err(ActorExit::error(ExitReason::OutOfTime));
    }
    if !handoff::yield_thread(&state.shared) {
        return Err(ActorExit::error(ExitReason::Killed));
    }
    Ok(UpdateDeadline::Continue(1))
}

impl ResourceLimiter for ActorState {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = (desired - current) as u64;
        let allowed = maximum.is_none_or(|maximum| desired <= maximum);
        let cell = self.shared.table.cell(self.id.slot);
        let granted = allowed
            && self.shared.outside.admit_growth(more)
            && cell.owned().charge.add(Resource::Memory, more, self.config.memory_max);
        if granted {
            cell.memory_bytes.store(desired as u64, Ordering::Relaxed);
        }
        self.memory_refused = !granted;
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let (max, granted) =
            (self.config.table_elements_max, desired as u64 <= self.config.table_elements_max);
        if !granted && self.is_starting() {
            let message = format!("it starts with a table of {desired} elements; at most {max} are allowed");
            return Err(ActorExit::error(ExitReason::limit(LimitCode::TABLE, message)));
        }
        Ok(granted)
    }
}

/// A call that waits was made where nothing may wait.
pub(crate) fn parked_in_handler(call: &str) -> wasmtime::Error {
    let message = format!(
        "host call `{call}` waits, and a handler may not: use its split form, whose completion is a later message"
    );
    ActorExit::error(ExitReason::trap(TrapCode::PARKED_IN_HANDLER, message))
}

/// An actor could not be made, for want of memory.
pub(super) fn no_memory(error: &wasmtime::Error) -> ExitReason {
    ExitReason::limit(LimitCode::MEMORY, format!("the actor could not be made: {error:#}"))
}
