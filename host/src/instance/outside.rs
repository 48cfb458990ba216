//! What WASI asks of an actor: the clocks, randomness and waiting of its host.

use wasmtime::Memory;

use super::{ActorState, parked_in_handler};
use crate::budget::HeldDescriptor;
use crate::exit::{ActorExit, ExitReason};
use crate::host_calls::{park_until, park_yield};
use crate::policy::Refusal;
use crate::shared::Outstanding;
use crate::wasi::{Wasi, WasiActor};

impl WasiActor for ActorState {
    type Io = Outstanding;

    fn wasi(&mut self) -> &mut Wasi {
        &mut self.wasi
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }

    fn monotonic_ns(&self) -> u64 {
        self.shared.now()
    }

    fn realtime_ns(&self) -> u64 {
        self.policy().calendar(self.shared.outside.realtime_ns(), self.shared.made_at)
    }

    fn fill_random(&mut self, bytes: &mut [u8]) {
        self.rng().fill_bytes(bytes);
    }

    async fn park_until(&mut self, deadline_ns: u64) -> wasmtime::Result<()> {
        park_until(self, deadline_ns).await;
        Ok(())
    }

    async fn yield_now(&mut self) -> wasmtime::Result<()> {
        park_yield(self).await;
        Ok(())
    }

    fn exit(&mut self, code: u32) -> wasmtime::Error {
        ActorExit::error(if code == 0 { ExitReason::NORMAL } else { ExitReason::ExitCode(code) })
    }

    fn parked_in_handler(&self, function: &'static str) -> wasmtime::Error {
        parked_in_handler(function)
    }

    fn io_started(&mut self) -> Outstanding {
        self.note_wait();
        Outstanding::new(&self.shared)
    }

    fn io_handle(&self) -> tokio::runtime::Handle {
        self.shared.tokio.clone()
    }

    fn hold_descriptor(&mut self) -> Option<HeldDescriptor> {
        HeldDescriptor::take(self.cell().owned().charge.ledger())
    }

    fn note_refused(&mut self, refusal: &Refusal) {
        self.refuse(refusal);
    }

    fn files_inline(&self) -> bool {
        self.shared.deterministic
    }
}
