//! Spawning, from the side of guests.

use std::sync::Arc;

use flower_abi::{BudgetOptions, Kind, Pid, Rights, RightsOptions, SpawnOptions, Status};

use super::message::{Outgoing, attach_to};
use super::receive::show;
use super::request::open;
use super::{Guest, code, split, text};
use crate::budget::Budget;
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::instance::{ActorState, StackClass};
use crate::limits::{GRANTS_BYTES_MAX, LABEL_BYTES_MAX, NAME_BYTES_MAX, UNCHARGED_BYTES_MAX};
use crate::pid::ActorId;
use crate::policy::{BadGrants, Granted};
use crate::reference::Reference;
use crate::signal::{Envelope, Signal};
use crate::spawn::Request;
use flower_abi::Delivery;

pub(super) fn spawn(
    mut guest: Guest<'_>,
    options: u32,
    args: u32,
    args_len: u32,
    pid: u32,
    reference: u32,
) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(pid, Pid::SIZE as u64)?;
    let options = Options(*memory.read_array(options)?);
    let monitored = options.flag(SpawnOptions::MONITOR);
    memory.check(reference, if monitored { 8 } else { 0 })?;
    let mut args = Outgoing { body: args, body_len: args_len, options: 0 }.read(&memory, state)?;
    if let (Ok(envelope), count @ 1..) = (&mut args, options.u32(100)) {
        let attached = attach_to(envelope, &memory, state, options.u32(96), count)?;
        args = args.and_then(|args| attached.map(|()| args));
    }
    let request = options.read(&memory, state)?;
    let spawned = args.and_then(|args| spawn_checked(state, &options, args, request?));
    let (id, monitor) = match spawned {
        Ok(spawned) => spawned,
        Err(status) => return Ok(status.0),
    };
    memory.write_all(pid, &state.shared.mint.mint(id, Rights::ALL).to_bytes())?;
    if monitored {
        memory.write_u64(reference, monitor)?;
    }
    Ok(code(Ok(())))
}

/// Makes the actor with its links and monitors, and only then lets it run.
fn spawn_checked(
    state: &mut ActorState,
    options: &Options,
    mut args: Box<Envelope>,
    mut request: Request,
) -> Result<(ActorId, u64), Status> {
    args.kind = Kind::Start;
    if args.body.len() <= UNCHARGED_BYTES_MAX as usize {
        // The actor keeps them as long as it lives, and they are no message.
        args.held = None;
    }
    args.codec = options.u32(28);
    args.fingerprint = options.u64(32);
    request.args = args;
    let (links, monitors) = (options.flag(SpawnOptions::LINK), options.flag(SpawnOptions::MONITOR));
    let delivery = if options.flag(SpawnOptions::HELD) { Delivery::Held } else { Delivery::Message };
    let monitor = match monitors {
        true => open(state, Reference::Monitor { of: ActorId::HOST, delivery })?,
        false => 0,
    };
    let made = state.shared.prepare(request).inspect_err(|_| {
        state.cell().owned().references.close(monitor);
    })?;
    let id = made.id;
    let mut owned = state.cell().owned();
    if let Some(Reference::Monitor { of, .. }) = owned.references.get_mut(monitor) {
        *of = id;
        state.shared.signal(id, Signal::Monitor { from: state.id, reference: monitor });
    }
    if links {
        let link = state.shared.next_link_id();
        owned.links.entry(id).or_default().push(link);
        state.shared.signal(id, Signal::Link { from: state.id, id: link });
    }
    drop(owned);
    state.shared.launch(made);
    Ok((id, monitor))
}

/// The bytes of a `SpawnOptions`.
struct Options([u8; SpawnOptions::SIZE]);

