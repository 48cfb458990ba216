//! Linear memories in slots of a slab: small at first, moved when they outgrow one, reused while warm.
//!
//! [`configure`] makes an engine take its memories from a [`SlabMemoryCreator`]. wasmtime 48 asks
//! it for a memory in the middle of an instantiation, on the thread that polls it and with no word
//! about the actor; so whoever spawns says what the actor may use in [`with_wanted`]. That capacity
//! is a hard bound of its own beneath the one of the store's limiter.
//!
//! What an actor may use is far more than most ever do, and slots as wide as that would cost each of
//! them a page of page table. So the class of a slot follows from the size at the start, with half as
//! much to grow in place; who grows further moves to a slot of a bigger class, again with half as much
//! to spare. The price is that compiled code reads the base of a memory anew after each call.
//!
//! Nothing behind a memory is guarded: another actor's memory may start at its last byte. What
//! keeps actors apart is that compiled code compares every address with the length (see
//! [`configure`]), so the creator refuses an engine that would leave out these comparisons.
//!
//! What a module puts into each of its memories stands beside its code, as an [image](crate::image), and
//! its memories begin in slots that read as that.
//!
//! A dead actor's pages are found with the ioctl `PAGEMAP_SCAN` (Linux 6.7), present or swapped,
//! and made what they were in place while they are few. Where the ioctl is missing all pages are given back,
//! which is right everywhere and slower.

#[cfg(target_os = "linux")]
mod pagemap;

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use wasmtime::{Config, InstanceAllocationStrategy, LinearMemory, MemoryCreator, MemoryType};

use crate::image::Image;
use crate::slab::{Slab, SlabCounts, SlabError, Slot, page_size};

/// Sizes of slots. Addresses are plenty, but each started 2 MiB of them costs a page of page table.
const CLASSES: [usize; 13] = [
    64 << 10,
    128 << 10,
    256 << 10,
    512 << 10,
    1 << 20,
    2 << 20,
    4 << 20,
    8 << 20,
    16 << 20,
    64 << 20,
    256 << 20,
    1 << 30,
    4 << 30,
];

/// Bytes of a dead actor that are zeroed in place and stay with the slot. Zeroing 256 KiB takes 3
/// us; giving them back and touching them again takes 100 us.
const KEEP_BYTES_MAX: usize = 256 << 10;

const _: () = assert!(CLASSES[0] < KEEP_BYTES_MAX && KEEP_BYTES_MAX < CLASSES[CLASSES.len() - 1]);

thread_local! {
    /// What memories made on this thread are for, while somebody instantiates.
    static WANTED: RefCell<Option<Wanted>> = const { RefCell::new(None) };
}

/// Sets every knob of an engine that has to do with linear memory.
pub(crate) fn configure(config: &mut Config, creator: Arc<SlabMemoryCreator>) {
    config
        // The pooling allocator has its own memories and would ignore the creator.
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .with_host_memory(creator)
        // No promise to compiled code about addresses behind the length: it checks every access.
        .memory_reservation(0)
        .memory_guard_size(0)
        .guard_before_linear_memory(false)
        // A memory that outgrows its slot gets a bigger one; the creator knows how much more to keep.
        .memory_may_move(true)
        .memory_reservation_for_growth(0)
        // An initial image is mapped over a memory, which would cost a mapping; data is copied.
        .memory_init_cow(false)
        // The heap of a collector comes from the creator as well. For one that may not move, wasmtime
        // 48 compares with the reservation of 0 instead of the length, and a guest's access to an
        // array aborts the process.
        .gc_heap_reservation(0)
        .gc_heap_guard_size(0)
        .gc_heap_reservation_for_growth(0)
        .gc_heap_may_move(true);
}

/// What an actor will do with its memory.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// Bytes that it may use.
    pub(crate) capacity: usize,
    /// What is there at the start.
    pub(crate) image: Option<Arc<Image>>,
    /// First byte, and end, of what it is about to touch.
    pub(crate) touched: (usize, usize),
}

