//! Parking: a host call waits, its actor leaves the worker, and others run.

use std::future::poll_fn;
use std::task::Poll;

use flower_abi::{NEVER, Status};

use super::Guest;
use crate::actor::Wait;
use crate::instance::ActorState;

/// Lets the actor wait. It goes on when what it waits for has come, or its deadline; the worker
/// looks for that, so this returns only then.
pub(super) async fn park(guest: &mut Guest<'_>, wait: Wait, deadline: u64) {
    park_state(guest.data_mut(), wait, deadline).await;
}

async fn park_state(state: &mut ActorState, wait: Wait, deadline: u64) {
    state.note_wait();
    let cell = state.cell();
    let mut wait = Some(wait);
    poll_fn(|_| match wait.take() {
        Some(wait) => {
            let mut owned = cell.owned();
            owned.wait = wait;
            owned.wait_deadline = deadline;
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
    .await;
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
