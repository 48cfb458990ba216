//! Which pages of the process hold anything, as its page table knows it.

use std::ffi::c_void;
use std::fs::File;
use std::ops::Range;
use std::ptr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

use super::{Slot, page_size};
use crate::kernel::Feature;

/// Runs of dirty pages that one system call reports.
const REGIONS_MAX: usize = 32;

// The categories of a page, from `linux/fs.h`.
const PAGE_IS_FILE: u64 = 1 << 2;
const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;
const PAGE_IS_PFNZERO: u64 = 1 << 5;

static PAGEMAP: LazyLock<Option<File>> =
    LazyLock::new(|| Feature::PagemapScan.is_allowed().then(open).flatten());

/// False where the kernel lacks the ioctl, and in a forked child, whose file shows its parent.
static USABLE: AtomicBool = AtomicBool::new(true);

/// Shows `visit` the runs of dirty pages in the first `used` bytes of `slot`, at most `pages_max`
/// pages, and whether they are on disk; returns how far it came.
pub(super) fn visit_dirty(
    slot: &Slot,
    used: usize,
    mut pages_max: usize,
    mut visit: impl FnMut(Range<usize>, bool),
) -> usize {
    let base = slot.start().expose_provenance();
    let mut regions = [Region::default(); REGIONS_MAX];
    let mut done = 0;
    while done < used && pages_max > 0 {
        let Some(scan) = scan(base + done..base + used, pages_max, &mut regions) else { break };
        for region in &regions[..scan.regions] {
            let range = region.start as usize - base..region.end as usize - base;
            pages_max = pages_max.saturating_sub(range.len() / page_size());
            visit(range, region.categories & PAGE_IS_SWAPPED != 0);
        }
        done = used.min(scan.end - base);
    }
    done
}

/// Fills `regions` with runs of pages in `range` that may hold anything but what was there at first.
fn scan(range: Range<usize>, pages_max: usize, regions: &mut [Region]) -> Option<Scanned> {
    let file = PAGEMAP.as_ref().filter(|_| USABLE.load(Ordering::Relaxed))?;
    let arg = ScanArg {
        size: size_of::<ScanArg>() as u64,
        start: range.start as u64,
        end: range.end as u64,
        vec: regions.as_mut_ptr().expose_provenance() as u64,
        vec_len: regions.len() as u64,
        max_pages: pages_max as u64,
        // Anything there, on disk too, except what a mere read maps: the shared page of zeros, or a
        // page of the image's file.
        category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        category_inverted: PAGE_IS_PFNZERO | PAGE_IS_FILE,
        category_mask: PAGE_IS_PFNZERO | PAGE_IS_FILE,
        return_mask: PAGE_IS_SWAPPED,
        ..ScanArg::default()
    };
    // SAFETY: `ScanArg` is what the ioctl takes, and its vector is `regions`, which is
    // borrowed.
    match unsafe { ioctl(file, arg) } {
        Ok(scanned) => Some(scanned).filter(|scanned| scanned.end > range.start),
        Err(error) => {
            let passing = error == Errno::NOMEM || error == Errno::INTR;
            USABLE.fetch_and(passing, Ordering::Relaxed);
            None
        }
    }
}

fn open() -> Option<File> {
    // SAFETY: the handler does no more than a store, which is allowed between fork and exec.
    let watched = unsafe { libc::pthread_atfork(None, None, Some(forked)) } == 0;
    File::open("/proc/self/pagemap").ok().filter(|_| watched)
}

unsafe extern "C" fn forked() {
    USABLE.store(false, Ordering::Relaxed);
}

/// `struct page_region`: a run of pages of the same categories.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Region {
    start: u64,
    end: u64,
    categories: u64,
}

/// `struct pm_scan_arg`.
#[repr(C)]
#[derive(Default)]
struct ScanArg {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// What one call found: this many regions up to this address.
struct Scanned {
    regions: usize,
    end: usize,
}

// SAFETY: `PAGEMAP_SCAN` takes a pointer to this structure, and writes to it and to its vector;
// its number is the kernel's, and the result that of `output_from_ptr`.
unsafe impl Ioctl for ScanArg {
    type Output = Scanned;
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<ScanArg>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        ptr::from_mut(self).cast()
    }

    unsafe fn output_from_ptr(regions: IoctlOutput, arg: *mut c_void) -> rustix::io::Result<Scanned> {
        // SAFETY: this is the pointer of `as_ptr`.
        let arg = unsafe { &*arg.cast::<ScanArg>() };
        Ok(Scanned { regions: regions as usize, end: arg.walk_end as usize })
    }
}
