//! A trap ends its actor with its code: an abort, a wild pointer, a division, a wrong function.
//!
//! Nothing of what the actors here do is sound. The sandbox has to bear it.

use std::hint::black_box;
use std::mem::transmute;

use flower::{ExitReason, TrapCode, spawn_join};
use flower_guests::died;

fn main() {
    assert_eq!(trap_of(|()| std::process::abort()), TrapCode::UNREACHABLE);
    assert_eq!(trap_of(wild_pointer), TrapCode::MEMORY_OUT_OF_BOUNDS);
    assert_eq!(trap_of(|()| divide(5, 0)), TrapCode::DIVISION_BY_ZERO);
    assert_eq!(trap_of(|()| divide(i32::MIN, -1)), TrapCode::INTEGER_OVERFLOW);
    assert_eq!(trap_of(|()| call(0)), TrapCode::INDIRECT_CALL);
    assert_eq!(trap_of(|()| call(1 << 24)), TrapCode::TABLE_OUT_OF_BOUNDS);
    assert_eq!(trap_of(|()| call(divide as *const () as usize)), TrapCode::BAD_SIGNATURE);
    assert_eq!(spawn_join(|()| 5, ()).join(), Ok(5), "nobody else was harmed");
}

/// How an actor trapped; what it says about it is a sentence.
fn trap_of(f: impl Fn(()) + Copy + 'static) -> TrapCode {
    match died(spawn_join(f, ()).join()) {
        ExitReason::Trap { code, detail } if !detail.is_empty() => code,
        other => panic!("it was to trap: {other}"),
    }
}

fn wild_pointer((): ()) {
    // SAFETY: there is none.
    unsafe { (usize::MAX as *const u8).read_volatile() };
}

/// Divides without the checks that Rust puts before a division.
fn divide(dividend: i32, divisor: i32) {
    let (dividend, divisor) = (black_box(dividend), black_box(divisor));
    // SAFETY: there is none.
    black_box(unsafe { dividend.checked_div(divisor).unwrap_unchecked() });
}

/// Calls what stands at this index of the function table.
fn call(index: usize) {
    // SAFETY: there is none.
    unsafe { transmute::<usize, fn()>(black_box(index))() }
}
