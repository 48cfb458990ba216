//! A folder that is held open: files in it are found, written and removed beside other processes.
//!
//! Everything goes through the descriptor of the folder that was checked, so that renaming or
//! replacing the path afterwards cannot lead elsewhere. A file gets its name only when it is
//! complete, and is never written to after that.

use std::ffi::{CStr, CString};
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    self, AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::error::LoadError;

/// What the name of a file that is being written begins with.
pub(crate) const TEMPORARY: &str = ".tmp-";

/// Names tried for a temporary file; a killed process, or one of another container, may have left some.
const TEMPORARY_TRIES: u32 = 100;

/// A folder that is held open.
pub(crate) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
    mode: Mode,
    written: AtomicU64,
}

/// A file in a folder.
pub(crate) struct Listed {
    pub(crate) name: CString,
    pub(crate) bytes: u64,
    /// Seconds and nanoseconds of its last change.
    pub(crate) modified: (i128, i128),
}

impl Folder {
    /// Opens a folder that nobody else can write to, and makes it if need be.
    pub(crate) fn private(path: &Path) -> Result<Folder, LoadError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(LoadError::io("make the folder", path))?;
        let folder = Folder::open(path, Mode::RUSR | Mode::WUSR)?;
        let stat = fs::fstat(&folder.fd).map_err(|errno| LoadError::io("examine", path)(errno.into()))?;
        match insecurity(&stat) {
            Some(why) => Err(LoadError::CacheFolder { path: path.to_owned(), why }),
            None => Ok(folder),
        }
    }

    /// Opens any folder, to write files that others may read.
    pub(crate) fn public(path: &Path) -> Result<Folder, LoadError> {
        Folder::open(path, Mode::from_raw_mode(0o666))
    }

    fn open(path: &Path, mode: Mode) -> Result<Folder, LoadError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match fs::open(path, flags, Mode::empty()) {
            Ok(fd) => Ok(Folder { fd, path: path.to_owned(), mode, written: AtomicU64::new(0) }),
            Err(errno) => Err(LoadError::io("open the folder", path)(errno.into())),
        }
    }

    /// Where it was when it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file for reading that nobody else can write to; `None` when there is none of this name.
    ///
    /// It may be older than the rights of the folder, so it is examined too.
    pub(crate) fn read_private(&self, name: &str) -> io::Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = match fs::openat(&self.fd, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            opened => opened?,
        };
        let stat = fs::fstat(&fd)?;
        if is_file(&stat) && insecurity(&stat).is_none() {
            return Ok(Some(File::from(fd)));
        }
        Err(Errno::PERM.into())
    }

    /// Writes a file under a temporary name and gives it its own, in the place of an older one.
    pub(crate) fn write(&self, name: &std::ffi::OsStr, parts: &[&[u8]]) -> io::Result<()> {
        let (temporary, mut file) = self.temporary()?;
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        let named = written.and_then(|()| Ok(fs::renameat(&self.fd, &temporary, &self.fd, name)?));
        if named.is_err() {
            // What matters is the first error; a file that stays behind is found by the next eviction.
            let _ = fs::unlinkat(&self.fd, &temporary, AtFlags::empty());
        }
        named
    }

    fn temporary(&self) -> io::Result<(String, File)> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        for _ in 0..TEMPORARY_TRIES {
            let number = self.written.fetch_add(1, Ordering::Relaxed);
            let name = format!("{TEMPORARY}{}-{number}", process::id());
            match fs::openat(&self.fd, &name, flags, self.mode) {
                Ok(fd) => return Ok((name, File::from(fd))),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Err(Errno::EXIST.into())
    }

    /// Removes a file; somebody else may have done so already.
    pub(crate) fn remove(&self, name: &CStr) -> io::Result<()> {
        match fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Lists the regular files; those that vanish meanwhile are left out.
    pub(crate) fn list(&self) -> io::Result<Vec<Listed>> {
        let mut files = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let name = entry?.file_name().to_owned();
            match fs::statat(&self.fd, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if is_file(&stat) => files.push(Listed::new(name, &stat)),
                _ => {}
            }
        }
        Ok(files)
    }
}

impl Listed {
    fn new(name: CString, stat: &Stat) -> Listed {
        let modified = (stat.st_mtime.into(), stat.st_mtime_nsec.into());
        Listed { name, bytes: u64::try_from(stat.st_size).unwrap_or(0), modified }
    }
}

/// Marks a file as used just now.
pub(crate) fn touch(file: &File) -> io::Result<()> {
    let keep = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: keep, last_modification: now };
    Ok(fs::futimens(file, &times)?)
}

fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// Why others could write to a file or folder.
fn insecurity(stat: &Stat) -> Option<&'static str> {
    if stat.st_uid != geteuid().as_raw() {
        Some("it belongs to another user; name a folder of your own")
    } else if Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        Some("others may write to it; take that right away (chmod go-w)")
    } else {
        None
    }
}
