//! An actor has the memory that its spawner grants, and the others keep theirs.

use flower::{ExitReason, LimitCode, Spawn, SpawnError, spawn_join};
use flower_guests::died;

/// Whether so many bytes can be had.
fn can_reserve(bytes: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
}

fn main() {
    let small = Spawn::new(can_reserve, 4 << 20).memory_max(2 << 20);
    assert_eq!(small.spawn_join().expect("2 MiB are enough to start").join(), Ok(false));
    assert_eq!(spawn_join(can_reserve, 4 << 20).join(), Ok(true));
    too_small_to_start();
}

fn too_small_to_start() {
    match Spawn::new(can_reserve, 1).memory_max(1).spawn_join() {
        Err(refused) => assert_eq!(refused, SpawnError::Limit),
        Ok(started) => {
            let reason = died(started.join());
            assert!(matches!(reason, ExitReason::Limit { code: LimitCode::MEMORY, .. }), "{reason}");
        }
    }
}
