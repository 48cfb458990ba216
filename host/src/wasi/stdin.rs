//! Stdin, for actors that were granted it: a blocking thread reads what the host is given, while the actor waits.
//!
//! There is one for the whole host. Who reads gets what is there next; what was read for an actor that has ended meanwhile is
//! kept for the next one.

use std::io::{self, Read};

use parking_lot::Mutex;
use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::files::off_worker;
use super::iovec::Iovecs;
use super::stdio::Stdio;
use super::{Outcome, STDIN_BYTES_MAX, WasiActor, split};

/// What was read and is not yet taken.
static CAME: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Held by the one thread that reads.
static READER: Mutex<()> = Mutex::new(());

/// Whether this is a read of a stdin that was granted.
pub(super) fn is_asked<T: WasiActor>(caller: &mut Caller<'_, T>, does: Stdio, args: &[u64]) -> bool {
    let wasi = caller.data_mut().wasi();
    does == Stdio::Read && args[0] as u32 == 0 && wasi.granted.policy.allows_stdin() && !wasi.is_closed(0)
}

/// Reads what is there, or waits for it; nothing at the end.
pub(super) async fn read<T: WasiActor>(caller: &mut Caller<'_, T>, args: &[u64]) -> Outcome {
    let (list, count, out) = (args[1] as u32, args[2] as u32, args[3] as u32);
    let (memory, _) = split(caller)?;
    let iovecs = Iovecs::read(&memory, list, count)?;
    memory.check(out, 4)?;
    let wanted = iovecs.len(STDIN_BYTES_MAX) as usize;
    let bytes = loop {
        // Another actor may be faster, and take all of it.
        let at_end = off_worker(caller, "fd_read", fill).await?.map_err(|_| Errno::Io)?;
        let bytes = take(wanted);
        if at_end || wanted == 0 || !bytes.is_empty() {
            break bytes;
        }
    };
    let (mut memory, _) = split(caller)?;
    iovecs.scatter(&mut memory, &bytes)?;
    Ok(memory.write_all(out, &(bytes.len() as u32).to_le_bytes())?)
}

/// Waits until something has come; true at the end. Runs on a blocking thread.
fn fill() -> io::Result<bool> {
    let _reader = READER.lock();
    if !CAME.lock().is_empty() {
        return Ok(false);
    }
    let mut buffer = vec![0; STDIN_BYTES_MAX as usize];
    let read = io::stdin().lock().read(&mut buffer)?;
    CAME.lock().extend_from_slice(&buffer[..read]);
    Ok(read == 0)
}

/// The first bytes that have come.
fn take(wanted: usize) -> Vec<u8> {
    let mut came = CAME.lock();
    let len = wanted.min(came.len());
    came.drain(..len).collect()
}
