//! Actors that are made while the machine has no memory left: an allocator that fails when it is asked to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use flower_abi::exit::LimitCode;

use crate::{ExitReason, Host, Null, Source, Spawn};

/// What the label of an actor begins with in whose making allocations fail, from the one with the number behind it on.
const LABEL: &str = "no memory from ";

thread_local! {
    /// Allocations until they fail; none for never.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The system's allocator, until it fails.
struct Scarce;

#[global_allocator]
static ALLOCATOR: Scarce = Scarce;

impl Scarce {
    /// Whether this allocation fails.
    fn fails() -> bool {
        LEFT.with(|left| match left.get() {
            None => false,
            Some(0) => true,
            Some(more) => {
                left.set(Some(more - 1));
                false
            }
        })
    }
}

// SAFETY: it is the system's allocator, but for allocations that fail, as any may.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: what the caller promises.
        if Scarce::fails() { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: what the caller promises.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: what the caller promises.
        if Scarce::fails() { std::ptr::null_mut() } else { unsafe { System.realloc(place, layout, size) } }
    }
}

/// While it lives, allocations of this thread fail.
pub(super) struct Failing(());

impl Failing {
    /// Lets them fail if an actor is labelled so.
    pub(super) fn as_labelled(label: &str) -> Option<Failing> {
        let from = label.strip_prefix(LABEL)?.parse().expect("a number");
        LEFT.with(|left| left.set(Some(from)));
        Some(Failing(()))
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        LEFT.with(|left| left.set(None));
    }
}

const RETURNS: &str = r#"(module (memory (export "memory") 1)
    (func (export "process")) (func (export "handler") (param i32) (result i32) i32.const 1))"#;

/// Whether an actor ended for want of memory; else it has to have returned.
async fn is_refused(host: &Host, spawn: Spawn) -> bool {
    let reason = host.spawn(spawn).expect("there is room").join().await;
    let refused = matches!(&*reason, ExitReason::Limit { code: LimitCode::MEMORY, .. });
    assert!(refused || *reason == ExitReason::NORMAL, "{reason:?}");
    host.quiescent().await;
    assert_eq!((host.actor_count(), host.memory_used()), (0, 0));
    refused
}

#[test]
fn whichever_allocation_of_a_store_fails_ends_its_actor_by_name() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for builder in [Host::builder().workers(1), Host::builder().deterministic(true)] {
            let host = builder.output(Arc::new(Null)).build().expect("a host");
            let source = Source::from_wat(RETURNS).expect("it is text");
            let returns = host.load("returns", &source).expect("it is valid");
            for entry in ["process", "handler"] {
                let mut failed = 0;
                while is_refused(&host, Spawn::entry(&returns, entry).label(&format!("{LABEL}{failed}")))
                    .await
                {
                    failed += 1;
                }
                assert!(failed > 0, "a store takes memory");
            }
        }
    });
}
