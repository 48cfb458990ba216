//! Timers: F10, F19 to F22; order, cancelling, ticks, yielding.

use crate::support::guest_tests;

guest_tests! {
    timer_beside_loop,
    timer_cancel,
    timer_many,
    timer_order,
    timer_send_after => |guest| guest.prints_times(),
    timer_tick => |guest| guest.prints_times(),
    timer_unread,
    timer_yield => |guest| guest.prints_the_order(),
}