/// Runs `f`, in which memories are made, on this thread, for such an actor.
pub(crate) fn with_wanted<R>(wanted: Wanted, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Wanted>);
    impl Drop for Restore {
        fn drop(&mut self) {
            WANTED.set(self.0.take());
        }
    }
    let _restore = Restore(WANTED.replace(Some(wanted)));
    f()
}

/// [`with_wanted`] around each poll of an instantiation, whichever threads do that.
pub(crate) async fn with_wanted_async<F: Future>(wanted: Wanted, instantiation: F) -> F::Output {
    let mut instantiation = pin!(instantiation);
    poll_fn(|context| with_wanted(wanted.clone(), || instantiation.as_mut().poll(context))).await
}

/// Makes the memories of an engine out of one slab for each class.
pub(crate) struct SlabMemoryCreator {
    slabs: Slabs,
    /// Those of modules with an image, as long as there are some.
    images: Mutex<Vec<Weak<Slab>>>,
    slots_max: usize,
    default_capacity: usize,
}

/// One slab for each class.
type Slabs = Arc<[Arc<Slab>; CLASSES.len()]>;

impl SlabMemoryCreator {
    /// A creator of at most `slots_max` memories of each class; one that is made outside of
    /// [`with_wanted`] may grow to `default_capacity` bytes, or as far as it must to start.
    pub(crate) fn new(default_capacity: usize, slots_max: usize) -> Arc<SlabMemoryCreator> {
        let slabs = CLASSES.map(|class| Slab::new(class, None, slots_max));
        let (slabs, images) = (Arc::new(slabs), Mutex::default());
        Arc::new(SlabMemoryCreator { slabs, images, slots_max, default_capacity })
    }

    /// How many slots of each class are where.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (usize, SlabCounts)> {
        let images = self.image_slabs();
        self.slabs.iter().map(move |slab| {
            let same = images.iter().filter(|image| image.class() == slab.class());
            (slab.class(), same.fold(slab.counts(), |sum, image| sum + image.counts()))
        })
    }

    /// How many memories stand in slots with an image.
    #[cfg(test)]
    pub(crate) fn images_live(&self) -> usize {
        self.image_slabs().iter().map(|slab| slab.counts().live).sum()
    }

    /// [`Slab::trim`] for every class.
    pub(crate) fn trim(&self, now_ns: u64) -> usize {
        self.slabs.iter().chain(&self.image_slabs()).map(|slab| slab.trim(now_ns)).sum()
    }

    fn image_slabs(&self) -> Vec<Arc<Slab>> {
        let mut images = self.images.lock();
        images.retain(|image| image.strong_count() > 0);
        images.iter().filter_map(Weak::upgrade).collect()
    }

    fn create(&self, size: usize, maximum: Option<usize>) -> Result<SlabMemory, SlabError> {
        WANTED.with_borrow(|wanted| {
            let allowed = wanted.as_ref().map_or(self.default_capacity.max(size), |wanted| wanted.capacity);
            let capacity = allowed.min(maximum.unwrap_or(usize::MAX)).min(CLASSES[CLASSES.len() - 1]);
            if size > capacity {
                return Err(SlabError::TooBig { bytes: size, capacity });
            }
            // The heap of references to exceptions, which is no memory of the module's, begins with nothing.
            let image = wanted.as_ref().and_then(|wanted| wanted.image.as_ref());
            let slot = match image.filter(|image| image.fits(size)) {
                Some(image) => self.acquire_with(image, size, capacity)?,
                None => acquire(&self.slabs, size, capacity)?,
            };
            if let (Some(Wanted { touched: (start, end), .. }), None) = (wanted, slot.image()) {
                slot.populate(*start..(*end).min(size));
            }
            Ok(SlabMemory { slot, size, capacity, slabs: self.slabs.clone() })
        })
    }

    /// A slot that begins with an image: its own, or an ordinary one that it is copied into.
    fn acquire_with(&self, image: &Image, size: usize, capacity: usize) -> Result<Slot, SlabError> {
        let class = CLASSES[class_of(size, usize::MAX)];
        let make = |file| {
            let slab = Slab::with_image(class, file, self.slots_max);
            self.images.lock().push(Arc::downgrade(&slab));
            slab
        };
        if let Some(Ok(slot)) = image.slab(make, class).map(Slab::acquire) {
            return Ok(slot);
        }
        let slot = acquire(&self.slabs, size, capacity)?;
        // SAFETY: the slot is ours, and as long as the memory, in which the image fits.
        unsafe { image.copy_to(slot.start()) };
        Ok(slot)
    }
}

