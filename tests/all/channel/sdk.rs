//! C1 to C16, F14 to F18, O1 to O6: channels as the SDK has them.

use crate::support::guest_tests;

guest_tests! {
    channel_handlers,
    channel_local,
    channel_modules => |guest| guest.module("other", "channel_modules_other"),
    channel_remote;
    used: channel_modules_other
}
