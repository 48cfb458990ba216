//! The large stack class holds a recursion that exhausts the small one.

use flower::{ExitReason, JoinHandle, LimitCode, Spawn, Stack};
use flower_guests::died;

/// Deep in calls, and with nothing in linear memory, which has a stack of its own.
#[inline(never)]
fn descend(n: u32) -> u32 {
    if n == 0 { 1 } else { descend(n - 1).wrapping_mul(31).rotate_left(n) }
}

fn start(stack: Stack) -> JoinHandle<u32> {
    Spawn::new(descend, 10_000).stack(stack).spawn_join().expect("there is room for a stack")
}

fn main() {
    assert!(start(Stack::Large).join().is_ok());
    let reason = died(start(Stack::Small).join());
    assert!(matches!(reason, ExitReason::Limit { code: LimitCode::STACK, .. }), "{reason}");
}