/// A slot for a memory of this size, with room to grow.
fn acquire(slabs: &Slabs, size: usize, capacity: usize) -> Result<Slot, SlabError> {
    slabs[class_of(size, capacity)].acquire()
}

fn class_of(size: usize, capacity: usize) -> usize {
    let wanted = size.saturating_add(size / 2).min(capacity);
    CLASSES.partition_point(|&class| class < wanted).min(CLASSES.len() - 1)
}

// SAFETY: a new memory is a slot of its own, which reads as zeros, or as the image of its module, and is at least as long as its size;
// an engine whose code relies on more than the length gets none.
unsafe impl MemoryCreator for SlabMemoryCreator {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        // wasmtime 48 always says `Some`, with the engine's `memory_reservation`.
        if reserved_size_in_bytes.is_some_and(|bytes| bytes > 0) || guard_size_in_bytes > 0 {
            return Err("the engine is not configured for memories without guards".into());
        }
        let memory = self.create(minimum, maximum).map_err(|error| error.to_string())?;
        Ok(Box::new(memory))
    }
}

/// One linear memory.
struct SlabMemory {
    slot: Slot,
    size: usize,
    /// What it may grow to, in this slot or another.
    capacity: usize,
    slabs: Slabs,
}

// SAFETY: the slot is page-aligned and nobody else's, and compiled code compares each address with
// `size`, which needs no guard (see `configure`).
unsafe impl LinearMemory for SlabMemory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.capacity.min(self.slot.len())
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if new_size > self.capacity {
            let error = SlabError::TooBig { bytes: new_size, capacity: self.capacity };
            return Err(wasmtime::Error::new(error));
        }
        debug_assert!(new_size >= self.size, "a memory never shrinks");
        if new_size > self.slot.len() {
            self.move_to(acquire(&self.slabs, new_size, self.capacity).map_err(wasmtime::Error::new)?);
        }
        self.size = new_size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot.start()
    }
}

impl SlabMemory {
    /// Takes its bytes to another slot and gives up this one.
    fn move_to(&mut self, bigger: Slot) {
        let (from, to) = (self.slot.start(), bigger.start());
        let copy = |range: Range<usize>| {
            // SAFETY: the range lies in both slots, which are ours alone.
            unsafe { to.add(range.start).copy_from_nonoverlapping(from.add(range.start), range.len()) };
        };
        let used = self.size.next_multiple_of(page_size());
        assert!(used <= self.slot.len() && used <= bigger.len(), "a memory moves to where it fits");
        if let Some(image) = self.slot.image() {
            // SAFETY: the bigger slot is ours, and has room for whatever this one holds.
            unsafe { image.copy_to(to) };
        }
        let copied = pagemap::visit_dirty(&self.slot, used, usize::MAX, |range, _| copy(range));
        copy(copied..used);
        self.clean();
        self.slot = bigger;
    }

    /// Makes what was written what it was at first, where that pays.
    fn clean(&mut self) {
        if !self.slot.may_stay_warm() {
            return;
        }
        // Whatever lies behind the size was never accessible, so it still is as the slab gave it.
        let used = self.size.next_multiple_of(page_size());
        let slot = &self.slot;
        let zeroed = pagemap::visit_dirty(slot, used, KEEP_BYTES_MAX / page_size(), |range, swapped| {
            // Writing to a page on disk would first read it back.
            if swapped { slot.give_back(range) } else { slot.restore(range) }
        });
        self.slot.give_back(zeroed..used);
        self.slot.set_clean();
    }
}

