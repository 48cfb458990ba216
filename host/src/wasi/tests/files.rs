//! Files: reading, writing, listing, and staying inside the granted directory.

use std::fs;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};

use wasmtime_wasi::p1::types::{Oflags, Rights};

use super::*;

/// The granted directory.
const ROOT: u64 = 3;

impl Guest {
    /// Puts a path to [`DATA`]; pointer and length.
    fn path(&mut self, path: &str) -> [u64; 2] {
        self.set(DATA, path.as_bytes());
        [DATA.into(), path.len() as u64]
    }

    /// The arguments of `path_open` for reading and, unless it must be a directory, writing.
    fn open_args(&mut self, path: &str, flags: Oflags) -> [u64; 9] {
        let [pointer, len] = self.path(path);
        let directory = flags.contains(Oflags::DIRECTORY);
        let write = if directory { Rights::FD_READDIR } else { Rights::FD_WRITE };
        let rights = (Rights::FD_READ | write).bits();
        [ROOT, 1, pointer, len, flags.bits().into(), rights, rights, 0, OUT.into()]
    }

    fn open(&mut self, path: &str, flags: Oflags) -> u64 {
        let args = self.open_args(path, flags);
        self.ok("path_open", &args);
        self.get_u32(OUT).into()
    }

    /// Reads once, into two buffers.
    fn read(&mut self, fd: u64, len: u32) -> Vec<u8> {
        let first = len / 3;
        self.set_iovecs(&[(DATA, first), (DATA + (8 << 20), len - first)]);
        self.ok("fd_read", &[fd, IOVECS.into(), 2, OUT.into()]);
        let got = self.get_u32(OUT);
        let mut bytes = self.get(DATA, got.min(first));
        bytes.extend(self.get(DATA + (8 << 20), got - got.min(first)));
        bytes
    }

    /// The names in a directory.
    fn names(&mut self, fd: u64, buffer: u32) -> Vec<String> {
        let (mut cookie, mut names) = (0, Vec::new());
        loop {
            self.ok("fd_readdir", &[fd, DATA.into(), buffer.into(), cookie, OUT.into()]);
            let used = self.get_u32(OUT);
            let mut at = 0;
            while at + 24 <= used {
                let len = self.get_u32(DATA + at + 16);
                if at + 24 + len > used {
                    break;
                }
                cookie = self.get_u64(DATA + at);
                let name = self.get(DATA + at + 24, len);
                names.push(String::from_utf8(name).expect("the test's names are text"));
                at += 24 + len;
            }
            if used < buffer {
                names.sort();
                return names;
            }
        }
    }
}

fn with_dir() -> (TempDir, Guest) {
    let dir = TempDir::new();
    let guest = Guest::process(&dir.config(Access::ReadWrite));
    (dir, guest)
}

#[test]
fn granted_directories_are_found_without_a_context() {
    let dir = TempDir::new();
    for mut guest in
        [Guest::process(&dir.config(Access::ReadWrite)), Guest::handler(&dir.config(Access::ReadOnly))]
    {
        guest.ok("fd_prestat_get", &[ROOT, OUT.into()]);
        assert_eq!(guest.get_u64(OUT), 1 << 32, "a directory with a name of one byte");
        guest.fails(Errno::Nametoolong, "fd_prestat_dir_name", &[ROOT, DATA.into(), 0]);
        guest.ok("fd_prestat_dir_name", &[ROOT, DATA.into(), 1]);
        assert_eq!(guest.get(DATA, 1), b"/");
        guest.fails(Errno::Badf, "fd_prestat_get", &[4, OUT.into()]);
        assert!(guest.store.data().wasi.state.is_none());
    }
}

#[test]
fn without_directories_there_are_no_files() {
    let mut guest = Guest::process(&Arc::default());
    guest.fails(Errno::Badf, "fd_prestat_get", &[ROOT, OUT.into()]);
    let args = guest.open_args("file", Oflags::CREAT);
    guest.fails(Errno::Badf, "path_open", &args);
    guest.fails(Errno::Badf, "fd_close", &[ROOT]);
    assert!(guest.store.data().wasi.state.is_none());
}

#[test]
fn a_file_is_written_sought_and_read() {
    let (dir, mut guest) = with_dir();
    let file = guest.open("file", Oflags::CREAT);
    assert!(file > ROOT);
    assert_eq!(guest.write(file, b"hello, files"), 12);
    assert_eq!(fs::read(dir.as_ref().join("file")).expect("it is there"), b"hello, files");
    guest.ok("fd_seek", &[file, (-5i64) as u64, 2, OUT.into()]);
    assert_eq!(guest.get_u64(OUT), 7);
    assert_eq!(guest.read(file, 100), b"files");
    guest.ok("fd_tell", &[file, OUT.into()]);
    assert_eq!(guest.get_u64(OUT), 12);
    assert_eq!(guest.read(file, 100), b"");
    guest.ok("fd_close", &[file]);
    guest.fails(Errno::Badf, "fd_tell", &[file, OUT.into()]);
    assert_eq!(guest.io(), 0);
}

