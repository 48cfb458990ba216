//! Randomness from the actor's own generator.
//!
//! A process may ask for any number of bytes: after each [`RANDOM_STEP_BYTES`] the others get their
//! turn. A handler cannot yield, and gets `EINVAL` beyond [`RANDOM_HANDLER_BYTES_MAX`], which takes
//! about as long as a slice.

use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::{Outcome, RANDOM_HANDLER_BYTES_MAX, RANDOM_STEP_BYTES, WasiActor, split};

/// Fills a buffer, step by step.
pub(super) async fn random_get<T: WasiActor>(caller: &mut Caller<'_, T>, buf: u32, len: u32) -> Outcome {
    // Before any work, so that a bad pointer costs nothing; no sum below overflows after that.
    split(caller)?.0.check(buf, len.into())?;
    let mut done = len.min(RANDOM_STEP_BYTES);
    fill(caller, buf, done)?;
    while done < len {
        caller.data_mut().yield_now().await?;
        let step = (len - done).min(RANDOM_STEP_BYTES);
        fill(caller, buf + done, step)?;
        done += step;
    }
    Ok(())
}

/// Fills a buffer in one go.
pub(super) fn random_get_in_handler<T: WasiActor>(caller: &mut Caller<'_, T>, buf: u32, len: u32) -> Outcome {
    if len > RANDOM_HANDLER_BYTES_MAX {
        return Err(Errno::Inval.into());
    }
    fill(caller, buf, len)
}

fn fill<T: WasiActor>(caller: &mut Caller<'_, T>, buf: u32, len: u32) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    actor.fill_random(memory.write(buf, len)?);
    Ok(())
}
