//! A2: a join gives what the actor returned, or the reason for which it did not; once, at any time.

use flower::{ExitReason, JoinError, exit, receive, send, sleep, spawn_join};
use flower_guests::{died, end_of, ms};

fn main() {
    a2_a_value();
    a2_a_panic();
    a2_an_error();
    an_exit_with_a_value();
    long_after_the_end();
    not_yet();
    another_type();
}

fn a2_a_value() {
    let four = spawn_join(|(a, b): (u32, u32)| a + b, (2, 2));
    assert_eq!(four.join(), Ok(4));
    let sentence = spawn_join(|()| Some("a sentence".to_owned()), ());
    assert_eq!(sentence.join(), Ok(Some("a sentence".to_owned())));
}

fn a2_a_panic() {
    fn panics(cause: String) {
        panic!("it was {cause}")
    }
    let reason = died(spawn_join(panics, "bound to happen".to_owned()).join());
    let ExitReason::Panic { message, location } = reason else { panic!("{reason}") };
    assert_eq!(message, "it was bound to happen");
    assert!(location.contains("spawn_join.rs:"), "{location}");
}

fn a2_an_error() {
    fn breaks((): ()) {
        exit(ExitReason::error("broken"))
    }
    assert_eq!(died(spawn_join(breaks, ()).join()).value(), Ok("broken".to_owned()));
}

fn an_exit_with_a_value() {
    fn leaves_early((): ()) -> u32 {
        exit(ExitReason::normal(&7_u32))
    }
    assert_eq!(spawn_join(leaves_early, ()).join(), Ok(7));
}

fn long_after_the_end() {
    let five = spawn_join(|()| 5, ());
    end_of(five.pid());
    sleep(ms(20));
    assert!(five.is_finished());
    assert_eq!(five.join(), Ok(5));
}

fn not_yet() {
    let mut echo = spawn_join(|()| receive::<u32>().expect("a number"), ());
    assert!(!echo.is_finished());
    assert_eq!(echo.poll(), None);
    assert_eq!(echo.join_timeout(ms(10)), None);
    send(&echo, &9_u32).expect("it waits");
    assert_eq!(echo.join_timeout(flower_guests::PATIENCE), Some(Ok(9)));
    assert_eq!(echo.poll(), Some(Err(JoinError::Taken)));
}

fn another_type() {
    fn leaves_a_text((): ()) -> u32 {
        exit(ExitReason::normal("no number"))
    }
    let joined = spawn_join(leaves_a_text, ()).join();
    assert!(matches!(joined, Err(JoinError::Decode(_))), "{joined:?}");
}
