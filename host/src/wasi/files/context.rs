//! An actor's context in `wasmtime-wasi`: made, used and dropped on blocking threads only.

use std::io;

use tokio::runtime::Handle;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::types::Errno;
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1 as _;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use wiggle::GuestMemory;

use super::{Args, Dirs, Scratch};
use crate::wasi::{Access, Dir};

/// A generated function of `wasmtime-wasi`, its arguments as they lie in the scratch memory.
pub(super) type Run = fn(&mut WasiP1Ctx, &mut GuestMemory<'_>, &Args) -> wasmtime::Result<i32>;

/// What `wasmtime-wasi` knows of one actor: its open files, and nothing else.
pub(super) struct Context {
    /// Always there, until it is dropped.
    inner: Option<Box<WasiP1Ctx>>,
    runtime: Handle,
}

impl Context {
    /// Opens the granted directories; for a blocking thread of tokio.
    pub(super) fn open(dirs: &Dirs) -> Result<Context, Errno> {
        let mut builder = WasiCtxBuilder::new();
        // wasmtime-wasi would hand each call to yet another blocking thread, and wait for it on this
        // one: as soon as all of them waited like that, none would ever go on.
        builder.allow_blocking_current_thread(true);
        builder.allow_tcp(false).allow_udp(false);
        for dir in dirs.iter() {
            let perms = match dir.access {
                Access::ReadOnly => FsPerms::ReadOnly,
                Access::ReadWrite => FsPerms::ReadWrite,
            };
            let opened = builder.preopened_dir(&dir.host, &dir.guest, perms);
            opened.map_err(|error| cannot_open(dir, &error))?;
        }
        let inner = Some(Box::new(builder.build_p1()));
        Ok(Context { inner, runtime: Handle::current() })
    }

    /// Calls one function, with the scratch memory in place of the guest's.
    pub(super) fn run(&mut self, run: Run, scratch: &mut Scratch) -> wasmtime::Result<u32> {
        let inner = self.inner.as_mut().expect("it is there until it is dropped");
        // How much a call may copy was limited when the scratch memory was made.
        inner.set_hostcall_fuel(usize::MAX);
        let (memory, args) = scratch.memory();
        run(inner, &mut GuestMemory::Unshared(memory), &args).map(|code| code as u32)
    }
}

impl Drop for Context {
    /// Closing a file may block, and an actor ends on a worker.
    fn drop(&mut self) {
        let inner = self.inner.take();
        self.runtime.spawn_blocking(move || drop(inner));
    }
}

/// A directory that could be used when it was granted cannot be used now.
fn cannot_open(dir: &Dir, error: &wasmtime::Error) -> Errno {
    tracing::warn!(dir = %dir.host.display(), "cannot open a granted directory: {error}");
    let cause = error.downcast_ref::<io::Error>();
    match cause.map(|cause| (cause.kind(), cause.raw_os_error())) {
        Some((_, Some(libc::EMFILE | libc::ENFILE))) => Errno::Nfile,
        Some((io::ErrorKind::NotFound, _)) => Errno::Noent,
        Some((io::ErrorKind::PermissionDenied, _)) => Errno::Acces,
        _ => Errno::Io,
    }
}
