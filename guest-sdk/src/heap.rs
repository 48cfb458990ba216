//! The beginning of the heap: the first small allocations of an actor stand among its statics.
//!
//! The allocator of the C library writes to both ends of the memory that it is given, with its first
//! allocation, which costs an actor that hardly allocates two pages. Here the first bytes come from a
//! buffer in a page that is written anyway, and the C library is asked when that is used up. What is
//! freed there is used again if it was the last, or when all of it is free.
//!
//! A program with an allocator of its own leaves out the feature `heap`.

use std::cell::{Cell, UnsafeCell};

/// Bytes of the buffer: room for what receiving a message and answering it takes.
const BYTES: usize = 1536;

/// A buffer that allocations are cut from, one after the other.
#[repr(C, align(16))]
struct First<const N: usize> {
    bytes: UnsafeCell<[u8; N]>,
    used: Cell<usize>,
    live: Cell<usize>,
}

impl<const N: usize> First<N> {
    const fn new() -> First<N> {
        First { bytes: UnsafeCell::new([0; N]), used: Cell::new(0), live: Cell::new(0) }
    }

    fn start(&self) -> usize {
        self.bytes.get() as usize
    }

    /// Cuts off so many bytes.
    fn take(&self, size: usize, align: usize) -> Option<*mut u8> {
        let at = (self.start() + self.used.get()).checked_next_multiple_of(align)? - self.start();
        let end = at.checked_add(size).filter(|&end| end <= N)?;
        self.used.set(end);
        self.live.set(self.live.get() + 1);
        Some(self.bytes.get().cast::<u8>().wrapping_add(at))
    }

    /// Whether this was cut off here.
    fn owns(&self, place: *mut u8) -> bool {
        (self.start()..self.start() + N).contains(&(place as usize))
    }

    /// Takes it back.
    fn give(&self, place: *mut u8, size: usize) {
        let at = place as usize - self.start();
        self.live.set(self.live.get() - 1);
        if self.live.get() == 0 {
            self.used.set(0);
        } else if at + size == self.used.get() {
            self.used.set(at);
        }
    }

    /// Changes the size of what was cut off last; false if it was not the last, or there is no room.
    fn resize(&self, place: *mut u8, size: usize, new_size: usize) -> bool {
        let at = place as usize - self.start();
        let fits = at + size == self.used.get() && at.checked_add(new_size).is_some_and(|end| end <= N);
        if fits {
            self.used.set(at + new_size);
        }
        fits
    }
}

#[cfg(target_family = "wasm")]
mod global {
    use std::alloc::{GlobalAlloc, Layout, System};

    use std::cell::UnsafeCell;

    use super::{BYTES, First};

    /// Fills a page of 4 KiB, so that the statics behind it begin one: an actor mostly writes to no other. The compiler puts
    /// the statics of a crate in the order of their names, and the linker those that begin as zeros last, which is why
    /// this one does not.
    #[repr(align(4096))]
    struct Page {
        _bytes: UnsafeCell<[u8; 4096]>,
    }

    // SAFETY: nobody reads or writes it.
    unsafe impl Sync for Page {}

    #[used]
    static BEFORE: Page = Page { _bytes: UnsafeCell::new([1; 4096]) };

    #[global_allocator]
    static HEAP: Heap = Heap(First::new());

    struct Heap(First<BYTES>);

    // SAFETY: an instance has one thread.
    unsafe impl Sync for Heap {}

    // SAFETY: what is cut from the buffer is as long and as aligned as the layout says, and overlaps
    // nothing that is live; all else is the system's.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            match self.0.take(layout.size(), layout.align()) {
                Some(place) => place,
                // SAFETY: the caller's promise is the same.
                None => unsafe { System.alloc(layout) },
            }
        }

        unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
            if self.0.owns(place) {
                return self.0.give(place, layout.size());
            }
            // SAFETY: what is not the buffer's came from the system.
            unsafe { System.dealloc(place, layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            let Some(place) = self.0.take(layout.size(), layout.align()) else {
                // SAFETY: the caller's promise is the same.
                return unsafe { System.alloc_zeroed(layout) };
            };
            // SAFETY: so many bytes were just cut off.
            unsafe { place.write_bytes(0, layout.size()) };
            place
        }

        unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
            if !self.0.owns(place) {
                // SAFETY: what is not the buffer's came from the system.
                return unsafe { System.realloc(place, layout, new_size) };
            }
            if self.0.resize(place, layout.size(), new_size) {
                return place;
            }
            // SAFETY: the caller promises that the new size is valid with this alignment.
            let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
            if !moved.is_null() {
                // SAFETY: both places have so many bytes, and the old one is live.
                unsafe { moved.copy_from_nonoverlapping(place, layout.size().min(new_size)) };
                self.0.give(place, layout.size());
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_live_never_overlaps() {
        let first = First::<BYTES>::new();
        let mut live: Vec<(usize, usize)> = Vec::new();
        let mut random = 1_u32;
        for _ in 0..100_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let size = 1 + (random >> 8) as usize % 200;
            let align = 1 << ((random >> 16) % 5);
            if random >> 31 == 0 {
                let Some(place) = first.take(size, align) else { continue };
                let start = place as usize;
                assert!(start.is_multiple_of(align) && first.owns(place));
                assert!(start + size <= first.start() + BYTES);
                assert!(live.iter().all(|&(at, len)| start + size <= at || at + len <= start));
                live.push((start, size));
            } else if !live.is_empty() {
                let (start, size) = live.swap_remove(random as usize % live.len());
                first.give(start as *mut u8, size);
            }
        }
    }

    #[test]
    fn it_is_whole_again_when_all_is_free() {
        let first = First::<BYTES>::new();
        let places: Vec<*mut u8> = (0..3).map(|_| first.take(BYTES / 3, 1).unwrap()).collect();
        assert!(first.take(1, 1).is_none());
        places.into_iter().for_each(|place| first.give(place, BYTES / 3));
        assert!(first.take(BYTES, 16).is_some());
    }

    #[test]
    fn the_last_grows_and_is_given_back_in_place() {
        let first = First::<BYTES>::new();
        let (one, two) = (first.take(10, 1).unwrap(), first.take(10, 1).unwrap());
        assert!(!first.resize(one, 10, 11) && first.resize(two, 10, 1000));
        assert!(!first.resize(two, 1000, BYTES));
        first.give(two, 1000);
        assert_eq!(first.take(10, 1), Some(two));
    }

    #[test]
    fn no_size_overflows() {
        let first = First::<BYTES>::new();
        assert!(first.take(usize::MAX, 1).is_none() && first.take(1, 1 << (usize::BITS - 1)).is_none());
        let one = first.take(1, 1).unwrap();
        assert!(!first.resize(one, 1, usize::MAX));
    }
}
