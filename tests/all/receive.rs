//! Receiving: A4 to A7, F16 to F18 in their plain form; types, shapes, timeouts, flush, lookalikes.

use flower_host::ExitReason;

use crate::support::guest_tests;
use crate::wat;

guest_tests! {
    receive_flush,
    receive_lookalikes,
    receive_selective,
    receive_shapes,
    receive_timeout => |guest| guest.prints_times(),
    receive_types,
}

/// Sends itself two messages, and takes them one by one: the first says that there is more.
const POLLS: &str = r#"
    (func $assert (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
    (func $polls (result i32)
        (call $poll (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 16) (i32.const 256)))
    (func (export "run")
        (drop (call $self_pid (i32.const 0)))
        (call $assert (i32.eq (call $polls) (i32.const -18)))
        (drop (call $send (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)))
        (drop (call $send (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 0)))
        (call $assert (i32.eqz (call $receive (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 16)
            (i32.const 256) (i64.const -1))))
        (call $assert (i32.eq (i32.load (i32.const 260)) (i32.const 2)))
        (call $assert (i32.eqz (call $polls)))
        (call $assert (i32.eqz (i32.load (i32.const 260))))
        (call $assert (i32.eq (i32.load (i32.const 264)) (i32.const 2)))
        (call $assert (i32.eq (call $polls) (i32.const -18))))"#;

#[test]
fn a_poll_takes_what_has_come_and_a_message_says_that_more_wait() {
    wat::run(async {
        let host = wat::threads().build().expect("a host");
        assert_eq!(*wat::end_of(&host, &wat::module(POLLS)).await, ExitReason::NORMAL);
    });
}
