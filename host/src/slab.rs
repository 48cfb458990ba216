//! Slots of one size, carved out of a few big reservations of addresses.
//!
//! The kernel counts mappings (65,530 by default), and a memory or stack of its own costs two or
//! three of them. A slab maps a chunk at a time and carves thousands of slots out of it, so that a
//! million actors live in some dozen mappings. Pages are taken at first touch, not before.
//!
//! A slot is in one of five states: *unused* (never handed out), *live*, *warm* (free, all zeros,
//! its pages still resident), *cold* (free, its pages given back to the kernel), or *unprepared*
//! (free, but its guard could not be installed). Who holds a [`Slot`] owns its bytes, and the next
//! holder must see zeros: a holder who knows what it wrote cleans that in place and says so
//! ([`Slot::set_clean`]), else the slab gives all pages back. Both happen on release, so that no
//! dead actor's bytes wait in memory, and outside the lock.
//!
//! The slots of a slab with an [image](crate::image) read as that image in place of zeros, in all that is
//! said above; their chunks are mapped out of a file.
//!
//! Linux is where this was tried. Elsewhere (macOS) it is written to work, but was never run.

mod map;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::address_space::{ADDRESS_BYTES_MAX, Share};
use crate::image::ImageFile;
pub(crate) use map::page_size;
use map::{give_back, map, map_run, populate, share, unmap};

/// The first chunk of a slab; each further one doubles, so that a small host reserves little.
const CHUNK_BYTES_MIN: usize = 64 << 20;

/// The biggest chunk: with less, a million big slots would need too many mappings.
const CHUNK_BYTES_MAX: usize = 256 << 30;

/// Warm slots of one slab: the dead of a million actors would keep all their pages otherwise.
const WARM_SLOTS_MAX: usize = 65_536;

/// A slot that stayed warm and unused from one sweep to the next is given back: after one to two
/// times this.
const SWEEP_INTERVAL_NS: u64 = 1_000_000_000;

/// Slots that one [`Slab::trim`] gives back: about 10 ms of its caller's time.
const TRIM_SLOTS_MAX: usize = 2_048;

/// Slots given back between two takings of the lock: a slot in neither list cannot be acquired.
const TRIM_BATCH: usize = 64;

const _: () = assert!(CHUNK_BYTES_MIN <= CHUNK_BYTES_MAX && CHUNK_BYTES_MAX < ADDRESS_BYTES_MAX);
const _: () = assert!(TRIM_BATCH <= TRIM_SLOTS_MAX);

/// Why a slot, or the size that was asked of it, could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlabError {
    /// The population reached its limit: whoever spawns must wait or be refused.
    #[error("all {limit} slots of {class} bytes are live")]
    OutOfSlots {
        /// Bytes of a slot.
        class: usize,
        /// Slots that may be live.
        limit: usize,
    },
    /// The kernel refused addresses or a guard, or the process has reserved all that it may.
    #[error("no addresses for a slot: {source}")]
    Map {
        /// What the kernel said.
        source: io::Error,
    },
    /// A guest, or its module, asked for more than its limit or than the biggest class.
    #[error("{bytes} bytes asked for where {capacity} are allowed")]
    TooBig {
        /// What was asked for.
        bytes: usize,
        /// What there is.
        capacity: usize,
    },
}

/// How many slots are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlabCounts {
    /// Handed out.
    pub(crate) live: usize,
    /// Free, with their pages.
    pub(crate) warm: usize,
    /// Free, without pages.
    pub(crate) cold: usize,
    /// Times that a slot's pages went back to the kernel.
    pub(crate) given_back: u64,
}

impl std::ops::Add for SlabCounts {
    type Output = SlabCounts;

    fn add(self, other: SlabCounts) -> SlabCounts {
        SlabCounts {
            live: self.live + other.live,
            warm: self.warm + other.warm,
            cold: self.cold + other.cold,
            given_back: self.given_back + other.given_back,
        }
    }
}