#[test]
fn positioned_reads_and_writes_leave_the_position() {
    let (_dir, mut guest) = with_dir();
    let file = guest.open("file", Oflags::CREAT);
    guest.write(file, b"0123456789");
    guest.set(DATA, b"ab");
    guest.set_iovecs(&[(DATA, 1), (DATA + 1, 1)]);
    guest.ok("fd_pwrite", &[file, IOVECS.into(), 2, 4, OUT.into()]);
    assert_eq!(guest.get_u32(OUT), 2);
    guest.set_iovecs(&[(DATA + 100, 5), (DATA + 200, 100)]);
    guest.ok("fd_pread", &[file, IOVECS.into(), 2, 3, OUT.into()]);
    assert_eq!(guest.get_u32(OUT), 7);
    assert_eq!(guest.get(DATA + 100, 5), b"3ab67");
    assert_eq!(guest.get(DATA + 200, 3), b"89\0");
    guest.ok("fd_tell", &[file, OUT.into()]);
    assert_eq!(guest.get_u64(OUT), 10);
}

#[test]
fn large_transfers_are_cut_and_not_lost() {
    let (dir, mut guest) = with_dir();
    let content: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    fs::write(dir.as_ref().join("large"), &content).expect("there is room");
    let file = guest.open("large", Oflags::empty());
    let mut read = Vec::new();
    loop {
        let piece = guest.read(file, 3_000_000);
        assert!(piece.len() <= IO_BYTES_MAX as usize);
        if piece.is_empty() {
            break;
        }
        read.extend(piece);
    }
    assert!(read == content);
    let copy = guest.open("copy", Oflags::CREAT);
    assert_eq!(guest.write(copy, &content), IO_BYTES_MAX);
    let copied = fs::read(dir.as_ref().join("copy")).expect("it is there");
    assert!(copied == content[..IO_BYTES_MAX as usize]);
}

#[test]
fn directories_are_made_listed_and_removed() {
    let (dir, mut guest) = with_dir();
    let [pointer, len] = guest.path("sub");
    guest.ok("path_create_directory", &[ROOT, pointer, len]);
    for name in ["sub/one", "sub/two", "sub/three with a longer name"] {
        fs::write(dir.as_ref().join(name), name).expect("there is room");
    }
    let sub = guest.open("sub", Oflags::DIRECTORY);
    let expected = [".", "..", "one", "three with a longer name", "two"];
    assert_eq!(guest.names(sub, 4096), expected);
    assert_eq!(guest.names(sub, 64), expected);
    guest.fails(Errno::Inval, "fd_readdir", &[sub, 0, (IO_BYTES_MAX + 1).into(), 0, OUT.into()]);
    let [pointer, len] = guest.path("sub");
    guest.fails(Errno::Notempty, "path_remove_directory", &[ROOT, pointer, len]);
    for name in ["sub/one", "sub/two", "sub/three with a longer name"] {
        let [pointer, len] = guest.path(name);
        guest.ok("path_unlink_file", &[ROOT, pointer, len]);
    }
    let [pointer, len] = guest.path("sub");
    guest.ok("path_remove_directory", &[ROOT, pointer, len]);
    assert_eq!(guest.names(ROOT, 4096), [".", ".."]);
}

#[test]
fn what_a_path_names_is_described() {
    let (dir, mut guest) = with_dir();
    fs::write(dir.as_ref().join("file"), b"12345").expect("there is room");
    let [pointer, len] = guest.path("file");
    guest.ok("path_filestat_get", &[ROOT, 1, pointer, len, OUT.into()]);
    assert_eq!(guest.get(OUT + 16, 1), [4], "a regular file");
    assert_eq!(guest.get_u64(OUT + 32), 5);
    let times = [ROOT, 1, pointer, len, 7_000_000_000, 8_000_000_000, 5];
    guest.ok("path_filestat_set_times", &times);
    let file = guest.open("file", Oflags::empty());
    guest.ok("fd_filestat_get", &[file, OUT.into()]);
    assert_eq!(guest.get_u64(OUT + 48), 8_000_000_000);
    guest.ok("fd_filestat_set_size", &[file, 3]);
    guest.ok("fd_fdstat_get", &[file, OUT.into()]);
    assert_eq!(guest.get(OUT, 1), [4]);
    assert_eq!(fs::read(dir.as_ref().join("file")).expect("it is there"), b"123");
    for name in ["fd_sync", "fd_datasync"] {
        guest.ok(name, &[file]);
    }
    guest.ok("fd_advise", &[file, 0, 3, 1]);
    guest.fails(Errno::Notsup, "fd_allocate", &[file, 0, 3]);
}

