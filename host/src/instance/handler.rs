//! A handler: its exported function is called once per message, with the message in its inbox.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use flower_abi::MessageInfo;
use flower_abi::exit::TrapCode;
use wasmtime::{Instance, Store, TypedFunc};

use super::{ActorState, Ended, Plan, entry, found, process};
use crate::actor::Wait;
use crate::exit::{ActorExit, ExitReason};
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::host_calls::info;
use crate::limits::HANDLER_SLICE_TICKS;
use crate::memory;
use crate::run::{Next, next_message};
use crate::shared::Shared;
use crate::signal::Envelope;

/// A handler between two messages.
pub(crate) struct Handler {
    store: Store<ActorState>,
    function: TypedFunc<i32, i32>,
    inbox: Option<Inbox>,
}

/// Where in its memory a handler says where it wants its messages: pointer and capacity.
#[derive(Clone, Copy)]
struct Inbox {
    place: u32,
}

impl Handler {
    /// Makes the instance. The first message is its start, with the arguments.
    pub(super) fn start(shared: &Arc<Shared>, mut plan: Plan) -> Result<Handler, Ended> {
        let mut store = process::make_store(shared, &mut plan)?;
        let made = instantiate(&mut store, &plan);
        let (instance, args) = (made, plan.take_args());
        let found = instance.and_then(|instance| find(&mut store, &instance, &plan));
        let (function, inbox) = match found {
            Ok(found) => found,
            Err(error) => return Err(Ended::from_error(&error, &mut store)),
        };
        let mut handler = Handler { store, function, inbox };
        match handler.handle(args) {
            Ok(true) => Ok(handler),
            Ok(false) => Err(Ended::normal()),
            Err(ended) => Err(ended),
        }
    }

    /// Handles one message; false when the handler wants to end.
    pub(crate) fn handle(&mut self, message: Box<Envelope>) -> Result<bool, Ended> {
        let len = put(&mut self.store, self.inbox, message);
        let result = len.and_then(|len| self.function.call(&mut self.store, len));
        settle(&mut self.store, result)
    }
}

/// The life of a handler in deterministic mode: the same calls, on a fiber.
pub(super) async fn handle_all(shared: Arc<Shared>, mut plan: Plan) -> Ended {
    let mut store = match process::make_store(&shared, &mut plan) {
        Ok(store) => store,
        Err(ended) => return ended,
    };
    let made = process::instantiate(&mut store, &plan).await;
    let found = made.and_then(|instance| find(&mut store, &instance, &plan));
    let (function, inbox) = match found {
        Ok(found) => found,
        Err(error) => return Ended::from_error(&error, &mut store),
    };
    let mut message = plan.take_args();
    loop {
        let result = match put(&mut store, inbox, message) {
            Ok(len) => function.call_async(&mut store, len).await,
            Err(error) => Err(error),
        };
        match settle(&mut store, result) {
            Ok(true) => {}
            Ok(false) => return Ended::normal(),
            Err(ended) => return ended,
        }
        message = match next(&shared, plan.id.slot).await {
            Ok(message) => message,
            Err(reason) => return Ended::told(reason),
        };
    }
}

/// Waits for the next message of a handler.
async fn next(shared: &Arc<Shared>, slot: u32) -> Result<Box<Envelope>, Arc<ExitReason>> {
    poll_fn(|_| {
        let cell = shared.table.cell(slot);
        match next_message(shared, cell) {
            Next::Message(message) => Poll::Ready(Ok(message)),
            Next::Dying(reason) => Poll::Ready(Err(reason)),
            Next::None => {
                cell.owned().wait = Wait::Message;
                Poll::Pending
            }
        }
    })
    .await
}

fn instantiate(store: &mut Store<ActorState>, plan: &Plan) -> wasmtime::Result<Instance> {
    let shared = store.data().shared.clone();
    let linked = plan.module.linked(&shared, plan.config.stack, plan.signature.style())?;
    let instance = memory::with_wanted(plan.wanted(), || linked.instantiate(&mut *store))?;
    if let Some(initialize) = found(store, &instance, plan)? {
        initialize.call(&mut *store, ())?;
    }
    Ok(instance)
}

/// The handler's function and inbox.
fn find(
    store: &mut Store<ActorState>,
    instance: &Instance,
    plan: &Plan,
) -> wasmtime::Result<(TypedFunc<i32, i32>, Option<Inbox>)> {
    let function = entry(store, instance, plan)?;
    let inbox = plan.module.exports(plan.config.stack).inbox();
    let inbox = inbox.and_then(|inbox| instance.get_module_export(&mut *store, inbox)?.into_global());
    let place = inbox.and_then(|global| global.get(&mut *store).i32());
    Ok((function, place.map(|place| Inbox { place: place as u32 })))
}

/// Puts a message into the inbox as far as it fits, keeps it for `message_read`, and returns the
/// length of its body.
fn put(store: &mut Store<ActorState>, inbox: Option<Inbox>, message: Box<Envelope>) -> wasmtime::Result<i32> {
    store.data_mut().note_wait();
    if !store.data().shared.deterministic {
        store.set_epoch_deadline(HANDLER_SLICE_TICKS);
    }
    let memory = store.data().memory.expect("a module without a memory is refused at load");
    let (bytes, state) = memory.data_and_store_mut(store);
    let len = match inbox {
        Some(inbox) => inbox.fill(GuestMemory(bytes), state, &message)?,
        None => message.bytes().len(),
    };
    state.current = Some(message);
    Ok(len as i32)
}

impl Inbox {
    /// Writes a message as far as there is room for it, and returns the length of its body.
    fn fill(
        self,
        mut memory: GuestMemory<'_>,
        state: &mut ActorState,
        message: &Envelope,
    ) -> Result<usize, BadPointer> {
        let place: &[u8; 8] = memory.read_array(self.place)?;
        let (pointer, capacity) = place.split_at(4);
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("4 bytes"));
        let (pointer, capacity) = (word(pointer), word(capacity));
        memory.check(pointer, u64::from(capacity))?;
        let body = message.bytes();
        if let Some(room) = (capacity as usize).checked_sub(MessageInfo::SIZE) {
            let sender = info::encode(memory.write_array(pointer)?, &state.shared, message);
            state.note_sender(message.sender, sender);
            if body.len() <= room {
                memory.write_all(pointer + MessageInfo::SIZE as u32, &body)?;
            }
        }
        Ok(body.len())
    }
}

/// What a handler's return, or its trap, means; lets its effects out, or takes them back.
fn settle(store: &mut Store<ActorState>, result: wasmtime::Result<i32>) -> Result<bool, Ended> {
    let state = store.data_mut();
    let result = result.and_then(|code| match code {
        0 | 1 => Ok(code == 0),
        other => Err(bad_return(other)),
    });
    match result {
        Ok(goes_on) => {
            state.effects.commit(&state.shared);
            Ok(goes_on)
        }
        Err(error) => {
            state.effects.roll_back(&state.shared);
            Err(Ended::from_error(&error, store))
        }
    }
}

fn bad_return(code: i32) -> wasmtime::Error {
    let message = format!("the handler returned {code}; it may return 0 to go on or 1 to end");
    ActorExit::error(ExitReason::trap(TrapCode::PROTOCOL, message))
}
