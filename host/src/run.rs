//! One run of one actor: from the run queue, through its body, to its next wait or its end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use flower_abi::{Kind, NEVER};

use crate::actor::{Cell, Owned, SignalQueue, Wait};
use crate::exit::ExitReason;
use crate::gate::Guard;
use crate::instance::{self, Body, Ended, Handler};
use crate::limits::{HANDLER_BATCH_MAX, TICK};
use crate::scheduler::{self, Task};
use crate::shared::Shared;
use crate::signal::Envelope;
use crate::waker;

/// How a run came to its end.
enum Outcome {
    /// The actor waits for what it has said in [`Wait`].
    Parked,
    /// It lets the others go first.
    Yielded,
    /// Its slice was over.
    Preempted,
    /// It has ended.
    Ended(Ended),
}

/// Runs the actor in this slot, which has been taken out of a run queue.
pub(crate) fn run(shared: &Arc<Shared>, slot: u32) {
    let cell = shared.table.cell(slot);
    let Some(queue) = cell.gate.start() else { return };
    let outcome = catch_unwind(AssertUnwindSafe(|| step(shared, cell, queue, slot)));
    shared.scheduler.shares.end();
    match outcome.unwrap_or_else(|panic| Outcome::Ended(host_error(shared, &*panic))) {
        Outcome::Parked => park(shared, cell, slot),
        Outcome::Yielded => {
            cell.gate.requeue();
            shared.scheduler.enqueue_yielded(slot, cell.tree());
        }
        Outcome::Preempted => {
            cell.gate.requeue();
            shared.scheduler.enqueue_preempted(Task::Actor(slot), cell.tree());
            if shared.deterministic {
                shared.outside.pass(TICK.as_nanos() as u64);
                shared.fire_timers();
            }
        }
        Outcome::Ended(ended) => shared.end(slot, ended),
    }
}

/// Takes in what has come, and lets the body go on if that is what it waits for.
fn step(shared: &Arc<Shared>, cell: &Cell, queue: Guard<'_, SignalQueue>, slot: u32) -> Outcome {
    {
        let mut owned = cell.owned();
        if queue.is_signalled() {
            shared.take_in_all(cell, &mut owned, queue);
        } else {
            drop(queue);
        }
        if shared.killing.load(Ordering::Acquire) {
            owned.dying.get_or_insert_with(|| Arc::new(ExitReason::Killed));
        }
        if let Some(reason) = owned.dying.clone() {
            return Outcome::Ended(Ended::told(reason));
        }
        if !owned.is_ready(|| shared.now()) {
            return Outcome::Parked;
        }
        owned.wait_deadline = NEVER;
        // Whoever waited for a match, or in a select, takes out what is known of it.
        if !matches!(owned.wait, Wait::Match { .. } | Wait::Select(_)) {
            owned.wait = Wait::Running;
        }
    }
    advance(shared, cell, slot)
}

fn advance(shared: &Arc<Shared>, cell: &Cell, slot: u32) -> Outcome {
    let mut place = cell.body();
    let body = place.as_mut().expect("an actor that runs has a body");
    if is_plain_call(body, shared.deterministic) && !shared.scheduler.may_handle() {
        cell.owned().wait = Wait::Preempted;
        return Outcome::Preempted;
    }
    if let Body::Fresh(plan) = body {
        let plan = plan.take().expect("an actor starts once");
        match instance::start(shared, *plan) {
            Ok(started) => *body = started,
            Err(ended) => return Outcome::Ended(ended),
        }
    }
    match body {
        Body::Process(future) => poll(shared, cell, slot, future.as_mut()),
        Body::Handler(handler) => handle_batch(shared, cell, handler),
        Body::Fresh(_) => unreachable!("it has just been started"),
    }
}

/// Whether the body runs on the worker's own stack: a handler, unless it is on a fiber.
fn is_plain_call(body: &Body, deterministic: bool) -> bool {
    match body {
        Body::Fresh(plan) => plan.as_ref().is_some_and(|plan| plan.is_handler()) && !deterministic,
        Body::Process(_) => false,
        Body::Handler(_) => true,
    }
}

fn poll(
    shared: &Arc<Shared>,
    cell: &Cell,
    slot: u32,
    future: Pin<&mut (dyn Future<Output = Ended> + Send)>,
) -> Outcome {
    let polled = waker::with_waker(shared, slot, |waker| future.poll(&mut Context::from_waker(waker)));
    match polled {
        Poll::Ready(ended) => Outcome::Ended(ended),
        Poll::Pending => pending(cell, shared.deterministic),
    }
}

