//! A pid names one life of one actor: it never means the next one in the same place.

use std::collections::HashSet;

use flower::{ExitReason, Pid, SendError, is_alive, kill, receive, send, spawn};
use flower_guests::end_of;

fn main() {
    let dead: Vec<Pid> = (0..20).map(|_| spawn(|()| (), ())).inspect(|pid| drop(end_of(*pid))).collect();
    let alive: Vec<Pid> = (0..20).map(|_| spawn(|()| receive::<()>().expect("a word to go"), ())).collect();
    assert_eq!(dead.iter().chain(&alive).collect::<HashSet<_>>().len(), 40);
    for pid in dead {
        assert!(!is_alive(pid));
        assert_eq!(send(pid, &()), Err(SendError::NoActor));
        assert_eq!(kill(pid), Ok(()), "which kills nobody");
        assert_eq!(end_of(pid), ExitReason::NoProcess);
    }
    for pid in alive {
        assert!(is_alive(pid));
        send(pid, &()).expect("it waits");
        assert!(!end_of(pid).is_abnormal());
    }
}