impl Drop for SlabMemory {
    fn drop(&mut self) {
        self.clean();
    }
}

/// Other systems cannot say which pages are dirty, so all count as such.
#[cfg(not(target_os = "linux"))]
mod pagemap {
    /// Comes nowhere.
    pub(super) fn visit_dirty(
        _slot: &super::Slot,
        _used: usize,
        _pages_max: usize,
        _visit: impl FnMut(super::Range<usize>, bool),
    ) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized<R>(capacity: usize, f: impl FnOnce() -> R) -> R {
        with_wanted(Wanted { capacity, image: None, touched: (0, 0) }, f)
    }

    fn wanted_capacity() -> Option<usize> {
        WANTED.with_borrow(|wanted| wanted.as_ref().map(|wanted| wanted.capacity))
    }

    async fn sized_async<F: Future>(capacity: usize, f: F) -> F::Output {
        with_wanted_async(Wanted { capacity, image: None, touched: (0, 0) }, f).await
    }
    use std::slice;
    use wasmtime::{Engine, Instance, Module, Store, Trap};

    const PAGE: usize = 64 << 10;

    fn memory(creator: &SlabMemoryCreator, size: usize) -> Box<dyn LinearMemory> {
        creator.new_memory(MemoryType::new(1, None), size, None, Some(0), 0).expect("there is room")
    }

    fn bytes(memory: &mut dyn LinearMemory) -> &mut [u8] {
        // SAFETY: the memory is the test's, and this many bytes long.
        unsafe { slice::from_raw_parts_mut(memory.as_ptr(), memory.byte_size()) }
    }

    /// What `dirty` wrote must be zeros when the same slot is used again.
    fn check_reuse(size: usize, dirty: impl Fn(&mut [u8])) {
        let creator = SlabMemoryCreator::new(4 << 20, 1);
        for _ in 0..3 {
            let mut memory = memory(&creator, size);
            assert!(bytes(&mut *memory).iter().all(|&byte| byte == 0), "bytes of a dead actor");
            dirty(bytes(&mut *memory));
        }
    }

    fn engine(default_capacity: usize) -> (Engine, Arc<SlabMemoryCreator>) {
        let creator = SlabMemoryCreator::new(default_capacity, 100);
        let mut config = Config::new();
        configure(&mut config, creator.clone());
        (Engine::new(&config).expect("the knobs agree"), creator)
    }