/// The low end of every slot that must not be touched.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    /// Its length, a multiple of the page size.
    pub(crate) bytes: usize,
    /// Mappings that it makes of the one that it stands in.
    pub(crate) mappings: u32,
    /// Makes it so; called once in a slot's life, and the guard then stays.
    pub(crate) install: fn(*mut u8, usize) -> io::Result<()>,
}

/// Slots of one size.
pub(crate) struct Slab {
    class: usize,
    stride: usize,
    slots_max: usize,
    guard: Option<Guard>,
    image: Option<ImageFile>,
    lists: Mutex<Lists>,
}

impl Slab {
    /// A slab of slots with `class` usable bytes, above a `guard` if there is one; at most
    /// `slots_max` live.
    pub(crate) fn new(class: usize, guard: Option<Guard>, slots_max: usize) -> Arc<Slab> {
        let stride = class + guard.map_or(0, |guard| guard.bytes);
        assert!(class > 0 && stride.is_multiple_of(page_size()), "slots consist of whole pages");
        Arc::new(Slab { class, stride, slots_max, guard, image: None, lists: Mutex::default() })
    }

    /// A slab of slots with `class` bytes that read as an image; at most `slots_max` live.
    pub(crate) fn with_image(class: usize, image: ImageFile, slots_max: usize) -> Arc<Slab> {
        assert!(class > 0 && class.is_multiple_of(page_size()), "slots consist of whole pages");
        let lists = Mutex::default();
        Arc::new(Slab { class, stride: class, slots_max, guard: None, image: Some(image), lists })
    }

    /// Usable bytes of a slot.
    pub(crate) fn class(&self) -> usize {
        self.class
    }

    /// Bytes below each slot that must not be touched.
    pub(crate) fn guard_bytes(&self) -> usize {
        self.stride - self.class
    }

    /// A slot that reads as zeros; the one released last, whose pages are warmest.
    pub(crate) fn acquire(self: &Arc<Slab>) -> Result<Slot, SlabError> {
        let Free { base, prepared, warm } = self.take()?;
        if !prepared {
            self.prepare(base)?;
        }
        Ok(Slot { slab: self.clone(), start: self.usable(base).start, clean: false, warm })
    }

    /// How many slots are where.
    pub(crate) fn counts(&self) -> SlabCounts {
        let lists = self.lists.lock();
        SlabCounts {
            live: lists.live,
            warm: lists.warm.len(),
            cold: lists.cold.len() + lists.unprepared.len(),
            given_back: lists.given_back,
        }
    }

    /// Gives back the pages of slots that stayed warm without a use for one to two seconds; returns
    /// how many.
    ///
    /// For a housekeeper to call several times a second with the time of a monotonic clock. One
    /// call is bounded; while it returns anything but 0 there may be more to do.
    pub(crate) fn trim(&self, now_ns: u64) -> usize {
        let mut trimmed = 0;
        let mut batch = Vec::with_capacity(TRIM_BATCH);
        while trimmed < TRIM_SLOTS_MAX {
            self.lists.lock().take_idle(now_ns, &mut batch);
            if batch.is_empty() {
                break;
            }
            trimmed += batch.len();
            for &base in &batch {
                // SAFETY: a slot out of all lists is nobody else's.
                unsafe { self.give_back(base, self.usable(base)) };
            }
            self.lists.lock().put_cold(&batch);
            batch.clear();
        }
        trimmed
    }

    fn take(&self) -> Result<Free, SlabError> {
        let mut lists = self.lists.lock();
        if lists.live >= self.slots_max {
            return Err(SlabError::OutOfSlots { class: self.class, limit: self.slots_max });
        }
        let found = match lists.take_free(self.stride) {
            Some(found) => found,
            None => {
                lists.unused = self.map_chunk(&mut lists)?;
                lists.take_free(self.stride).expect("a chunk holds at least one slot")
            }
        };
        lists.live += 1;
        Ok(found)
    }

    fn prepare(&self, base: usize) -> Result<(), SlabError> {
        let prepared = match (&self.guard, &self.image) {
            (Some(guard), _) => self.install(guard, base),
            (None, Some(image)) => image.prepare(base - self.lists.lock().chunk_of(base)),
            (None, None) => Ok(()),
        };
        prepared.map_err(|source| {
            self.lists.lock().put_unprepared(base);
            SlabError::Map { source }
        })
    }

