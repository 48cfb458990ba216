//! A process: its instance is made, initialised and entered inside one future.

use std::sync::Arc;

use wasmtime::Store;

use super::{ActorState, Ended, Plan, entry, found, state};
use crate::memory;
use crate::module::EntrySignature;
use crate::shared::Shared;

/// The life of a process.
pub(super) async fn run(shared: Arc<Shared>, mut plan: Plan) -> Ended {
    let mut store = match make_store(&shared, &mut plan) {
        Ok(store) => store,
        Err(ended) => return ended,
    };
    match enter(&mut store, &mut plan).await {
        Ok(()) => Ended::normal(),
        Err(error) => Ended::from_error(&error, &mut store),
    }
}

/// A store for a new actor; the arguments move into it.
pub(super) fn make_store(shared: &Arc<Shared>, plan: &mut Plan) -> Result<Store<ActorState>, Ended> {
    let is_process = plan.signature != EntrySignature::Handler;
    let store = shared
        .engines
        .get(plan.config.stack, plan.module.options)
        .and_then(|set| ActorState::new(shared, plan).into_store(&set.engine, is_process));
    store.map_err(|error| Ended::crash(state::no_memory(&error)))
}

async fn enter(store: &mut Store<ActorState>, plan: &mut Plan) -> wasmtime::Result<()> {
    // On the heap, or its room would stay with the actor for life.
    let instance = Box::pin(instantiate(store, plan)).await?;
    store.data_mut().start = Some(plan.take_args());
    match plan.signature {
        EntrySignature::Indexed => {
            let entry = entry::<i32, ()>(store, &instance, plan)?;
            entry.call_async(store, plan.index as i32).await
        }
        _ => entry::<(), ()>(store, &instance, plan)?.call_async(store, ()).await,
    }
}

/// Makes the instance and runs its constructors.
pub(super) async fn instantiate(
    store: &mut Store<ActorState>,
    plan: &Plan,
) -> wasmtime::Result<wasmtime::Instance> {
    let shared = store.data().shared.clone();
    let linked = plan.module.linked(&shared, plan.config.stack, plan.signature.style())?;
    let instance = memory::with_wanted_async(plan.wanted(), linked.instantiate_async(&mut *store)).await?;
    if let Some(initialize) = found(store, &instance, plan)? {
        initialize.call_async(&mut *store, ()).await?;
    }
    Ok(instance)
}
