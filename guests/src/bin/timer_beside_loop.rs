//! Time goes on beside an endless loop, in virtual time too: who sleeps wakes up and can end it.

use std::hint::spin_loop;

use flower::{ExitReason, kill, sleep, spawn_join};
use flower_guests::{died, ms};

fn endless((): ()) {
    loop {
        spin_loop();
    }
}

fn main() {
    let endless = spawn_join(endless, ());
    sleep(ms(20));
    kill(endless.pid()).expect("a spawner may");
    assert_eq!(died(endless.join()), ExitReason::Killed);
}
