//! Stacks of fibers in slots of a slab, each above a guard, reused while warm.
//!
//! [`configure`] makes an engine take its stacks from a [`SlabStackCreator`], one for each class of
//! stack. A guard is made with the advice `MADV_GUARD_INSTALL` (Linux 6.13), which marks pages
//! without splitting the mapping. Elsewhere the guard is protected with `mprotect`, which makes two
//! mappings of each slot, so that the process's account of those bounds the number of stacks.
//!
//! What is left on a used stack is zeroed although no guest could read it: compiled code reads no
//! part of a frame that it did not write, and a guest has no address of its stack. It is a second
//! line against a miscompilation. Asking the kernel which pages are dirty costs more (0.9 us) than
//! looking: a stack fills from its top, so the pages are zeroed downwards up to the first one that
//! is all zeros. A frame may leave a whole page out, and then what lies below is missed; an engine
//! with `async_stack_zeroing` gets the whole stack cleaned instead, for about 1 us more. (Memcheck
//! takes what a fiber popped for gone, and reports this look at it.)

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::slice;
use std::sync::{Arc, LazyLock};

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::{Config, StackCreator, StackMemory};

use crate::kernel::Feature;
use crate::slab::{Guard, Slab, SlabCounts, SlabError, Slot, page_size};

/// Below each stack: more than one page, for a C function of the host that probes no page on its
/// way.
const GUARD_BYTES: usize = 16 << 10;

/// The top of a stack that stays resident for the next fiber; most use 4 to 8 KiB.
const KEEP_BYTES: usize = 32 << 10;

/// Mappings of a slot whose guard is one of its own: the guard and the rest.
const SPLIT_MAPPINGS: u32 = 2;

/// The top of a stack that every fiber touches. A simple actor that waits has used 3.4 KB.
const TOUCHED_BYTES: usize = 4 << 10;

/// `MADV_GUARD_INSTALL` of `linux/mman.h`, newer than the libc crate.
#[cfg(target_os = "linux")]
const MADV_GUARD_INSTALL: i32 = 102;

/// Sets every knob of an engine that has to do with stacks; `wasm_bytes` of each stack are for
/// guests' frames, the rest for those of the host functions that they call.
pub(crate) fn configure(config: &mut Config, creator: Arc<SlabStackCreator>, wasm_bytes: usize) {
    let class = creator.slab.class();
    assert!(wasm_bytes < class, "a host call needs some stack too");
    config
        // wasmtime compares the two and asks the creator for this size.
        .async_stack_size(class)
        .max_wasm_stack(wasm_bytes)
        .with_host_stack(creator);
}

/// Makes the stacks of an engine, all of one size.
pub(crate) struct SlabStackCreator {
    slab: Arc<Slab>,
}

impl SlabStackCreator {
    /// A creator of at most `slots_max` stacks of `class` usable bytes.
    pub(crate) fn new(class: usize, slots_max: usize) -> Arc<SlabStackCreator> {
        let bytes = GUARD_BYTES.next_multiple_of(page_size());
        let guard = match *ADVICE {
            true => Guard { bytes, mappings: 0, install: advise_guard },
            false => Guard { bytes, mappings: SPLIT_MAPPINGS, install: protect_guard },
        };
        Arc::new(SlabStackCreator { slab: Slab::new(class, Some(guard), slots_max) })
    }

    /// How many stacks are where.
    pub(crate) fn counts(&self) -> SlabCounts {
        self.slab.counts()
    }

    /// [`Slab::trim`].
    pub(crate) fn trim(&self, now_ns: u64) -> usize {
        self.slab.trim(now_ns)
    }
}