#[test]
fn files_are_renamed_and_linked() {
    let (dir, mut guest) = with_dir();
    fs::write(dir.as_ref().join("old"), b"content").expect("there is room");
    guest.set(DATA, b"oldnewlinksoft");
    let at = |from: u64, len: u64| [u64::from(DATA) + from, len];
    let ([old, old_len], [new, new_len]) = (at(0, 3), at(3, 3));
    let ([link, link_len], [soft, soft_len]) = (at(6, 4), at(10, 4));
    guest.ok("path_rename", &[ROOT, old, old_len, ROOT, new, new_len]);
    guest.ok("path_link", &[ROOT, 0, new, new_len, ROOT, link, link_len]);
    guest.ok("path_symlink", &[new, new_len, ROOT, soft, soft_len]);
    guest.ok("path_readlink", &[ROOT, soft, soft_len, IOVECS.into(), 100, OUT.into()]);
    assert_eq!(guest.get_u32(OUT), 3);
    assert_eq!(guest.get(IOVECS, 4), b"new\0");
    assert_eq!(guest.names(ROOT, 4096), [".", "..", "link", "new", "soft"]);
    guest.fails(Errno::Badf, "path_rename", &[ROOT, old, old_len, 1, new, new_len]);
    let file = guest.open("soft", Oflags::empty());
    assert_eq!(guest.read(file, 100), b"content");
}

#[test]
fn no_path_leads_out() {
    let (dir, mut guest) = with_dir();
    let outside = TempDir::new();
    fs::write(outside.as_ref().join("secret"), b"secret").expect("there is room");
    let link = dir.as_ref().join("link");
    std::os::unix::fs::symlink(outside.as_ref(), link).expect("links can be made");
    let name = outside.as_ref().file_name().and_then(|name| name.to_str()).expect("it is text");
    let absolute = outside.as_ref().join("secret");
    let absolute = absolute.to_str().expect("it is text").to_owned();
    for path in [&format!("../{name}/secret"), "link/secret", &absolute, ".."] {
        let args = guest.open_args(path, Oflags::empty());
        guest.fails(Errno::Perm, "path_open", &args);
    }
    let [pointer, len] = guest.path("link/secret");
    guest.fails(Errno::Perm, "path_unlink_file", &[ROOT, pointer, len]);
    guest.fails(Errno::Perm, "path_filestat_get", &[ROOT, 1, pointer, len, OUT.into()]);
}

#[test]
fn a_directory_for_reading_is_not_written() {
    let dir = TempDir::new();
    fs::write(dir.as_ref().join("file"), b"content").expect("there is room");
    let mut guest = Guest::process(&dir.config(Access::ReadOnly));
    let mut args = guest.open_args("file", Oflags::empty());
    guest.fails(Errno::Perm, "path_open", &args);
    args[5] = Rights::FD_READ.bits();
    guest.ok("path_open", &args);
    let file = guest.get_u32(OUT).into();
    assert_eq!(guest.read(file, 100), b"content");
    let [pointer, len] = guest.path("file");
    guest.fails(Errno::Perm, "path_unlink_file", &[ROOT, pointer, len]);
}

/// What the actor's budget knows of its descriptors.
fn charged(guest: &Guest) -> u64 {
    guest.store.data().budget.used(Resource::Descriptors)
}

#[test]
fn open_files_are_counted() {
    let (dir, mut guest) = with_dir();
    fs::write(dir.as_ref().join("file"), b"").expect("there is room");
    assert_eq!(charged(&guest), 0, "nothing is open before it is used");
    let first = guest.open("file", Oflags::empty());
    let second = guest.open("file", Oflags::empty());
    assert_eq!(charged(&guest), 3, "with the granted directory");
    let args = guest.open_args("nothing", Oflags::empty());
    guest.fails(Errno::Noent, "path_open", &args);
    assert_eq!(charged(&guest), 3);
    guest.ok("fd_renumber", &[first, second]);
    assert_eq!(charged(&guest), 2);
    guest.ok("fd_renumber", &[second, second]);
    guest.ok("fd_renumber", &[second, ROOT]);
    assert_eq!(charged(&guest), 1);
    guest.fails(Errno::Badf, "fd_prestat_get", &[ROOT, OUT.into()]);
    guest.ok("fd_close", &[ROOT]);
    assert_eq!(charged(&guest), 0);
}

