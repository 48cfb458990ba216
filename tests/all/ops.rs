//! Operations on channels, on channels of the actor and of the host.

use crate::support::guest_tests;

guest_tests! {
    ops_flow,
    ops_mix,
    ops_mult,
    ops_pub,
    ops_time => |guest| guest.prints_times(),
    ops_transform,
}
