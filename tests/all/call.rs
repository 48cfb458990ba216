//! Calls: P5, A8; answers, timeouts, callees that die, tokens that are passed on.

use crate::support::guest_tests;

guest_tests! {
    call_answers,
    call_callee_dies,
    call_many,
    call_passed_on,
    call_self,
    call_timeout => |guest| guest.prints_times(),
}