    fn install(&self, guard: &Guard, base: usize) -> io::Result<()> {
        let share = (guard.mappings > 0).then(|| share(guard.mappings, 0)).transpose()?;
        (guard.install)(ptr::with_exposed_provenance_mut(base), guard.bytes)?;
        // It stays as long as the slab.
        self.lists.lock().shares.extend(share);
        Ok(())
    }

    /// Gives the pages of a range in the slot at `base` back; it reads as at first then.
    ///
    /// # Safety
    ///
    /// The range consists of whole pages of the slot, above its guard, that nobody else uses.
    unsafe fn give_back(&self, base: usize, range: Range<usize>) {
        // SAFETY: the caller's promise is the same.
        if unsafe { give_back(range.clone()) } {
            return;
        }
        // The kernel keeps pages that the embedder locked (`mlockall`).
        // SAFETY: as above.
        unsafe { self.restore(base + self.guard_bytes(), range) };
    }

    /// Makes a range of the slot that starts at `start` what it was at first, where it stands.
    ///
    /// # Safety
    ///
    /// As for [`Slab::give_back`].
    unsafe fn restore(&self, start: usize, range: Range<usize>) {
        let slot = ptr::with_exposed_provenance_mut::<u8>(start);
        let range = range.start - start..range.end - start;
        let Some(image) = &self.image else {
            // SAFETY: the caller owns the range.
            return unsafe { slot.add(range.start).write_bytes(0, range.len()) };
        };
        // SAFETY: the caller owns the range.
        unsafe { image.restore(slot, range) }
    }

    fn release(&self, start: usize, resident: bool) {
        let base = start - self.guard_bytes();
        let mut lists = self.lists.lock();
        if resident && lists.warm.len() < WARM_SLOTS_MAX {
            return lists.put_warm(base);
        }
        drop(lists);
        // SAFETY: whoever dropped the slot owned these bytes.
        unsafe { self.give_back(base, self.usable(base)) };
        let mut lists = self.lists.lock();
        lists.live -= 1;
        lists.put_cold(&[base]);
    }

    /// The part of a slot above its guard.
    fn usable(&self, base: usize) -> Range<usize> {
        base + self.guard_bytes()..base + self.stride
    }

    /// Reserves a chunk, halving it while the kernel (or valgrind) finds it too big.
    fn map_chunk(&self, lists: &mut Lists) -> Result<Range<usize>, SlabError> {
        if let Some(image) = &self.image {
            let run = map_run(image).map_err(|source| SlabError::Map { source })?;
            return Ok(lists.put_chunk(run));
        }
        let reserved: usize = lists.chunks.iter().map(Range::len).sum();
        let wanted = reserved.clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX) / self.stride;
        let mut slots = wanted.clamp(1, self.slots_max.saturating_add(TRIM_BATCH));
        loop {
            match map(slots * self.stride) {
                Ok(chunk) => return Ok(lists.put_chunk(chunk)),
                Err(source) if slots == 1 => return Err(SlabError::Map { source }),
                Err(_) => slots /= 2,
            }
        }
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        // Every slot holds its slab, so none is live, and nobody has an address into a chunk.
        for chunk in self.lists.get_mut().chunks.drain(..) {
            unmap(chunk);
            self.image.iter().for_each(ImageFile::end_run);
        }
    }
}

/// One slot: the right to its bytes, which were zeros when it was acquired.
pub(crate) struct Slot {
    slab: Arc<Slab>,
    start: usize,
    clean: bool,
    warm: bool,
}

impl Slot {
    /// The first usable byte, above the guard; page-aligned.
    pub(crate) fn start(&self) -> *mut u8 {
        ptr::with_exposed_provenance_mut(self.start)
    }

    /// Usable bytes.
    pub(crate) fn len(&self) -> usize {
        self.slab.class
    }