#[test]
fn a_granted_directory_that_is_renumbered_is_closed_once() {
    let (_dir, mut guest) = with_dir();
    let file = guest.open("file", Oflags::CREAT);
    guest.ok("fd_renumber", &[ROOT, file]);
    assert_eq!(charged(&guest), 1);
    guest.fails(Errno::Badf, "fd_prestat_get", &[ROOT, OUT.into()]);
    guest.ok("fd_close", &[file]);
    assert_eq!(charged(&guest), 0);
}

#[test]
fn open_files_are_limited_for_an_actor_and_by_its_budget() {
    let dir = TempDir::new();
    fs::write(dir.as_ref().join("file"), b"").expect("there is room");
    let budget = Budget::new().descriptors_max(7);
    let tenant = Ledger::of_host(&Limits::default()).part(&budget, &Shares::new());
    for (ledger, most) in [(None, OPEN_FILES_MAX), (Some(tenant), 7)] {
        let mut guest = Guest::process(&dir.config(Access::ReadWrite));
        if let Some(ledger) = ledger {
            guest.store.data_mut().budget = ledger;
        }
        // One of them is the granted directory.
        let files: Vec<u64> = (1..most).map(|_| guest.open("file", Oflags::empty())).collect();
        let args = guest.open_args("file", Oflags::empty());
        guest.fails(Errno::Mfile, "path_open", &args);
        guest.ok("fd_close", &[files[0]]);
        guest.open("file", Oflags::empty());
        assert_eq!(charged(&guest), most as u64);
        guest.store.data_mut().wasi.finish();
        assert_eq!(charged(&guest), 0);
    }
}

#[test]
fn directories_that_the_budget_has_no_room_for_are_not_opened() {
    let (_dir, mut guest) = with_dir();
    let budget = Budget::new().descriptors_max(0);
    guest.store.data_mut().budget = Ledger::of_host(&Limits::default()).part(&budget, &Shares::new());
    let args = guest.open_args("file", Oflags::CREAT);
    guest.fails(Errno::Mfile, "path_open", &args);
    guest.ok("fd_prestat_get", &[ROOT, OUT.into()]);
}

#[test]
fn bad_pointers_end_the_guest_before_anything_is_done() {
    let dir = TempDir::new();
    for (place, value) in [(2, u32::MAX.into()), (3, u32::MAX.into()), (8, u32::MAX.into())] {
        let mut guest = Guest::process(&dir.config(Access::ReadWrite));
        let mut args = guest.open_args("file", Oflags::CREAT);
        args[place] = value;
        let error = guest.ends("path_open", &args);
        assert!(error.downcast_ref::<BadPointer>().is_some(), "{error:?}");
    }
    assert!(!dir.as_ref().join("file").exists());
    let mut guest = Guest::process(&dir.config(Access::ReadWrite));
    guest.fails(Errno::Nametoolong, "path_unlink_file", &[ROOT, 0, 4097]);
}

#[test]
fn a_handler_that_would_wait_for_a_file_ends_with_the_functions_name() {
    let dir = TempDir::new();
    let mut guest = Guest::handler(&dir.config(Access::ReadWrite));
    let args = guest.open_args("file", Oflags::CREAT);
    let error = guest.ends("path_open", &args);
    assert_eq!(error.downcast_ref(), Some(&End::Parked("path_open")));
    assert!(!dir.as_ref().join("file").exists());
    guest.write(1, b"and prints as ever\n");
}

#[test]
fn in_deterministic_mode_a_file_call_does_not_park() {
    let (_dir, mut guest) = with_dir();
    guest.store.data_mut().inline = true;
    let args = guest.open_args("file", Oflags::CREAT);
    let mut context = Context::from_waker(Waker::noop());
    let mut open = guest.start("path_open", &args);
    assert!(matches!(open.as_mut().poll(&mut context), Poll::Ready(Ok(0))));
}

#[test]
fn a_killed_actor_leaves_its_call_behind() {
    let (dir, mut guest) = with_dir();
    // The only thread that could serve the file is busy.
    let runtime = Builder::new_multi_thread().worker_threads(1).max_blocking_threads(1).build();
    let runtime = runtime.expect("the machine has threads");
    let (release, busy) = channel::<()>();
    runtime.spawn_blocking(move || busy.recv());
    guest.store.data_mut().io_handle = runtime.handle().clone();
    let io = Arc::clone(&guest.store.data().io);
    let args = guest.open_args("file", Oflags::CREAT);
    let mut open = guest.start("path_open", &args);
    assert!(open.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(io.load(Ordering::SeqCst), 1);
    drop(open);
    assert_eq!(io.load(Ordering::SeqCst), 0);
    drop(guest);
    drop(release);
    // Whether the call was served or not, nothing waits for it.
    drop(runtime);
    drop(dir);
}
