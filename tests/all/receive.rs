//! Receiving: A4 to A7, F16 to F18 in their plain form; types, shapes, timeouts, flush, lookalikes.

use crate::support::guest_tests;

guest_tests! {
    receive_flush,
    receive_lookalikes,
    receive_selective,
    receive_shapes,
    receive_timeout => |guest| guest.prints_times(),
    receive_types,
}
