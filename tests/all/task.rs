//! Tasks of an actor: sleeping, the mailbox, calls, locks and the like, and `async` functions as actors.

use crate::support::guest_tests;

guest_tests! {
    task_basic,
    task_sync,
}