// SAFETY: a stack is a slot of its own: whole pages that read as zeros, with a guard below.
unsafe impl StackCreator for SlabStackCreator {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let capacity = self.slab.class();
        if size > capacity {
            return Err(wasmtime::Error::new(SlabError::TooBig { bytes: size, capacity }));
        }
        let slot = self.slab.acquire().map_err(wasmtime::Error::new)?;
        slot.populate(slot.len() - TOUCHED_BYTES.min(slot.len())..slot.len());
        Ok(Box::new(SlabStack { slot, guard_bytes: self.slab.guard_bytes(), thorough: zeroed }))
    }
}

/// One stack, from the start of its slot to its end.
struct SlabStack {
    slot: Slot,
    guard_bytes: usize,
    /// Whether the engine wants to rely on zeros.
    thorough: bool,
}

// SAFETY: the slot is page-aligned and this stack's alone; the slab installed the guard below.
unsafe impl StackMemory for SlabStack {
    fn top(&self) -> *mut u8 {
        self.slot.start().wrapping_add(self.slot.len())
    }

    fn range(&self) -> Range<usize> {
        self.slot.start().addr()..self.top().addr()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.slot.start().wrapping_sub(self.guard_bytes)..self.slot.start()
    }
}

impl SlabStack {
    /// Zeroes the top of the stack; returns whether pages below may be dirty.
    fn zero_top(&mut self, keep: usize) -> bool {
        let words = keep / size_of::<u64>();
        // SAFETY: these are the last `keep` bytes of the slot, aligned to pages, always readable
        // and writable, and the fiber that used them is gone.
        let top = unsafe { slice::from_raw_parts_mut(self.top().sub(keep).cast::<u64>(), words) };
        for page in top.rchunks_exact_mut(page_size() / size_of::<u64>()) {
            if !is_zero(page) {
                page.fill(0);
            } else if !self.thorough {
                return false;
            }
        }
        true
    }
}

impl Drop for SlabStack {
    fn drop(&mut self) {
        if !self.slot.may_stay_warm() {
            return;
        }
        let keep = KEEP_BYTES.next_multiple_of(page_size()).min(self.slot.len());
        if self.zero_top(keep) {
            self.slot.give_back(0..self.slot.len() - keep);
        }
        self.slot.set_clean();
    }
}

/// Looks at a whole page without a branch for each word, which the compiler makes wide loads of.
fn is_zero(page: &[u64]) -> bool {
    page.chunks(64).all(|line| line.iter().fold(0, |sum, word| sum | word) == 0)
}

/// Whether the kernel knows guards that split no mapping.
static ADVICE: LazyLock<bool> = LazyLock::new(|| {
    let slot = Slab::new(page_size(), None, 1).acquire();
    Feature::GuardInstall.is_allowed()
        && slot.is_ok_and(|mut slot| {
            // The page goes away with the slab; nobody may touch it until then.
            slot.set_clean();
            advise_guard(slot.start(), page_size()).is_ok()
        })
});

