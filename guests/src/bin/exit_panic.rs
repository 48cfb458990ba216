//! A panic ends its actor with its message and place, whatever it is made of; others go on.

use std::panic::panic_any;

use flower::{ExitReason, Message, spawn_join};
use flower_guests::died;

fn main() {
    assert_eq!(message_of(|()| panic!("plain"), ()), "plain");
    assert_eq!(message_of(|n: u32| panic!("formatted {n}"), 5), "formatted 5");
    assert_eq!(message_of(|()| panic_any(5), ()), "Box<dyn Any>");
    assert_eq!(message_of(|n: usize| assert_eq!(n, [1, 2][n]), 7), OUT_OF_BOUNDS);
    assert_eq!(message_of(|n: u32| assert_eq!(5_u32.checked_sub(n).expect("enough"), 0), 7), "enough");
    assert!(message_of(|size: usize| panic!("{}", "x".repeat(size)), 1 << 20).starts_with("xxx"));
    inside_a_drop();
}

const OUT_OF_BOUNDS: &str = "index out of bounds: the len is 2 but the index is 7";

/// What an actor that panics says; the place is in this file.
fn message_of<A: Message>(f: impl Fn(A) + Copy + 'static, args: A) -> String {
    let reason = died(spawn_join(f, args).join());
    let ExitReason::Panic { message, location } = reason else { panic!("{reason}") };
    let (_, place) = location.rsplit_once("exit_panic.rs:").unwrap_or_else(|| panic!("{location}"));
    assert!(place.split(':').all(|number| number.parse::<u32>().is_ok()), "{location}");
    message
}

/// No destructors run, so there is no second panic either.
fn inside_a_drop() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the second");
        }
    }
    fn panics_twice((): ()) {
        let _bomb = Bomb;
        panic!("the first");
    }
    assert_eq!(message_of(panics_twice, ()), "the first");
}
