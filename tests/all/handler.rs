//! The handler style: an actor like any other to its peers, called once for each message.

use crate::support::guest_tests;

guest_tests! {
    handler_basic,
    handler_busy,
    handler_events,
    handler_hold_effects,
    handler_large,
    handler_parks,
    handler_room,
    handler_stop,
}
