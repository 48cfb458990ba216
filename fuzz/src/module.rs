//! Loading: bytes that may be a module, and modules that are valid, whatever the bytes. What is accepted compiles, and its entries
//! can be run.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use flower_host::{ExitReason, Host, Limits, LoadError, Null, Source, Spawn};

/// Entries of a module that are run.
const ENTRIES_MAX: usize = 3;

/// Loads the bytes as they are, and, with the feature `smith`, as what wasm-smith makes of them.
pub fn run(bytes: &[u8]) {
    thread_local!(static HOST: RefCell<Option<Rig>> = const { RefCell::new(None) });
    HOST.with_borrow_mut(|rig| {
        let rig = rig.get_or_insert_with(Rig::new);
        rig.load(bytes);
        #[cfg(feature = "smith")]
        if let Ok(module) = smith(bytes) {
            rig.load(&module);
        }
        // A long-lived host keeps every module that it was given.
        rig.loaded += 1;
    });
    HOST.with_borrow_mut(|rig| drop(rig.take_if(|rig| rig.loaded > 200)));
}

/// A valid module with these exports, of features that the host accepts, and of some that it does not.
#[cfg(feature = "smith")]
fn smith(bytes: &[u8]) -> arbitrary::Result<Vec<u8>> {
    const EXPORTS: &str = r#"(module (memory (export "memory") 1) (func (export "process") unreachable)
        (func (export "handler") (param i32) (result i32) unreachable))"#;
    let exports = Source::from_wat(EXPORTS).expect("it is text").bytes().to_vec();
    let mut input = arbitrary::Unstructured::new(bytes);
    let config = wasm_smith::Config {
        exports: Some(exports),
        memory64_enabled: input.ratio(1, 16)?,
        exceptions_enabled: true,
        tail_call_enabled: true,
        simd_enabled: true,
        relaxed_simd_enabled: input.ratio(1, 16)?,
        gc_enabled: input.ratio(1, 16)?,
        threads_enabled: input.ratio(1, 16)?,
        max_memories: if input.ratio(1, 16)? { 2 } else { 1 },
        max_imports: 0,
        ..wasm_smith::Config::default()
    };
    Ok(wasm_smith::Module::new(config, &mut input)?.to_bytes())
}

/// A host that loads them.
struct Rig {
    runtime: tokio::runtime::Runtime,
    host: Host,
    loaded: u32,
}

impl Rig {
    fn new() -> Rig {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut limits = Limits::default();
        limits.memory_max = 4 << 20;
        limits.run_time_max = Some(Duration::from_millis(20));
        limits.handler_time_max = limits.run_time_max;
        let builder = Host::builder().deterministic(true).limits(limits).output(Arc::new(Null));
        let host = runtime.block_on(async { builder.build() }).expect("a host");
        Rig { runtime, host, loaded: 0 }
    }

    fn load(&self, bytes: &[u8]) {
        let Ok(source) = Source::from_bytes(bytes) else { return };
        let module = match self.host.load("fuzzed", &source) {
            Ok(module) => module,
            // What has been checked compiles, or the check has missed something.
            Err(LoadError::Compile { message }) => panic!("checked, and not compiled: {message}"),
            Err(_) => return,
        };
        let entries: Vec<String> =
            module.entries().iter().take(ENTRIES_MAX).map(|entry| entry.name().to_owned()).collect();
        self.runtime.block_on(async {
            for entry in entries {
                let actor = self.host.spawn(Spawn::entry(&module, &entry)).expect("it is an entry");
                self.host.quiescent().await;
                // A handler that waits for its next message.
                let _ = self.host.kill(actor.pid());
                let reason = actor.join().await;
                assert!(
                    !matches!(&*reason, ExitReason::HostError { .. }),
                    "the host took the blame: {reason}"
                );
                self.host.quiescent().await;
                assert_eq!((self.host.actor_count(), self.host.memory_used()), (0, 0));
            }
        });
    }
}
