//! `std::process::exit` ends the actor that calls it and nobody else; 0 is a normal end.

use std::process::exit;

use flower::{ExitReason, spawn_join};
use flower_guests::died;

fn main() {
    assert_eq!(spawn_join(|()| -> () { exit(0) }, ()).join(), Ok(()));
    for code in [1, 7, 255] {
        let reason = died(spawn_join(|code: i32| -> () { exit(code) }, code).join());
        assert_eq!(reason, ExitReason::ExitCode(code as u32));
    }
}
