//! Images: what memories of one module hold at the start, shared by the actors that have not changed it.
//!
//! Most of a program's data is constant, and most of it an idle actor never looks at. Copied into each
//! memory it would be the greater part of what an actor costs. So the slots of a module with an image
//! are mapped, privately, out of a file in memory that holds the image over and over: once for every
//! slot of a *run*. A page that an actor only reads is the file's; one that it writes becomes its own. A
//! run is one mapping, and every run maps the same file, so that a million actors take some thousand
//! mappings and the file's pages are few.
//!
//! The kernel would map what lies around a page that is read as well, and count it as resident in every
//! actor. It refrains where a userfaultfd watches for writes, so one is set to watch that is never used;
//! where the system allows none, nothing but that count is worse.
//!
//! Where there is no such file, or too many runs are mapped already, the image is copied into a slot of
//! the ordinary kind.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::limits::{IMAGE_BYTES_MAX, IMAGE_RUNS_MAX};
use crate::slab::Slab;

/// Slots of a run. Each holds the image and, behind what its actors write, a page of the file.
const RUN_SLOTS: usize = 64;

/// The biggest slot that is made of a file: a bigger memory is not worth it.
const SLOT_BYTES_MAX: usize = 4 << 20;

/// Runs mapped in this process, against [`IMAGE_RUNS_MAX`].
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// The start of every memory of one module.
pub(crate) struct Image {
    start: usize,
    bytes: Arc<[u8]>,
    memory_bytes: usize,
    slab: OnceLock<Option<Arc<Slab>>>,
}

impl Image {
    /// `bytes` at `start`, in memories of `memory_bytes`; `None` if they do not fit in.
    pub(crate) fn new(start: usize, bytes: &[u8], memory_bytes: usize) -> Option<Arc<Image>> {
        let fits = start.checked_add(bytes.len()).is_some_and(|end| end <= memory_bytes);
        let bytes = bytes.into();
        fits.then(|| Arc::new(Image { start, bytes, memory_bytes, slab: OnceLock::new() }))
    }

    /// Whether a memory of this size can begin with it.
    pub(crate) fn fits(&self, size: usize) -> bool {
        size >= self.memory_bytes
    }

    /// The slab of slots that begin with it, which `make` is asked to make once; `None` where there is
    /// no such thing.
    pub(crate) fn slab(
        &self,
        make: impl FnOnce(ImageFile) -> Arc<Slab>,
        slot_bytes: usize,
    ) -> Option<&Arc<Slab>> {
        let made = self.slab.get_or_init(|| {
            let file = ImageFile::new(self.start, self.bytes.clone(), slot_bytes)?;
            Some(make(file))
        });
        made.as_ref()
    }

    /// Writes it into a memory that holds zeros.
    ///
    /// # Safety
    ///
    /// At `memory` begin as many bytes as [`Image::fits`], and they are the caller's.
    pub(crate) unsafe fn copy_to(&self, memory: *mut u8) {
        // SAFETY: the image lies within the bytes that the caller owns.
        unsafe { memory.add(self.start).copy_from_nonoverlapping(self.bytes.as_ptr(), self.bytes.len()) };
    }
}

/// The file that holds the image once for each slot of a run.
pub(crate) struct ImageFile {
    file: File,
    start: usize,
    bytes: Arc<[u8]>,
    slot_bytes: usize,
    /// How many slots of it hold the image yet.
    written: Mutex<usize>,
}

impl ImageFile {
    fn new(start: usize, bytes: Arc<[u8]>, slot_bytes: usize) -> Option<ImageFile> {
        if slot_bytes > SLOT_BYTES_MAX || bytes.len() > IMAGE_BYTES_MAX {
            return None;
        }
        let file = memory_file().ok()?;
        file.set_len((RUN_SLOTS * slot_bytes) as u64).ok()?;
        Some(ImageFile { file, start, bytes, slot_bytes, written: Mutex::new(0) })
    }

    /// Bytes of a run.
    pub(crate) fn len(&self) -> usize {
        RUN_SLOTS * self.slot_bytes
    }

