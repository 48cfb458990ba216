//! Tasks of an actor: sleeping, the mailbox, calls, and `async` functions as actors.

use crate::support::guest_tests;

guest_tests! {
    task_basic,
}
