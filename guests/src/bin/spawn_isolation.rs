//! F23, A17: what one actor writes to its statics no other sees, not even one of the same module.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use flower::{join_all, spawn_join};

static COUNT: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static LOCAL: Cell<Option<u32>> = const { Cell::new(None) };
}

fn main() {
    f23_local_storage_is_unset_elsewhere();
    a17_two_actors_count_to_1000_each();
}

fn f23_local_storage_is_unset_elsewhere() {
    LOCAL.set(Some(1));
    let seen = spawn_join(|()| LOCAL.replace(Some(2)), ());
    assert_eq!(seen.join(), Ok(None));
    assert_eq!(LOCAL.get(), Some(1));
}

fn a17_two_actors_count_to_1000_each() {
    COUNT.store(7, Relaxed);
    let counts = join_all([(); 2].map(|()| spawn_join(increment, 1000)));
    assert_eq!(counts, [Ok(1000), Ok(1000)]);
    assert_eq!(COUNT.load(Relaxed), 7);
}

fn increment(times: u32) -> u32 {
    for _ in 0..times {
        COUNT.fetch_add(1, Relaxed);
        flower::yield_now();
    }
    COUNT.load(Relaxed)
}
