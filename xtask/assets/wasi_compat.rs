//! What an old wasi-libc lacks, so that a guest behaves as it does with a new one.
//!
//! Two things. An old start file leaves it to the linker to run constructors, and the linker then
//! wraps *every* export of a guest, not only `_start`, in a run of all constructors and
//! destructors; [`_start`] here calls them itself, which stops that. And the standard library
//! names functions that are not there: without them a guest that only mentions threads or
//! `canonicalize` does not link; with them the call fails at run time as "unsupported".
//!
//! This file is compiled by `xtask/src/toolchain/build_std.rs` and is part of no crate of the
//! workspace. With `--cfg start` it is a whole start file, without it only the functions.
#![no_std]
#![feature(linkage, thread_local)]

use core::ffi::{c_char, c_int, c_void};

const ENOTSUP: c_int = 58;

unsafe extern "C" {
    #[thread_local]
    static mut errno: c_int;
}

/// Runs the program, once.
#[cfg(start)]
#[unsafe(no_mangle)]
extern "C" fn _start() {
    use core::sync::atomic::{AtomicBool, Ordering};

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn proc_exit(code: c_int) -> !;
    }
    unsafe extern "C" {
        fn __wasm_call_ctors();
        fn __main_void() -> c_int;
        fn __wasm_call_dtors();
    }

    static STARTED: AtomicBool = AtomicBool::new(false);
    if STARTED.swap(true, Ordering::Relaxed) {
        core::arch::wasm32::unreachable();
    }
    // SAFETY: the order that wasi-libc asks for, and each of them once.
    unsafe {
        __wasm_call_ctors();
        let code = __main_void();
        __wasm_call_dtors();
        if code != 0 {
            proc_exit(code);
        }
    }
}

macro_rules! unsupported {
    ($($name:ident($($argument:ty),*) -> $result:ty = $value:expr;)*) => {$(
        #[unsafe(no_mangle)]
        #[linkage = "weak"]
        extern "C" fn $name($(_: $argument),*) -> $result {
            // SAFETY: wasi-libc defines `errno`, and there is only one thread.
            unsafe { errno = ENOTSUP };
            $value
        }
    )*};
}

unsupported! {
    chmod(*const c_char, u32) -> c_int = -1;
    fchmod(c_int, u32) -> c_int = -1;
    realpath(*const c_char, *mut c_char) -> *mut c_char = core::ptr::null_mut();
    // Attributes are accepted, because the standard library panics where they are not.
    pthread_attr_init(*mut c_void) -> c_int = 0;
    pthread_attr_setstacksize(*mut c_void, usize) -> c_int = 0;
    pthread_attr_destroy(*mut c_void) -> c_int = 0;
    pthread_create(*mut c_void, *const c_void, *const c_void, *mut c_void) -> c_int = ENOTSUP;
    pthread_join(*mut c_void, *mut c_void) -> c_int = ENOTSUP;
    pthread_detach(*mut c_void) -> c_int = ENOTSUP;
}
