//! A handler: its exported function is called once per message, with the message in its inbox.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use flower_abi::MessageInfo;
use flower_abi::exit::TrapCode;
use flower_abi::spawn::Exports;
use wasmtime::{Instance, Store, TypedFunc};

use super::{ActorState, Ended, Plan, initializer, process};
use crate::actor::Wait;
use crate::exit::{ActorExit, ExitReason};
use crate::guest_memory::GuestMemory;
use crate::host_calls::info;
use crate::limits::HANDLER_SLICE_TICKS;
use crate::mailbox::Filters;
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

/// Where in its memory a handler wants its messages.
#[derive(Clone, Copy)]
struct Inbox {
    pointer: u32,
    capacity: u32,
}

impl Handler {
    /// Makes the instance. The first message is its start, with the arguments.
    pub(super) fn start(shared: &Arc<Shared>, mut plan: Plan) -> Result<Handler, Ended> {
        let mut store = process::make_store(shared, &mut plan)?;
        let made = instantiate(&mut store, &plan);
        let (instance, args) = (made, plan.args.clone());
        let found = instance.and_then(|instance| find(&mut store, &instance, &plan));
        let (function, inbox) = match found {
            Ok(found) => found,
            Err(error) => return Err(Ended::from_error(&error, store.data_mut())),
        };
        let mut handler = Handler { store, function, inbox };
        match handler.handle(args) {
            Ok(true) => Ok(handler),
            Ok(false) => Err(Ended::normal()),
            Err(ended) => Err(ended),
        }
    }

    /// Handles one message; false when the handler wants to end.
    pub(crate) fn handle(&mut self, message: Envelope) -> Result<bool, Ended> {
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
        Err(error) => return Ended::from_error(&error, store.data_mut()),
    };
    let mut message = plan.args.clone();
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
            Err(reason) => return Ended { reason, backtrace: None },
        };
    }
}

/// Waits for the next message of a handler.
async fn next(shared: &Arc<Shared>, slot: u32) -> Result<Envelope, Arc<ExitReason>> {
    poll_fn(|_| {
        let cell = shared.table.cell(slot);
        match next_message(shared, cell) {
            Next::Message(message) => Poll::Ready(Ok(message)),
            Next::Dying(reason) => Poll::Ready(Err(reason)),
            Next::None => {
                cell.owned().wait = Wait::Match { filters: Filters::default(), from: 0 };
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
    store.data_mut().memory = instance.get_memory(&mut *store, Exports::MEMORY);
    if let Some(initialize) = initializer(store, &instance) {
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
    let function = instance.get_typed_func(&mut *store, &plan.entry)?;
    let inbox = instance.get_global(&mut *store, Exports::INBOX);
    let Some(address) = inbox.and_then(|global| global.get(&mut *store).i32()) else {
        return Ok((function, None));
    };
    let memory = store.data().memory.expect("a module without a memory is refused at load");
    let bytes = GuestMemory(memory.data_mut(&mut *store));
    let (pointer, capacity) =
        (bytes.read_u32(address as u32)?, bytes.read_u32((address as u32).wrapping_add(4))?);
    bytes.check(pointer, u64::from(capacity))?;
    let inbox = Inbox { pointer, capacity };
    Ok((function, (capacity as usize >= MessageInfo::SIZE).then_some(inbox)))
}

/// Puts a message into the inbox as far as it fits, keeps it for `message_read`, and returns the
/// length of its body.
fn put(store: &mut Store<ActorState>, inbox: Option<Inbox>, message: Envelope) -> wasmtime::Result<i32> {
    store.data_mut().note_wait();
    if !store.data().shared.deterministic {
        store.set_epoch_deadline(HANDLER_SLICE_TICKS);
    }
    let memory = store.data().memory.expect("a module without a memory is refused at load");
    let (bytes, state) = memory.data_and_store_mut(store);
    let (body, ..) = message.view();
    let len = body.len();
    if let Some(Inbox { pointer, capacity }) = inbox {
        let mut bytes = GuestMemory(bytes);
        bytes.write_all(pointer, &info::encode(&state.shared, &message))?;
        if len <= capacity as usize - MessageInfo::SIZE {
            bytes.write_all(pointer + MessageInfo::SIZE as u32, &body)?;
        }
    }
    drop(body);
    state.cell().owned().current = Some(message);
    Ok(len as i32)
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
            Err(Ended::from_error(&error, state))
        }
    }
}

fn bad_return(code: i32) -> wasmtime::Error {
    let message = format!("the handler returned {code}; it may return 0 to go on or 1 to end");
    ActorExit::error(ExitReason::trap(TrapCode::PROTOCOL, message))
}
