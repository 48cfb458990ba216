//! Parking: a host call waits, its actor leaves the worker, and others run.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use flower_abi::{NEVER, Status};

use super::Guest;
use crate::actor::{Cell, Wait};
use crate::instance::ActorState;

/// Lets the actor wait. It goes on when what it waits for has come, or its deadline; the worker
/// looks for that, so this returns only then.
pub(super) fn park<'a>(guest: &'a mut Guest<'_>, wait: Wait, deadline: u64) -> Park<'a> {
    park_state(guest.data_mut(), wait, deadline)
}

fn park_state(state: &mut ActorState, wait: Wait, deadline: u64) -> Park<'_> {
    state.note_wait();
    Park { cell: state.cell(), wait: Some(wait), deadline }
}

/// Says at its first poll what the actor waits for, and is ready at its second.
pub(super) struct Park<'a> {
    cell: &'a Cell,
    wait: Option<Wait>,
    deadline: u64,
}

impl Future for Park<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let Some(wait) = self.wait.take() else { return Poll::Ready(()) };
        let mut owned = self.cell.owned();
        owned.wait = wait;
        owned.wait_deadline = self.deadline;
        Poll::Pending
    }
}

/// Waits until a deadline.
pub(crate) async fn park_until(state: &mut ActorState, deadline: u64) {
    if deadline > state.shared.now() {
        park_state(state, Wait::Until, deadline).await;
    }
}

/// Lets the other runnable actors go first.
pub(crate) async fn park_yield(state: &mut ActorState) {
    park_state(state, Wait::Yield, NEVER).await;
}

pub(super) async fn sleep(mut guest: Guest<'_>, deadline: u64) -> wasmtime::Result<i32> {
    park_until(guest.data_mut(), deadline).await;
    Ok(Status::OK.0)
}

pub(super) async fn yield_now(mut guest: Guest<'_>) -> wasmtime::Result<i32> {
    park_yield(guest.data_mut()).await;
    Ok(Status::OK.0)
}
