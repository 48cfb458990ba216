//! Every file function: its arguments, how they cross, and what it does for a standard stream.
//!
//! The one table is expanded to what calls the function in `wasmtime-wasi` and to both registrations.

use wasmtime::{Caller, Linker, Result};
use wasmtime_wasi::p1::wasi_snapshot_preview1 as p1;

use super::scratch::Shape::{Buffer, Fd, Out, Path, Read, Value, Write};
use super::stdio::Stdio;
use super::wait::wait;
use super::{Args, Function};
use crate::wasi::{MODULE, WasiActor, answer};

/// Calls of `wasmtime-wasi` that are `async`, and those that are `immediate`.
macro_rules! finish {
    (waits $call:expr) => {
        wait($call)
    };
    (immediate $call:expr) => {
        $call
    };
}

macro_rules! file_functions {
    ($($kind:ident $name:ident($($arg:ident: $type:ident),*) [$($shape:expr),*] $stdio:ident;)*) => {
        #[expect(non_upper_case_globals, reason = "each is named as the function")]
        mod functions {
            use super::*;

            $(pub(super) static $name: Function = Function {
                name: stringify!($name),
                shapes: &[$($shape),*],
                stdio: Stdio::$stdio,
                run: |context, memory, args| {
                    let mut args = args.iter();
                    finish!($kind p1::$name(context, memory, $(next::<$type>(&mut args) as _),*))
                },
            };)*
        }

        /// Registers them for actors that may wait.
        pub(in crate::wasi) fn add_to_process_linker<T: WasiActor>(
            linker: &mut Linker<T>,
        ) -> Result<()> {
            $(linker.func_wrap_async(
                MODULE,
                stringify!($name),
                |mut caller: Caller<'_, T>, ($($arg,)*): ($($type,)*)| {
                    let args = pad([$(u64::from($arg)),*]);
                    Box::new(async move {
                        answer(super::call(&mut caller, &functions::$name, args).await)
                    })
                },
            )?;)*
            Ok(())
        }

        /// Registers them for handlers.
        pub(in crate::wasi) fn add_to_handler_linker<T: WasiActor>(
            linker: &mut Linker<T>,
        ) -> Result<()> {
            $(linker.func_wrap(
                MODULE,
                stringify!($name),
                |mut caller: Caller<'_, T>, $($arg: $type),*| {
                    let args = pad([$(u64::from($arg)),*]);
                    answer(super::call_in_handler(&mut caller, &functions::$name, args))
                },
            )?;)*
            Ok(())
        }
    };
}

file_functions! {
    waits fd_advise(fd: u32, offset: u64, len: u64, advice: u32) [Fd, Value, Value, Value] Spipe;
    immediate fd_allocate(fd: u32, offset: u64, len: u64) [Fd, Value, Value] Badf;
    waits fd_close(fd: u32) [Fd] Close;
    waits fd_datasync(fd: u32) [Fd] Badf;
    waits fd_fdstat_get(fd: u32, stat: u32) [Fd, Out(24)] Fdstat;
    immediate fd_fdstat_set_flags(fd: u32, flags: u32) [Fd, Value] Ignored;
    immediate fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) [Fd, Value, Value] Notsup;
    waits fd_filestat_get(fd: u32, stat: u32) [Fd, Out(64)] Filestat;
    waits fd_filestat_set_size(fd: u32, size: u64) [Fd, Value] Badf;
    waits fd_filestat_set_times(fd: u32, atime: u64, mtime: u64, flags: u32)
        [Fd, Value, Value, Value] Badf;
    waits fd_pread(fd: u32, list: u32, count: u32, offset: u64, len: u32)
        [Fd, Read, Value, Out(4)] Spipe;
    waits fd_pwrite(fd: u32, list: u32, count: u32, offset: u64, len: u32)
        [Fd, Write, Value, Out(4)] Spipe;
    waits fd_read(fd: u32, list: u32, count: u32, len: u32) [Fd, Read, Out(4)] Read;
    waits fd_readdir(fd: u32, buf: u32, buf_len: u32, cookie: u64, len: u32)
        [Fd, Buffer, Value, Out(4)] Badf;
    waits fd_renumber(fd: u32, to: u32) [Fd, Fd] Notsup;
    waits fd_seek(fd: u32, offset: u64, whence: u32, position: u32) [Fd, Value, Value, Out(8)] Spipe;
    waits fd_sync(fd: u32) [Fd] Badf;
    immediate fd_tell(fd: u32, position: u32) [Fd, Out(8)] Spipe;
    waits fd_write(fd: u32, list: u32, count: u32, len: u32) [Fd, Write, Out(4)] Write;
    waits path_create_directory(fd: u32, path: u32, len: u32) [Fd, Path] Badf;
    waits path_filestat_get(fd: u32, flags: u32, path: u32, len: u32, stat: u32)
        [Fd, Value, Path, Out(64)] Badf;
    waits path_filestat_set_times(
        fd: u32, flags: u32, path: u32, len: u32, atime: u64, mtime: u64, times: u32
    ) [Fd, Value, Path, Value, Value, Value] Badf;
    waits path_link(
        fd: u32, flags: u32, path: u32, len: u32, new_fd: u32, new_path: u32, new_len: u32
    ) [Fd, Value, Path, Fd, Path] Badf;
    waits path_open(
        fd: u32, lookup: u32, path: u32, len: u32, open: u32,
        rights: u64, inheriting: u64, flags: u32, opened: u32
    ) [Fd, Value, Path, Value, Value, Value, Value, Out(4)] Badf;
    waits path_readlink(fd: u32, path: u32, len: u32, buf: u32, buf_len: u32, used: u32)
        [Fd, Path, Buffer, Out(4)] Badf;
    waits path_remove_directory(fd: u32, path: u32, len: u32) [Fd, Path] Badf;
    waits path_rename(fd: u32, path: u32, len: u32, new_fd: u32, new_path: u32, new_len: u32)
        [Fd, Path, Fd, Path] Badf;
    waits path_symlink(target: u32, target_len: u32, fd: u32, path: u32, len: u32)
        [Path, Fd, Path] Badf;
    waits path_unlink_file(fd: u32, path: u32, len: u32) [Fd, Path] Badf;
}

/// A list of arguments, filled up with zeroes.
fn pad<const N: usize>(args: [u64; N]) -> Args {
    let mut padded = Args::default();
    padded[..N].copy_from_slice(&args);
    padded
}

/// An argument of one of the two widths, out of the list.
trait Width {
    fn narrow(arg: u64) -> Self;
}

impl Width for u32 {
    fn narrow(arg: u64) -> u32 {
        arg as u32
    }
}

impl Width for u64 {
    fn narrow(arg: u64) -> u64 {
        arg
    }
}

/// The next argument; the table gives a function as many as it takes.
fn next<W: Width>(args: &mut std::slice::Iter<'_, u64>) -> W {
    W::narrow(args.next().copied().unwrap_or_default())
}