    /// The file, to map one more run of it, if there may be one more.
    pub(crate) fn for_run(&self) -> io::Result<&File> {
        let more = |runs: usize| (runs < IMAGE_RUNS_MAX).then_some(runs + 1);
        match RUNS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(&self.file),
            Err(_) => Err(io::ErrorKind::OutOfMemory.into()),
        }
    }

    /// A run was unmapped, or could not be mapped.
    pub(crate) fn end_run(&self) {
        RUNS.fetch_sub(1, Ordering::Relaxed);
    }

    /// Makes sure that the slot at this offset in a run holds the image.
    pub(crate) fn prepare(&self, offset: usize) -> io::Result<()> {
        let slot = offset / self.slot_bytes;
        let mut written = self.written.lock();
        while *written <= slot {
            let at = *written * self.slot_bytes + self.start;
            self.file.write_all_at(&self.bytes, at as u64)?;
            *written += 1;
        }
        Ok(())
    }

    /// Makes `range`, in bytes from the start of the slot at `slot`, what it was at first.
    ///
    /// # Safety
    ///
    /// The range lies in the slot, which is the caller's.
    pub(crate) unsafe fn restore(&self, slot: *mut u8, range: Range<usize>) {
        let middle = clamp(self.start, &range)..clamp(self.start + self.bytes.len(), &range);
        // SAFETY: the three parts are those of the range.
        unsafe {
            slot.add(range.start).write_bytes(0, middle.start - range.start);
            let from = self.bytes[middle.start.saturating_sub(self.start).min(self.bytes.len())..].as_ptr();
            slot.add(middle.start).copy_from_nonoverlapping(from, middle.len());
            slot.add(middle.end).write_bytes(0, range.end - middle.end);
        }
    }

    /// Writes the image into a slot that holds zeros.
    ///
    /// # Safety
    ///
    /// At `memory` begins a slot at least as long as one of this file, and it is the caller's.
    pub(crate) unsafe fn copy_to(&self, memory: *mut u8) {
        // SAFETY: the image lies within the slot.
        unsafe { memory.add(self.start).copy_from_nonoverlapping(self.bytes.as_ptr(), self.bytes.len()) };
    }
}

fn clamp(at: usize, range: &Range<usize>) -> usize {
    at.clamp(range.start, range.end)
}

#[cfg(target_os = "linux")]
fn memory_file() -> io::Result<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    Ok(memfd_create("flower-image", MemfdFlags::CLOEXEC)?.into())
}

/// Here images are copied.
#[cfg(not(target_os = "linux"))]
fn memory_file() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Lets a read in this range bring the page that is read and none of its neighbours.
#[cfg(target_os = "linux")]
pub(crate) fn read_single_pages(range: &Range<usize>) {
    if let Some(watcher) = WATCHER.as_ref() {
        watcher.watch(range);
    }
}

/// Has nobody do anything.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read_single_pages(_range: &Range<usize>) {}

/// The one userfaultfd of the process; nothing is ever protected, so nothing is ever read from it.
#[cfg(target_os = "linux")]
static WATCHER: std::sync::LazyLock<Option<watch::Watcher>> = std::sync::LazyLock::new(watch::Watcher::new);

/// `linux/userfaultfd.h`, as far as needed.
#[cfg(target_os = "linux")]
mod watch {
    use std::ops::Range;
    use std::os::fd::{FromRawFd, OwnedFd};

    use rustix::ioctl::{Updater, ioctl, opcode};

    /// Only faults of user code, which needs no privilege.
    const USER_MODE_ONLY: libc::c_long = 1;
    /// Version of the interface.
    const API: u64 = 0xAA;
    /// Watching for writes to memory that is backed by a file in memory.
    const FEATURE_WP_HUGETLBFS_SHMEM: u64 = 1 << 12;
    /// To watch for writes.
    const REGISTER_MODE_WP: u64 = 1 << 1;

    /// `struct uffdio_api`.
    #[repr(C)]
    struct Api {
        api: u64,
        features: u64,
        ioctls: u64,
    }

    /// `struct uffdio_register`.
    #[repr(C)]
    struct Register {
        start: u64,
        len: u64,
        mode: u64,
        ioctls: u64,
    }

    /// A userfaultfd.
    pub(super) struct Watcher(OwnedFd);

    impl Watcher {
        pub(super) fn new() -> Option<Watcher> {
            let flags = libc::c_long::from(libc::O_CLOEXEC | libc::O_NONBLOCK) | USER_MODE_ONLY;
            // SAFETY: the call takes flags and no pointer.
            let fd = unsafe { libc::syscall(libc::SYS_userfaultfd, flags) };
            let fd = i32::try_from(fd).ok().filter(|&fd| fd >= 0)?;
            // SAFETY: the call has just returned it.
            let watcher = Watcher(unsafe { OwnedFd::from_raw_fd(fd) });
            let mut api = Api { api: API, features: FEATURE_WP_HUGETLBFS_SHMEM, ioctls: 0 };
            // SAFETY: `UFFDIO_API` takes a pointer to this structure.
            let agreed = unsafe {
                ioctl(&watcher.0, Updater::<{ opcode::read_write::<Api>(0xAA, 0x3F) }, _>::new(&mut api))
            };
            agreed.is_ok().then_some(watcher)
        }

        /// Watches a range for writes to protected pages, of which there are none.
        pub(super) fn watch(&self, range: &Range<usize>) {
            let (start, len) = (range.start as u64, range.len() as u64);
            let mut register = Register { start, len, mode: REGISTER_MODE_WP, ioctls: 0 };
            // SAFETY: `UFFDIO_REGISTER` takes a pointer to this structure; the range is a mapping of ours.
            // Where it is refused, reads bring more pages than one, and that is all.
            let _ = unsafe {
                ioctl(
                    &self.0,
                    Updater::<{ opcode::read_write::<Register>(0xAA, 0x00) }, _>::new(&mut register),
                )
            };
        }
    }
}

#[cfg(test)]
mod tests;
