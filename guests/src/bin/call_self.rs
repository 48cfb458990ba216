//! A8: who calls itself is told so, and does not wait for itself.

use flower::{CallError, call, mailbox_len, register, request, self_pid, start_request};
use flower_guests::PATIENCE;

fn main() {
    assert_eq!(call::<_, ()>(self_pid(), "?", PATIENCE), Err(CallError::CalledSelf));
    assert_eq!(request::<_, ()>(self_pid(), "?").wait(), Err(CallError::CalledSelf));
    assert_eq!(start_request(self_pid(), "?", PATIENCE), Err(CallError::CalledSelf));
    register("myself", self_pid()).expect("the name is free");
    assert_eq!(call::<_, ()>("myself", "?", PATIENCE), Err(CallError::CalledSelf));
    assert_eq!(mailbox_len(), 0);
}
