//! What a slab asks of the system: addresses, and that pages come and go.

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::LazyLock;

#[cfg(target_os = "linux")]
use rustix::mm::{Advice, madvise};
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

use crate::address_space::Share;
use crate::image::{self, ImageFile};

/// What a slot may be used for.
const ACCESS: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

/// Bytes of a page of the machine. The C library is asked, because rustix's own look at the auxiliary
/// vector crashes under valgrind.
pub(crate) fn page_size() -> usize {
    static BYTES: LazyLock<usize> = LazyLock::new(|| {
        // SAFETY: asks for a number.
        let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(bytes).expect("a page has a size")
    });
    *BYTES
}

/// Reserves addresses; their pages are taken at first touch.
pub(super) fn map(bytes: usize) -> io::Result<(Range<usize>, Share)> {
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: a new anonymous mapping, where the kernel finds room for it, overlaps nothing.
    reserve(bytes, || unsafe { mmap_anonymous(ptr::null_mut(), bytes, ACCESS, flags) })
}

/// Maps one more run of an image.
pub(super) fn map_run(image: &ImageFile) -> io::Result<(Range<usize>, Share)> {
    let file = image.for_run()?;
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: a new mapping, where the kernel finds room for it, overlaps nothing.
    let run = reserve(image.len(), || unsafe { mmap(ptr::null_mut(), image.len(), ACCESS, flags, file, 0) });
    let run = run.inspect_err(|_| image.end_run())?;
    image::read_single_pages(&run.0);
    Ok(run)
}

fn reserve(
    bytes: usize,
    map: impl FnOnce() -> rustix::io::Result<*mut c_void>,
) -> io::Result<(Range<usize>, Share)> {
    let share = share(1, bytes)?;
    let start = map()?;
    refuse_huge_pages(start, bytes);
    let start = start.expose_provenance();
    Ok((start..start + bytes, share))
}

pub(super) fn share(mappings: u32, bytes: usize) -> io::Result<Share> {
    Share::take(mappings, bytes).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

pub(super) fn unmap(chunk: Range<usize>) {
    // SAFETY: the chunk came from `map`, and its slab, which is going away, has no live slot.
    let unmapped = unsafe { munmap(ptr::with_exposed_provenance_mut(chunk.start), chunk.len()) };
    debug_assert!(unmapped.is_ok(), "{unmapped:?}");
}

/// An actor that touches one byte would get 2 MiB where huge pages are the system's default.
#[cfg(target_os = "linux")]
fn refuse_huge_pages(start: *mut c_void, bytes: usize) {
    // SAFETY: the range was just mapped; the advice changes no content.
    // A kernel without huge pages refuses the advice, which is as good.
    let _ = unsafe { madvise(start, bytes, Advice::LinuxNoHugepage) };
}

#[cfg(not(target_os = "linux"))]
fn refuse_huge_pages(_start: *mut c_void, _bytes: usize) {}

/// Gives the pages of a range back; what is read there next is as it was at first. Swapped pages go too.
/// False if the kernel keeps them.
///
/// # Safety
///
/// The range consists of whole pages of a slab's chunk, without a guard, that nobody else uses.
#[cfg(target_os = "linux")]
pub(super) unsafe fn give_back(range: Range<usize>) -> bool {
    let start = ptr::with_exposed_provenance_mut::<c_void>(range.start);
    // SAFETY: the caller owns the range; a private mapping becomes what it was mapped from, or zeros.
    range.is_empty() || unsafe { madvise(start, range.len(), Advice::LinuxDontNeed) }.is_ok()
}

/// Has the kernel put pages under a range. One that cannot (Linux before 5.14) leaves it to faults.
#[cfg(target_os = "linux")]
pub(super) fn populate(range: Range<usize>) {
    let start = ptr::with_exposed_provenance_mut::<c_void>(range.start);
    // SAFETY: the range lies in a slot; pages that are there stay as they are, others become zeros.
    let _ = unsafe { madvise(start, range.len(), Advice::LinuxPopulateWrite) };
}

/// Has nobody do anything: pages come by faults.
#[cfg(not(target_os = "linux"))]
pub(super) fn populate(_range: Range<usize>) {}

/// Here no advice promises zeros, but a new mapping in the place of the old one does.
///
/// # Safety
///
/// As above.
#[cfg(not(target_os = "linux"))]
pub(super) unsafe fn give_back(range: Range<usize>) -> bool {
    let start = ptr::with_exposed_provenance_mut::<c_void>(range.start);
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
    // SAFETY: the caller owns the range; a mapping that could not be replaced is still there.
    range.is_empty() || unsafe { mmap_anonymous(start, range.len(), ACCESS, flags) }.is_ok()
}