    fn call(engine: &Engine, wat: &str, argument: i32) -> wasmtime::Result<i32> {
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, &Module::new(engine, wat)?, &[])?;
        instance.get_typed_func::<i32, i32>(&mut store, "f")?.call(&mut store, argument)
    }

    #[test]
    fn few_dirty_pages_come_back_as_zeros() {
        check_reuse(PAGE, |bytes| bytes[0] = 1);
        check_reuse(17 * PAGE, |bytes| {
            for at in [0, 9 * PAGE, 17 * PAGE - 1] {
                bytes[at] = 1;
            }
        });
    }

    #[test]
    fn many_dirty_pages_come_back_as_zeros() {
        check_reuse(17 * PAGE, |bytes| bytes.fill(1));
    }

    #[test]
    fn scattered_dirty_pages_come_back_as_zeros() {
        // More runs of pages than one scan reports.
        check_reuse(17 * PAGE, |bytes| bytes.iter_mut().step_by(2 * page_size()).for_each(|byte| *byte = 1));
        check_reuse(17 * PAGE, |bytes| bytes.iter_mut().step_by(6 * page_size()).for_each(|byte| *byte = 1));
    }

    #[test]
    fn read_pages_stay_zeros() {
        check_reuse(4 * PAGE, |bytes| assert_eq!(bytes.iter().map(|&byte| byte as u64).sum::<u64>(), 0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn swapped_pages_come_back_as_zeros() {
        let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
        if swaps.lines().count() < 2 {
            // Under the first line, which names the columns, there is one for each.
            println!("skipped: this machine has no swap, so no page can be swapped out");
            return;
        }
        check_reuse(4 * PAGE, |bytes| {
            bytes[..2 * PAGE].fill(1);
            // SAFETY: the advice moves pages, and changes no byte.
            let advised =
                unsafe { libc::madvise(bytes.as_mut_ptr().cast(), bytes.len(), libc::MADV_PAGEOUT) };
            assert_eq!(advised, 0);
        });
    }

    #[test]
    fn grown_pages_come_back_as_zeros() {
        let creator = SlabMemoryCreator::new(4 << 20, 1);
        for _ in 0..2 {
            let mut memory = memory(&creator, PAGE);
            memory.grow_to(60 * PAGE).expect("the capacity is 64 pages");
            assert!(bytes(&mut *memory).iter().all(|&byte| byte == 0));
            bytes(&mut *memory)[60 * PAGE - 1] = 1;
        }
    }

    #[test]
    fn growth_ends_at_the_capacity() {
        let creator = SlabMemoryCreator::new(10 * PAGE, 1);
        let mut memory = memory(&creator, PAGE);
        memory.grow_to(10 * PAGE).expect("this is the capacity");
        let base = memory.as_ptr();
        let error = memory.grow_to(11 * PAGE).expect_err("the slot is longer, the capacity is not");
        assert!(matches!(error.downcast_ref(), Some(SlabError::TooBig { .. })));
        assert_eq!((memory.byte_size(), memory.byte_capacity()), (10 * PAGE, 10 * PAGE));
        assert_eq!(memory.as_ptr(), base);
    }

    #[test]
    fn a_memory_moves_when_it_outgrows_its_slot_and_not_before() {
        let creator = SlabMemoryCreator::new(64 << 20, 1);
        let mut memory = memory(&creator, 2 * PAGE);
        let (base, capacity) = (memory.as_ptr(), memory.byte_capacity());
        assert_eq!(capacity, 4 * PAGE);
        memory.grow_to(capacity).expect("there is room in place");
        assert_eq!(memory.as_ptr(), base);
        memory.grow_to(capacity + PAGE).expect("there is a bigger slot");
        assert_ne!(memory.as_ptr(), base);
        assert!(memory.byte_capacity() >= capacity + PAGE + capacity / 2, "the next move is far off");
    }

    #[test]
    fn a_move_takes_every_byte_along_and_leaves_none_behind() {
        let creator = SlabMemoryCreator::new(64 << 20, 2);
        let pattern = |at: usize| if (at / page_size()).is_multiple_of(3) { (at % 251) as u8 + 1 } else { 0 };
        let mut memory = memory(&creator, PAGE);
        for size in [3 * PAGE, 7 * PAGE, 40 * PAGE, 300 * PAGE] {
            let before = memory.byte_size();
            bytes(&mut *memory).iter_mut().enumerate().for_each(|(at, byte)| *byte = pattern(at));
            memory.grow_to(size).expect("there is room");
            let bytes = bytes(&mut *memory);
            assert!(bytes[..before].iter().enumerate().all(|(at, &byte)| byte == pattern(at)), "{size}");
            assert!(bytes[before..].iter().all(|&byte| byte == 0), "{size}");
            let left = creator.create(before, None).expect("the slot that was left is free");
            // SAFETY: the slot is the test's, and nobody writes to it.
            let left = unsafe { slice::from_raw_parts(left.slot.start(), left.slot.len()) };
            assert!(left.iter().all(|&byte| byte == 0), "{size}");
        }
    }

    #[test]
    fn a_move_that_finds_no_slot_changes_nothing() {
        let creator = SlabMemoryCreator::new(64 << 20, 1);
        let _taken = creator.create(3 * PAGE, None).expect("there is one of this class");
        let mut memory = memory(&creator, PAGE);
        bytes(&mut *memory)[7] = 7;
        let error = memory.grow_to(3 * PAGE).expect_err("its slot is taken");
        assert!(matches!(error.downcast_ref(), Some(SlabError::OutOfSlots { .. })));
        assert_eq!((memory.byte_size(), bytes(&mut *memory)[7]), (PAGE, 7));
    }

    #[test]
    fn compiled_code_follows_a_move() {
        // The growth is in a callee, in a loop: the base must be read anew after each call.
        let wat = r#"(module (memory 1)
            (func $grow (drop (memory.grow (i32.const 3))))
            (func (export "f") (param $times i32) (result i32) (local $at i32)
                (loop $more
                    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1)))
                    (call $grow)
                    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1)))
                    (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 9))
                    (local.set $at (i32.add (local.get $at) (i32.const 4)))
                    (br_if $more (i32.lt_u (local.get $at) (i32.mul (local.get $times) (i32.const 4)))))
                (local.set $at (i32.const 0))
                (loop $sum
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (local.set $times (i32.add (local.get $times)
                        (i32.load (i32.mul (i32.sub (local.get $at) (i32.const 1)) (i32.const 4)))))
                    (br_if $sum (i32.lt_u (local.get $at) (i32.const 100))))
                (local.get $times)))"#;
        let (engine, _) = engine(64 << 20);
        assert_eq!(call(&engine, wat, 100).expect("no trap"), 100 + 2 * 100);
    }

    #[test]
    fn size_scope_and_module_choose_the_class() {
        let creator = SlabMemoryCreator::new(1 << 20, 10);
        let class = |size, maximum| creator.create(size, maximum).map(|memory| memory.slot.len());
        assert_eq!(class(PAGE, None).expect("half as much to grow"), 128 << 10);
        assert_eq!(class(4 * PAGE, None).expect("half as much to grow"), 512 << 10);
        assert_eq!(class(PAGE, Some(PAGE)).expect("it cannot grow"), 64 << 10);
        assert_eq!(class(16 * PAGE, None).expect("it may not grow"), 1 << 20);
        assert_eq!(class(17 * PAGE, None).expect("more than the default"), 2 << 20);
        assert_eq!(sized(64 << 20, || class(50 * PAGE, None)).expect("by the size"), 8 << 20);
        assert_eq!(sized(usize::MAX, || class(4 << 30, None)).expect("the biggest"), 4 << 30);
        assert!(sized(PAGE, || class(2 * PAGE, None)).is_err(), "the scope is a limit");
        assert!(class((4 << 30) + PAGE, None).is_err(), "no class holds it");
    }

    #[test]
    fn scopes_nest_and_end_with_a_panic() {
        let inner = || sized(2, || panic!("as a guest's host call may"));
        sized(1, || {
            assert!(std::panic::catch_unwind(inner).is_err());
            assert_eq!(wanted_capacity(), Some(1));
        });
        assert_eq!(wanted_capacity(), None);
    }

    #[test]
    fn an_async_scope_is_there_at_each_poll_only() {
        let mut polls = 0;
        let two_polls = poll_fn(|_| {
            assert_eq!(wanted_capacity(), Some(7));
            polls += 1;
            if polls == 2 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        });
        let mut future = pin!(sized_async(7, two_polls));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!(wanted_capacity(), None);
        assert!(future.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn memory_grow_answers_minus_one_at_the_capacity() {
        let wat =
            r#"(module (memory 1) (func (export "f") (param i32) (result i32) (memory.grow (local.get 0))))"#;
        let (engine, creator) = engine(4 * PAGE);
        assert_eq!(call(&engine, wat, 3).expect("no trap"), 1);
        assert_eq!(call(&engine, wat, 4).expect("no trap"), -1);
        assert_eq!(sized(5 * PAGE, || call(&engine, wat, 4)).expect("no trap"), 1);
        assert_eq!(creator.counts().map(|(_, counts)| counts.live).sum::<usize>(), 0);
    }

    #[test]
    fn an_async_instantiation_gets_the_capacity_of_its_scope() {
        let (engine, creator) = engine(PAGE);
        let module = Module::new(&engine, r#"(module (memory (export "memory") 1))"#).expect("it is valid");
        let mut store = Store::new(&engine, ());
        let instantiation = Instance::new_async(&mut store, &module, &[]);
        let mut scoped = Box::pin(sized_async(1 << 20, instantiation));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(instance) = scoped.as_mut().poll(&mut context) else {
            panic!("nothing waits in there");
        };
        drop(scoped);
        let live = |(_, counts): &(usize, SlabCounts)| counts.live == 1;
        assert_eq!(creator.counts().find(live).expect("it is live").0, 128 << 10);
        let memory = instance.expect("no trap").get_memory(&mut store, "memory").expect("it is exported");
        memory.grow(&mut store, 15).expect("the capacity of the scope");
        assert!(memory.grow(&mut store, 1).is_err());
    }

    #[test]
    fn no_access_reaches_behind_the_length() {
        let (engine, creator) = engine(4 * PAGE);
        // The neighbours' slots start right behind its own.
        let mut neighbours: Vec<_> = (0..3).map(|_| memory(&creator, PAGE)).collect();
        neighbours.iter_mut().for_each(|memory| bytes(&mut **memory).fill(7));
        for (offset, address, ok) in [
            (0, PAGE as i64 - 4, true),
            (0, PAGE as i64 - 3, false),
            (0, PAGE as i64, false),
            (0, 4 * PAGE as i64, false),
            (0, -4, false),
            (PAGE as i64 - 4, 0, true),
            (PAGE as i64 - 3, 0, false),
            (1 << 20, 0, false),
            (u32::MAX as i64, 0, false),
            (u32::MAX as i64 - 3, 4, false),
            (u32::MAX as i64, -1, false),
        ] {
            let wat = format!(
                r#"(module (memory 1) (func (export "f") (param i32) (result i32)
                    (i32.load offset={offset} (local.get 0))))"#
            );
            let result = call(&engine, &wat, address as i32);
            match ok {
                true => assert_eq!(result.expect("in bounds"), 0),
                false => assert_eq!(
                    result.expect_err("out of bounds").downcast_ref(),
                    Some(&Trap::MemoryOutOfBounds)
                ),
            }
        }
    }

    #[test]
    fn an_engine_that_elides_bounds_checks_gets_no_memory() {
        let creator = SlabMemoryCreator::new(PAGE, 1);
        let mut config = Config::new();
        config.with_host_memory(creator).memory_init_cow(false);
        let engine = Engine::new(&config).expect("wasmtime cannot know");
        let wat = r#"(module (memory 1) (func (export "f") (param i32) (result i32) (local.get 0)))"#;
        assert!(call(&engine, wat, 1).is_err());
    }

    /// Aborts the process where `gc_heap_may_move` is false.
    #[test]
    fn a_collected_heap_lives_in_a_slot_too() {
        let wat = r#"(module (type $a (array (mut i32)))
            (func (export "f") (param $length i32) (result i32) (local $x (ref $a))
                (local.set $x (array.new $a (i32.const 42) (local.get $length)))
                (array.get $a (local.get $x) (i32.const 999))))"#;
        let creator = SlabMemoryCreator::new(4 << 20, 100);
        let mut config = Config::new();
        configure(config.wasm_gc(true), creator);
        let engine = Engine::new(&config).expect("the knobs agree");
        assert_eq!(call(&engine, wat, 1_000).expect("in bounds"), 42);
        assert_eq!(call(&engine, wat, 900_000).expect("within the capacity"), 42);
        assert!(call(&engine, wat, 999).is_err(), "out of bounds");
        assert!(call(&engine, wat, 2_000_000).is_err(), "more than the capacity");
    }
}
