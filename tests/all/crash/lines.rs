//! The source of `lines.wasm`, a module with debug information:
//!
//! ```console
//! $ rustc --edition 2024 --crate-name lines --crate-type cdylib --target wasm32-wasip1 -C panic=abort -C opt-level=1 \
//!     -C debuginfo=1 --remap-path-prefix "$PWD"=. -o lines.wasm lines.rs
//! ```

#![no_std]

#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
extern "C" fn _start() {
    called(1);
}

#[inline(never)]
fn called(times: u32) {
    if times > 0 {
        put_into_its_caller();
    }
}

#[inline(always)]
fn put_into_its_caller() {
    core::arch::wasm32::unreachable()
}