    /// Has the kernel put pages under `range`, in bytes from the start, which is about to be used: one call
    /// for all of them, where each would cost a fault. Does nothing for a slot that has its pages.
    pub(crate) fn populate(&self, range: Range<usize>) {
        let range = range.start / page_size() * page_size()..range.end.min(self.len());
        if !self.warm && !range.is_empty() {
            populate(self.start + range.start..self.start + range.end);
        }
    }

    /// Gives the pages of `range`, in bytes from the start, back to the kernel; they read as at first
    /// then.
    pub(crate) fn give_back(&self, range: Range<usize>) {
        let range = self.addresses(range);
        // SAFETY: the range lies in this slot, which is ours alone.
        unsafe { self.slab.give_back(self.start - self.slab.guard_bytes(), range) }
    }

    /// Makes the bytes of `range` what they were when it was acquired, where they stand.
    pub(crate) fn restore(&self, range: Range<usize>) {
        // SAFETY: the range lies in this slot, which is ours alone.
        unsafe { self.slab.restore(self.start, self.addresses(range)) }
    }

    /// What it reads as at first, if not as zeros.
    pub(crate) fn image(&self) -> Option<&ImageFile> {
        self.slab.image.as_ref()
    }

    fn addresses(&self, range: Range<usize>) -> Range<usize> {
        assert!(range.start <= range.end && range.end <= self.len(), "a slot reaches only itself");
        self.start + range.start..self.start + range.end
    }

    /// Whether cleaning in place pays: there is still room among the warm slots.
    pub(crate) fn may_stay_warm(&self) -> bool {
        self.slab.lists.lock().warm.len() < WARM_SLOTS_MAX
    }

    /// States that the whole slot reads as zeros, so that it can be used again as it is.
    pub(crate) fn set_clean(&mut self) {
        self.clean = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slab.release(self.start, self.clean);
    }
}

/// A slot that was free.
struct Free {
    base: usize,
    /// Its guard stands, or its image is there.
    prepared: bool,
    /// It has its pages.
    warm: bool,
}

/// The free slots of a slab by the address of their low end, and what they were cut from.
#[derive(Default)]
struct Lists {
    /// Clean and resident, the one released last at the back.
    warm: VecDeque<usize>,
    /// Clean and given back.
    cold: Vec<usize>,
    /// Without their guard or image, which the kernel refused; tried again.
    unprepared: Vec<usize>,
    /// The rest of the newest chunk.
    unused: Range<usize>,
    chunks: Vec<Range<usize>>,
    /// What the chunks, and guards that are mappings, take of the process's account.
    shares: Vec<Share>,
    live: usize,
    given_back: u64,
    /// The shortest that `warm` was since the sweep: so many at its front were not used.
    warm_low: usize,
    /// Slots at the front of `warm` that the sweep found unused.
    idle: usize,
    swept_at_ns: u64,
}

impl Lists {
    /// A free slot.
    fn take_free(&mut self, stride: usize) -> Option<Free> {
        if let Some(base) = self.warm.pop_back() {
            self.warm_low = self.warm_low.min(self.warm.len());
            self.idle = self.idle.min(self.warm.len());
            return Some(Free { base, prepared: true, warm: true });
        }
        if let Some(base) = self.cold.pop() {
            return Some(Free { base, prepared: true, warm: false });
        }
        let base = self.unprepared.pop().or_else(|| self.carve(stride))?;
        Some(Free { base, prepared: false, warm: false })
    }

    fn carve(&mut self, stride: usize) -> Option<usize> {
        let base = self.unused.start;
        (self.unused.len() >= stride).then(|| {
            self.unused.start += stride;
            base
        })
    }

    fn put_chunk(&mut self, (chunk, share): (Range<usize>, Share)) -> Range<usize> {
        self.shares.push(share);
        self.chunks.push(chunk.clone());
        chunk
    }

    /// Where the chunk begins that a slot was cut from.
    fn chunk_of(&self, base: usize) -> usize {
        let chunk = self.chunks.iter().rev().find(|chunk| chunk.contains(&base));
        chunk.expect("every slot was cut from a chunk").start
    }