#[cfg(target_os = "linux")]
fn advise_guard(start: *mut u8, bytes: usize) -> io::Result<()> {
    // SAFETY: the range is the low end of a slot, which nobody has seen yet; it was never used.
    match unsafe { libc::madvise(start.cast(), bytes, MADV_GUARD_INSTALL) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_guard(_start: *mut u8, _bytes: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn protect_guard(start: *mut u8, bytes: usize) -> io::Result<()> {
    // SAFETY: as for `advise_guard`.
    Ok(unsafe { mprotect(start.cast::<c_void>(), bytes, MprotectFlags::empty()) }?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{self, SlabMemoryCreator};
    use std::future::{Future, poll_fn};
    use std::io::Write;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};
    use wasmtime::{Engine, Linker, Module, Store, Trap};

    const CLASS: usize = 256 << 10;
    const LIVE: usize = 20_000;

    fn stack(creator: &SlabStackCreator, zeroed: bool) -> Box<dyn StackMemory> {
        creator.new_stack(CLASS, zeroed).expect("there is room")
    }

    /// The `bytes` below the top.
    fn bytes(stack: &mut dyn StackMemory, bytes: usize) -> &mut [u8] {
        assert!(bytes <= stack.range().len());
        // SAFETY: the stack is the test's, and at least this long.
        unsafe { slice::from_raw_parts_mut(stack.top().sub(bytes), bytes) }
    }

    /// Whether the kernel can read the byte at `address`, asked in a way that no fault can hurt.
    fn is_readable(address: *const u8) -> bool {
        let (_reader, mut writer) = io::pipe().expect("there are pipes");
        // SAFETY: the kernel checks the address and answers EFAULT; nothing here dereferences it.
        let written = unsafe { libc::write(std::os::fd::AsRawFd::as_raw_fd(&writer), address.cast(), 1) };
        writer.flush().expect("a pipe has nothing to flush");
        written == 1
    }

    fn check_guard(stack: &dyn StackMemory) {
        let guard = stack.guard_range();
        assert_eq!(guard.end.addr(), stack.range().start);
        assert_eq!(stack.range().end, stack.top().addr());
        assert!(!is_readable(guard.start) && !is_readable(guard.end.wrapping_sub(1)));
        assert!(is_readable(guard.end) && is_readable(stack.top().wrapping_sub(1)));
    }

    #[test]
    fn the_guard_stays_through_reuse_and_trim() {
        let creator = SlabStackCreator::new(CLASS, 2);
        let neighbour = stack(&creator, false);
        for second in [1, 3, 5] {
            let mut stack = stack(&creator, false);
            check_guard(&*stack);
            bytes(&mut *stack, CLASS).fill(1);
            drop(stack);
            creator.trim(second * 1_000_000_000);
            assert_eq!(creator.trim((second + 1) * 1_000_000_000), 1);
        }
        check_guard(&*neighbour);
    }

    #[test]
    fn the_guard_of_old_kernels_works_too() {
        let guard = Guard { bytes: page_size(), mappings: SPLIT_MAPPINGS, install: protect_guard };
        let slab = Slab::new(CLASS, Some(guard), 2);
        let slot = slab.acquire().expect("there is room");
        assert!(!is_readable(slot.start().wrapping_sub(1)) && is_readable(slot.start()));
    }

    #[test]
    fn shallow_and_deep_stacks_come_back_as_zeros() {
        let creator = SlabStackCreator::new(CLASS, 1);
        for used in [0, 1, 100, 5_000, KEEP_BYTES, KEEP_BYTES + 1, 100_000, CLASS] {
            let mut first = stack(&creator, false);
            bytes(&mut *first, used).fill(1);
            drop(first);
            let mut second = stack(&creator, false);
            assert!(bytes(&mut *second, CLASS).iter().all(|&byte| byte == 0), "{used}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_a_deep_stack_used_is_given_back_when_it_is_used_again() {
        let creator = SlabStackCreator::new(CLASS, 1);
        for depth in [KEEP_BYTES + page_size(), CLASS / 2, CLASS] {
            let mut deep = stack(&creator, false);
            bytes(&mut *deep, depth).fill(1);
            drop(deep);
            let again = stack(&creator, false);
            let mut pages = vec![0_u8; CLASS / page_size()];
            let start = again.range().start;
            // SAFETY: the vector has a byte for each page of the range.
            let done = unsafe {
                libc::mincore(std::ptr::with_exposed_provenance_mut(start), CLASS, pages.as_mut_ptr())
            };
            assert_eq!(done, 0);
            let resident = pages.iter().filter(|&page| page & 1 == 1).count() * page_size();
            assert!(resident <= KEEP_BYTES, "{resident} bytes stay of {depth}");
        }
    }

    #[test]
    fn a_thorough_engine_misses_nothing_below_a_page_left_out() {
        let creator = SlabStackCreator::new(CLASS, 1);
        for depth in [3 * page_size(), KEEP_BYTES + page_size(), CLASS] {
            let mut first = stack(&creator, true);
            bytes(&mut *first, 10).fill(1);
            bytes(&mut *first, depth)[..10].fill(1);
            drop(first);
            let mut second = stack(&creator, true);
            assert!(bytes(&mut *second, CLASS).iter().all(|&byte| byte == 0), "{depth}");
        }
    }

    #[test]
    fn a_stack_bigger_than_its_class_is_refused() {
        let creator = SlabStackCreator::new(CLASS, 1);
        let error = creator.new_stack(CLASS + 1, false).err().expect("it does not fit");
        assert!(matches!(error.downcast_ref(), Some(SlabError::TooBig { .. })));
    }

    fn engine() -> (Engine, Arc<SlabStackCreator>) {
        let stacks = SlabStackCreator::new(CLASS, LIVE);
        let mut config = Config::new();
        memory::configure(&mut config, SlabMemoryCreator::new(CLASS, LIVE));
        configure(&mut config, stacks.clone(), CLASS / 2);
        (Engine::new(&config).expect("the knobs agree"), stacks)
    }

    const WAT: &str = r#"(module (import "host" "park" (func $park)) (memory 1)
        (func (export "park") (param i32) (result i32)
            (i32.store (i32.const 64) (local.get 0))
            (call $park)
            (i32.load (i32.const 64)))
        (func $down (export "down") (param i32) (result i32) (call $down (local.get 0))))"#;

    type Call = Pin<Box<dyn Future<Output = wasmtime::Result<i32>>>>;

    /// A call of `export` in a new actor, which waits when it calls `park`.
    fn start(engine: &Engine, module: &Module, export: &'static str, argument: i32) -> Call {
        let mut linker = Linker::new(engine);
        linker.func_wrap_async("host", "park", |_, ()| Box::new(park())).expect("a new name");
        let linked = linker.instantiate_pre(module).expect("nothing else is imported");
        let mut store = Store::new(engine, ());
        Box::pin(async move {
            let instance = linked.instantiate_async(&mut store).await?;
            let function = instance.get_typed_func::<i32, i32>(&mut store, export)?;
            function.call_async(&mut store, argument).await
        })
    }

    /// Pending once.
    async fn park() {
        let mut parked = false;
        poll_fn(|_| if std::mem::replace(&mut parked, true) { Poll::Ready(()) } else { Poll::Pending }).await
    }

    fn poll(call: &mut Call) -> Poll<wasmtime::Result<i32>> {
        call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn twenty_thousand_parked_actors_take_few_mappings() {
        let (engine, stacks) = engine();
        let module = Module::new(&engine, WAT).expect("it is valid");
        let live = if *ADVICE { LIVE } else { LIVE / 8 };
        let mut calls: Vec<Call> = (0..live as i32).map(|i| start(&engine, &module, "park", i)).collect();
        assert!(calls.iter_mut().all(|call| poll(call).is_pending()));
        assert_eq!(stacks.counts().live, live);
        if *ADVICE {
            let maps = std::fs::read_to_string("/proc/self/maps").expect("there is a /proc");
            assert!(maps.lines().count() < 1_000, "{}", maps.lines().count());
        }
        for (i, call) in calls.iter_mut().enumerate() {
            assert!(matches!(poll(call), Poll::Ready(Ok(result)) if result == i as i32));
        }
        drop(calls);
        assert_eq!(stacks.counts().live, 0);
    }

    #[test]
    fn endless_recursion_is_a_trap_and_the_stack_is_used_again() {
        let (engine, stacks) = engine();
        let module = Module::new(&engine, WAT).expect("it is valid");
        for _ in 0..3 {
            let Poll::Ready(Err(error)) = poll(&mut start(&engine, &module, "down", 0)) else {
                panic!("it cannot end well");
            };
            assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
        }
        let counts = stacks.counts();
        assert_eq!((counts.live, counts.warm + counts.cold), (0, 1));
    }
}
