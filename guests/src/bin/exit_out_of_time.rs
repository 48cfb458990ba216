//! An actor that may run only so long without waiting ends when it runs longer; waiting costs nothing.

use std::hint::spin_loop;

use flower::{ExitReason, JoinHandle, Spawn, sleep};
use flower_guests::{died, ms};

fn start(f: impl Fn(()) + Copy + 'static) -> JoinHandle<()> {
    Spawn::new(f, ()).run_time_max(ms(20)).spawn_join().expect("there is room")
}

fn main() {
    fn endless((): ()) {
        loop {
            spin_loop();
        }
    }
    assert_eq!(died(start(endless).join()), ExitReason::OutOfTime);
    assert_eq!(start(|()| (0..10).for_each(|_| sleep(ms(5)))).join(), Ok(()));
}