    fn put_warm(&mut self, base: usize) {
        self.live -= 1;
        self.warm.push_back(base);
    }

    fn put_cold(&mut self, bases: &[usize]) {
        self.given_back += bases.len() as u64;
        self.cold.extend_from_slice(bases);
    }

    fn put_unprepared(&mut self, base: usize) {
        self.live -= 1;
        self.unprepared.push(base);
    }

    /// Moves some slots that are idle at `now_ns` out of `warm`.
    ///
    /// No slot carries a time: `warm` is a stack, so the slots below its lowest level between two
    /// sweeps were not touched between them.
    fn take_idle(&mut self, now_ns: u64, batch: &mut Vec<usize>) {
        if now_ns.saturating_sub(self.swept_at_ns) >= SWEEP_INTERVAL_NS {
            self.swept_at_ns = now_ns;
            self.idle = self.warm_low;
            self.warm_low = self.warm.len();
        }
        debug_assert!(self.idle <= self.warm_low && self.warm_low <= self.warm.len());
        let count = self.idle.min(TRIM_BATCH);
        self.idle -= count;
        self.warm_low -= count;
        batch.extend(self.warm.drain(..count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const CLASS: usize = 256 << 10;
    const SECOND: u64 = SWEEP_INTERVAL_NS;

    fn write(slot: &Slot, at: usize) {
        assert!(at < slot.len());
        // SAFETY: the byte lies in the slot, which is the test's.
        unsafe { slot.start().add(at).write(0xA5) };
    }

    fn is_zero(slot: &Slot) -> bool {
        // SAFETY: nobody writes to the slot meanwhile.
        let bytes = unsafe { std::slice::from_raw_parts(slot.start(), slot.len()) };
        bytes.iter().all(|&byte| byte == 0)
    }

    #[cfg(target_os = "linux")]
    fn resident_pages(slot: &Slot) -> usize {
        let mut pages = vec![0_u8; slot.len() / page_size()];
        // SAFETY: the vector has a byte for each page of the range.
        let done = unsafe { libc::mincore(slot.start().cast(), slot.len(), pages.as_mut_ptr()) };
        assert_eq!(done, 0);
        pages.iter().filter(|&page| page & 1 == 1).count()
    }

    fn clean(slots: Vec<Slot>) {
        for mut slot in slots {
            slot.set_clean();
        }
    }

    fn acquire(slab: &Arc<Slab>, count: usize) -> Vec<Slot> {
        (0..count).map(|_| slab.acquire().expect("there is room")).collect()
    }

    #[test]
    fn a_dirty_slot_comes_back_as_zeros() {
        let slab = Slab::new(CLASS, None, 1);
        for _ in 0..3 {
            let slot = slab.acquire().expect("the last one is free");
            assert!(is_zero(&slot));
            [0, 1, CLASS / 2, CLASS - 1].iter().for_each(|&at| write(&slot, at));
            assert!(!is_zero(&slot));
        }
        assert_eq!(slab.counts(), SlabCounts { live: 0, warm: 0, cold: 1, given_back: 3 });
    }

    #[test]
    fn at_the_limit_there_is_an_error_until_a_slot_is_dropped() {
        let slab = Slab::new(CLASS, None, 2);
        let mut slots = acquire(&slab, 2);
        for _ in 0..2 {
            let error = slab.acquire().err().expect("both are live");
            assert!(matches!(error, SlabError::OutOfSlots { class: CLASS, limit: 2 }));
            slots.pop();
            slots.push(slab.acquire().expect("one is free again"));
        }
    }

    #[test]
    fn the_slot_released_last_is_used_first() {
        let slab = Slab::new(CLASS, None, 8);
        let slots = acquire(&slab, 3);
        let last = slots[2].start();
        clean(slots);
        assert_eq!(slab.acquire().expect("three are free").start(), last);
    }

    #[test]
    fn live_slots_share_no_byte() {
        let slab = Slab::new(CLASS, None, 2_000);
        let slots = acquire(&slab, 2_000);
        let mut starts: Vec<usize> = slots.iter().map(|slot| slot.start().addr()).collect();
        starts.sort_unstable();
        assert!(starts.windows(2).all(|pair| pair[0] + CLASS <= pair[1]));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_slots_unused_since_the_last_sweep_are_given_back() {
        let slab = Slab::new(CLASS, None, 8);
        let slots = acquire(&slab, 3);
        slots.iter().for_each(|slot| write(slot, 0));
        // SAFETY: the test's own slots; they are clean thereafter, and still resident.
        slots.iter().for_each(|slot| unsafe { slot.start().write(0) });
        clean(slots);
        assert_eq!(slab.trim(SECOND), 0, "they were in use before");
        clean(acquire(&slab, 1));
        assert_eq!(slab.trim(2 * SECOND - 1), 0, "the time is not up");
        assert_eq!(slab.trim(2 * SECOND), 2, "one was used meanwhile");
        assert_eq!(slab.counts(), SlabCounts { live: 0, warm: 1, cold: 2, given_back: 2 });
        let resident: Vec<usize> = acquire(&slab, 3).iter().map(resident_pages).collect();
        assert_eq!(resident, [1, 0, 0]);
    }

    #[test]
    fn one_trim_is_bounded_and_the_next_goes_on() {
        let slab = Slab::new(page_size(), None, 5_000);
        clean(acquire(&slab, 5_000));
        assert_eq!(slab.trim(SECOND), 0);
        let trimmed = [0; 4].map(|_| slab.trim(2 * SECOND));
        assert_eq!(trimmed, [TRIM_SLOTS_MAX, TRIM_SLOTS_MAX, 5_000 - 2 * TRIM_SLOTS_MAX, 0]);
    }

    #[test]
    fn the_dead_of_a_big_population_do_not_all_stay_warm() {
        let slab = Slab::new(page_size(), None, WARM_SLOTS_MAX + 10);
        clean(acquire(&slab, WARM_SLOTS_MAX + 10));
        let counts = slab.counts();
        assert_eq!((counts.live, counts.warm, counts.cold), (0, WARM_SLOTS_MAX, 10));
    }

    #[test]
    fn a_slot_whose_guard_fails_is_no_slot_and_is_tried_again() {
        static REFUSALS: AtomicUsize = AtomicUsize::new(1);
        fn install(_: *mut u8, _: usize) -> io::Result<()> {
            let refuse = |left: usize| left.checked_sub(1);
            match REFUSALS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refuse) {
                Ok(_) => Err(io::ErrorKind::OutOfMemory.into()),
                Err(_) => Ok(()),
            }
        }
        let slab = Slab::new(CLASS, Some(Guard { bytes: page_size(), mappings: 0, install }), 1);
        let error = slab.acquire().err().expect("the guard is refused");
        assert!(matches!(error, SlabError::Map { .. }), "{error}");
        assert_eq!(slab.counts().live, 0);
        assert!(slab.acquire().is_ok());
    }

    #[test]
    fn a_class_that_no_address_space_holds_is_an_error() {
        let slab = Slab::new(ADDRESS_BYTES_MAX * 2, None, 1);
        assert!(matches!(slab.acquire().err(), Some(SlabError::Map { .. })));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn many_slots_take_few_mappings() {
        let slab = Slab::new(CLASS, None, 20_000);
        let slots = acquire(&slab, 20_000);
        slots.iter().for_each(|slot| write(slot, 0));
        let maps = std::fs::read_to_string("/proc/self/maps").expect("there is a /proc");
        assert!(maps.lines().count() < 1_000, "{}", maps.lines().count());
    }

    #[test]
    fn threads_share_a_slab() {
        let slab = Slab::new(CLASS, None, 64);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let slab = &slab;
                scope.spawn(move || {
                    for round in 0..200 {
                        let slots = acquire(slab, 8);
                        assert!(slots.iter().all(is_zero));
                        slots.iter().for_each(|slot| write(slot, thread * 7 + round));
                        slab.trim(round as u64 * SECOND);
                    }
                });
            }
        });
        assert_eq!(slab.counts().live, 0);
    }
}