/// What a pending future waits for. One that does not say so waits for the outside, or, where fuel
/// preempts, is out of fuel: the engine yields without a word.
fn pending(cell: &Cell, fuel_preempts: bool) -> Outcome {
    let mut owned = cell.owned();
    let used = std::mem::take(&mut owned.slices);
    match owned.wait {
        Wait::Yield => Outcome::Yielded,
        Wait::Preempted => Outcome::Preempted,
        Wait::Running if fuel_preempts => {
            owned.slices = used + 1;
            let is_over = used >= owned.slices_max;
            if is_over { Outcome::Ended(Ended::crash(ExitReason::OutOfTime)) } else { Outcome::Preempted }
        }
        Wait::Running => {
            owned.wait = Wait::Io;
            Outcome::Parked
        }
        _ => Outcome::Parked,
    }
}

/// Gives a handler its messages, one call each, until there are none or its turn is over.
fn handle_batch(shared: &Arc<Shared>, cell: &Cell, handler: &mut Handler) -> Outcome {
    let started = scheduler::tick(&shared.scheduler);
    for _ in 0..HANDLER_BATCH_MAX {
        let message = match next_message(shared, cell) {
            Next::Message(message) => message,
            Next::None => {
                cell.owned().wait = Wait::Message;
                return Outcome::Parked;
            }
            Next::Dying(reason) => return Outcome::Ended(Ended::told(reason)),
        };
        match handler.handle(message) {
            Ok(true) => {}
            Ok(false) => return Outcome::Ended(Ended::normal()),
            Err(ended) => return Outcome::Ended(ended),
        }
        if scheduler::tick(&shared.scheduler) != started {
            return Outcome::Yielded;
        }
    }
    Outcome::Yielded
}

/// What a handler is to do next.
pub(crate) enum Next {
    /// Handle this.
    Message(Box<Envelope>),
    /// Nothing.
    None,
    /// End.
    Dying(Arc<ExitReason>),
}

/// Takes the next message of a handler.
pub(crate) fn next_message(shared: &Shared, cell: &Cell) -> Next {
    let mut owned = cell.owned();
    if owned.mailbox.len() == 0 {
        shared.drain(cell, &mut owned);
    }
    if let Some(reason) = &owned.dying {
        return Next::Dying(reason.clone());
    }
    let Some(message) = owned.mailbox.pop() else { return Next::None };
    owned.slices = 0;
    owned.mailbox.shrink();
    if message.kind == Kind::Stop && !owned.trap_stop {
        return Next::Dying(crate::inbound::stopped());
    }
    if message.wants_reply() {
        owned.watchers.insert((message.sender, message.reference), ());
    }
    drop(owned);
    shared.note_received(cell, &message);
    Next::Message(message)
}

/// Leaves the actor alone until something comes, or its deadline.
fn park(shared: &Shared, cell: &Cell, slot: u32) {
    {
        let mut owned = cell.owned();
        if cfg!(debug_assertions) {
            crate::check::parked(&owned);
        }
        cell.wait_code.store(owned.wait.code() as u8, Ordering::Relaxed);
        arm_deadline(shared, &mut owned);
        if !owned.paused_sockets.is_empty() {
            shared.resume_active(cell, &mut owned);
        }
    }
    match cell.gate.finish() {
        // After that, so that whoever asks for room meanwhile sees it or is seen.
        true => shared.offer_room(cell),
        false => shared.scheduler.enqueue_yielded(slot, cell.tree()),
    }
}

/// Sees to it that the deadline wakes the actor. A timer that is left of an earlier wait and comes before that
/// serves as well, since then the actor parks again: whoever waits often, and seldom for long, arms few.
fn arm_deadline(shared: &Shared, owned: &mut Owned) {
    let deadline = owned.wait_deadline;
    if let Some(left) = owned.wait_timer {
        // One whose time has come has fired, or is about to.
        if deadline != NEVER && left.deadline <= deadline && left.deadline > shared.now() {
            return;
        }
        shared.timers.cancel(left);
    }
    owned.wait_timer = (deadline != NEVER).then(|| shared.arm_wake(owned.id(), deadline));
}

/// A bug of the host ends the actor that met it, and nobody else.
fn host_error(shared: &Shared, panic: &(dyn std::any::Any + Send)) -> Ended {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    let id = format!("{:016x}", shared.outside.random());
    tracing::error!(target: "flower", "host error {id}: {text}");
    Ended::crash(ExitReason::HostError { id })
}