impl Options {
    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("4 bytes"))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().expect("8 bytes"))
    }

    fn flag(&self, flag: u32) -> bool {
        self.u32(4) & flag != 0
    }

    /// The text whose address and length stand at `at`; `None` when it is empty.
    fn text<'a>(
        &self,
        memory: &'a GuestMemory<'_>,
        at: usize,
        max: u32,
    ) -> Result<Result<Option<&'a str>, Status>, BadPointer> {
        let (pointer, len) = (self.u32(at), self.u32(at + 4));
        if pointer == 0 || len == 0 {
            return Ok(Ok(None));
        }
        let text = text(memory, pointer, len, max)?;
        Ok(text.map(Some).ok_or(Status::INVALID))
    }

    /// What is to be spawned; the arguments are filled in later.
    fn read(
        &self,
        memory: &GuestMemory<'_>,
        state: &mut ActorState,
    ) -> Result<Result<Request, Status>, BadPointer> {
        let module = self.text(memory, 8, NAME_BYTES_MAX)?;
        let entry = self.text(memory, 16, NAME_BYTES_MAX)?;
        let label = self.text(memory, 40, LABEL_BYTES_MAX)?;
        let name = self.text(memory, 48, NAME_BYTES_MAX)?;
        let budget = match self.u32(104) {
            0 => Ok(None),
            at => read_budget(memory.read_array(at)?).map(Some),
        };
        let grants = match self.u32(108) {
            0 => Ok(None),
            at => read_grants(memory, at)?,
        };
        let texts = [module, entry, label, name, grants];
        Ok(budget.and_then(|budget| self.assemble(state, texts, budget)))
    }

    fn assemble(
        &self,
        state: &mut ActorState,
        texts: [Result<Option<&str>, Status>; 5],
        budget: Option<Budget>,
    ) -> Result<Request, Status> {
        let [module, entry, label, name, grants] = texts;
        let (module, label, name, grants) = (module?, label?, name?, grants?);
        let entry = entry?.ok_or(Status::INVALID)?;
        let indexed = self.flag(SpawnOptions::INDEXED);
        // An index into another module's table means something else there.
        if self.u32(0) != 1 || (indexed && module.is_some()) {
            return Err(Status::INVALID);
        }
        let named = module.filter(|name| *name != state.module.module.name());
        // First, or whoever may not spawn a module could learn whether it is there.
        let granted = granted(state, named, name, grants.unwrap_or_default())?;
        let module = match module {
            Some(name) => state.shared.module(name).ok_or(Status::NO_MODULE)?,
            None => state.module.clone(),
        };
        let owned = state.cell().owned();
        let mut request =
            Request::new(module, entry.into(), state.id, granted, owned.charge.ledger().clone());
        request.elders = owned.meta.elders_of_children();
        drop(owned);
        request.index = indexed.then(|| self.u32(24));
        request.label = label.map(Arc::from);
        request.name = name.map(Box::from);
        request.start_at = self.u64(56);
        request.options.memory_max = some(self.u64(64));
        request.options.mailbox_bytes_max = some(self.u64(72));
        request.options.mailbox_len_max = some(u64::from(self.u32(80))).map(|len| len as u32);
        request.options.stack = match self.u32(84) {
            0 => None,
            1 => Some(StackClass::Small),
            2 => Some(StackClass::Large),
            _ => return Err(Status::INVALID),
        };
        request.options.run_time_max_ns = some(self.u64(88));
        request.options.hold_effects = self.flag(SpawnOptions::HOLD_EFFECTS);
        request.options.budget = budget;
        state.policy().limits_of_children().bound(&mut request.options, &state.shared.limits);
        Ok(request)
    }
}

/// What a child is granted, if its parent may spawn it at all, under this name.
fn granted(
    state: &mut ActorState,
    module: Option<&str>,
    name: Option<&str>,
    grants: &str,
) -> Result<Arc<Granted>, Status> {
    let policy = state.policy();
    let may = policy.check_spawn(module).and_then(|()| name.map_or(Ok(()), |name| policy.check_name(name)));
    let granted = may.map_err(BadGrants::from).and_then(|()| state.wasi.granted().of_child(grants));
    granted.map_err(|bad| match bad {
        BadGrants::Invalid => Status::INVALID,
        BadGrants::Refused(refusal) => state.refuse(&refusal),
    })
}

/// The entries of a `RightsOptions`.
fn read_grants<'a>(
    memory: &'a GuestMemory<'_>,
    at: u32,
) -> Result<Result<Option<&'a str>, Status>, BadPointer> {
    let bytes: &[u8; RightsOptions::SIZE] = memory.read_array(at)?;
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    if word(0) != 1 || word(4) != 0 {
        return Ok(Err(Status::INVALID));
    }
    if word(12) == 0 {
        return Ok(Ok(None));
    }
    Ok(text(memory, word(8), word(12), GRANTS_BYTES_MAX)?.map(Some).ok_or(Status::INVALID))
}

/// The bytes of a `BudgetOptions`.
fn read_budget(bytes: &[u8; BudgetOptions::SIZE]) -> Result<Budget, Status> {
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
    let (version, cpu_weight) = (word(0) as u32, (word(0) >> 32) as u32);
    if version != 1 || cpu_weight > 10_000 || word(56) != 0 {
        return Err(Status::INVALID);
    }
    let max = |at| some(word(at)).unwrap_or(u64::MAX);
    let budget = if cpu_weight > 0 { Budget::new().cpu_weight(cpu_weight) } else { Budget::new() };
    Ok(budget
        .actors_max(max(8))
        .memory_max(max(16))
        .timers_max(max(24))
        .message_bytes_max(max(32))
        .messages_max(max(40))
        .descriptors_max(max(48)))
}

fn some(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

pub(super) fn start_args(
    mut guest: Guest<'_>,
    buffer: u32,
    capacity: u32,
    info: u32,
) -> wasmtime::Result<i32> {
    let destination = super::info::Destination { buffer, capacity, info };
    let (mut memory, state) = split(&mut guest)?;
    destination.check(&memory)?;
    let empty = || Envelope::system(Kind::Start, ActorId::HOST, 0);
    let handles = state.start.as_mut().map(|start| start.take_handles()).unwrap_or_default();
    let mut args = state.start.clone().unwrap_or_else(empty);
    if !handles.0.is_empty() {
        args.extra.get_or_insert_default().handles = handles;
    }
    show(state, &mut memory, args, destination)?;
    Ok(Status::OK.0)
}

/// Tells what was not granted last.
pub(super) fn refusal(mut guest: Guest<'_>, buffer: u32, capacity: u32) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(capacity))?;
    let Some(sentence) = state.last_refusal() else { return Ok(i64::from(Status::NONE.0)) };
    memory.write_prefix(buffer, capacity, sentence.as_bytes())?;
    Ok(sentence.len() as i64)
}
