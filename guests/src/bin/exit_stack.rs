//! A recursion without end ends its own actor, whichever of its two stacks is the first to overflow.

use std::hint::black_box;

use flower::{ExitReason, LimitCode, TrapCode, spawn_join};
use flower_guests::died;

fn main() {
    let reason = died(spawn_join(calls, 0).join());
    assert!(matches!(reason, ExitReason::Limit { code: LimitCode::STACK, .. }), "{reason}");
    let reason = died(spawn_join(frames, 0).join());
    assert!(matches!(reason, ExitReason::Trap { code: TrapCode::MEMORY_OUT_OF_BOUNDS, .. }), "{reason}");
    assert_eq!(spawn_join(|()| 5, ()).join(), Ok(5), "nobody else was harmed");
}

/// Calls with nothing in linear memory.
#[expect(unconditional_recursion, reason = "that is the test")]
#[inline(never)]
fn calls(n: u32) -> u32 {
    calls(n.rotate_left(1)).wrapping_mul(31).rotate_left(n)
}

/// Large frames in linear memory: below its stack there is nothing.
#[expect(unconditional_recursion, reason = "that is the test")]
#[inline(never)]
fn frames(n: u32) -> u32 {
    let frame = black_box([n; 1024]);
    frames(frame[n as usize % 1024] + 1) + frame[7]
}
