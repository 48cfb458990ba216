//! Compiled modules on disk, so that a module is compiled once for all runs of the host.
//!
//! An artifact is found by the hash of the module's bytes and the [`Compatibility`] of what the host
//! makes of them. Loading one means running it, so the folder must belong to the user and be
//! writable by nobody else, which is checked when it is opened; and the checksum of the whole file
//! is compared before each use, which finds damage (a full disk, a lost write after a crash).
//!
//! The cache never makes a load fail: what is missing, damaged or unreadable is compiled again. Any
//! number of hosts may share a folder, since a file appears complete and is never changed.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use wasmtime::Engine;

use super::artifact::{Artifact, ArtifactFault, Compatibility, seal};
use super::error::LoadError;
use super::folder::{Folder, TEMPORARY, touch};
use super::source::ModuleHash;
use super::validate::Shape;

/// What the names of artifacts end with.
const EXTENSION: &str = ".cwasm";

/// A folder with compiled modules.
pub struct Cache {
    folder: Folder,
    bytes_max: u64,
    /// A failed write has been reported.
    warned: AtomicBool,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    rejected: AtomicU64,
    stored: AtomicU64,
    failed: AtomicU64,
    evicted: AtomicU64,
}

/// What a cache has done since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CacheStats {
    /// Modules that were found.
    pub hits: u64,
    /// Modules that were not there.
    pub misses: u64,
    /// Artifacts that were there and could not be used.
    pub rejected: u64,
    /// Artifacts written.
    pub stored: u64,
    /// Artifacts that could not be written.
    pub failed: u64,
    /// Artifacts removed to make room.
    pub evicted: u64,
}

/// What an artifact is found by.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(crate) hash: ModuleHash,
    pub(crate) compatibility: Compatibility,
}

impl Key {
    fn file_name(&self) -> String {
        format!("{}-{:016x}{EXTENSION}", self.hash, self.compatibility.short())
    }
}

impl Cache {
    /// Bytes that a cache holds unless its owner says otherwise; without a bound the disk fills up.
    pub const BYTES_MAX: u64 = 1024 * 1024 * 1024;

    /// Opens a cache, and makes its folder if need be.
    ///
    /// Refuses a folder that belongs to another user, or that others may write to. It holds up to
    /// `bytes_max` bytes, of which the least recently used go first.
    pub fn open(path: impl AsRef<Path>, bytes_max: u64) -> Result<Cache, LoadError> {
        let folder = Folder::private(path.as_ref())?;
        Ok(Cache { folder, bytes_max, warned: AtomicBool::new(false), counts: Counts::default() })
    }

    /// What it has done so far.
    pub fn stats(&self) -> CacheStats {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CacheStats {
            hits: get(&self.counts.hits),
            misses: get(&self.counts.misses),
            rejected: get(&self.counts.rejected),
            stored: get(&self.counts.stored),
            failed: get(&self.counts.failed),
            evicted: get(&self.counts.evicted),
        }
    }

    /// Looks a module up; whatever is wrong with what it finds, the answer is `None`.
    pub(crate) fn get(&self, engine: &Engine, key: &Key) -> Option<(wasmtime::Module, Shape)> {
        let found = self.find(engine, key);
        match &found {
            Ok(Some(_)) => add(&self.counts.hits),
            Ok(None) => add(&self.counts.misses),
            Err(fault) => {
                add(&self.counts.rejected);
                let path = self.folder.path().join(key.file_name());
                tracing::warn!("compiling again instead of using {}: {fault}", path.display());
            }
        }
        found.ok().flatten()
    }

    fn find(&self, engine: &Engine, key: &Key) -> Result<Option<(wasmtime::Module, Shape)>, ArtifactFault> {
        let Some(file) = self.folder.read_private(&key.file_name())? else { return Ok(None) };
        // A failure only makes it look older than it is.
        let _ = touch(&file);
        let artifact = Artifact::open(file)?;
        artifact.check_compatibility(key.compatibility)?;
        if artifact.hash() != key.hash {
            return Err(ArtifactFault::OtherModule);
        }
        artifact.check_content()?;
        let shape = artifact.shape()?;
        // SAFETY: only this user could write to the folder when it was opened, hosts write whole
        // artifacts there and never change them, and this one is what was written, by its checksum.
        let module = unsafe { artifact.load(engine)? };
        Ok(Some((module, shape)))
    }

    /// Keeps a compiled module; a failure is reported once and changes nothing else.
    pub(crate) fn put(&self, key: &Key, code: &[u8], shape: &Shape) {
        let trailer = seal(code, shape, key.hash, key.compatibility);
        if (code.len() + trailer.len()) as u64 > self.bytes_max {
            return;
        }
        let written = self.folder.write(OsStr::new(&key.file_name()), &[code, &trailer]);
        match written.and_then(|()| self.evict()) {
            Ok(()) => add(&self.counts.stored),
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &io::Error) {
        add(&self.counts.failed);
        if !self.warned.swap(true, Ordering::Relaxed) {
            let path = self.folder.path().display();
            tracing::warn!(
                "cannot keep compiled modules in {path}: {error}; they are compiled again each time"
            );
        }
    }

    /// Removes the oldest files until the rest fits. Files that other programs put there stay.
    fn evict(&self) -> io::Result<()> {
        let mut files = self.folder.list()?;
        files.retain(|file| is_ours(file.name.to_bytes()));
        let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
        files.sort_unstable_by_key(|file| file.modified);
        for file in files {
            if bytes <= self.bytes_max {
                break;
            }
            self.folder.remove(&file.name)?;
            bytes -= file.bytes;
            add(&self.counts.evicted);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cache({}, {:?})", self.folder.path().display(), self.stats())
    }
}

/// Whether a cache wrote a file of this name.
fn is_ours(name: &[u8]) -> bool {
    name.ends_with(EXTENSION.as_bytes()) || name.starts_with(TEMPORARY.as_bytes())
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}
