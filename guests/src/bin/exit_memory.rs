//! A memory bomb meets its limit and harms nobody; who asks first can live with a refusal.

use flower::{ExitReason, LimitCode, Spawn, spawn_join};
use flower_guests::died;

const LIMIT: u64 = 8 << 20;

fn main() {
    for _ in 0..20 {
        let bomb = Spawn::new(bomb, ()).memory_max(LIMIT).spawn_join().expect("there is room");
        let reason = died(bomb.join());
        assert!(matches!(reason, ExitReason::Limit { code: LimitCode::MEMORY, .. }), "{reason}");
    }
    let careful = Spawn::new(careful, ()).memory_max(LIMIT).spawn_join().expect("there is room");
    let reserved = careful.join().expect("it is told and goes on");
    assert!((LIMIT / 2..LIMIT).contains(&reserved), "{reserved} of {LIMIT} bytes");
    assert_eq!(spawn_join(|()| vec![1_u8; 32 << 20].len(), ()).join(), Ok(32 << 20), "there is memory again");
}

/// Takes all that there is; without memory Rust aborts.
fn bomb((): ()) {
    let mut hoard = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![0xff_u8; 1 << 20]));
    }
}

/// Asks for 64 KiB at a time until there is no more.
fn careful((): ()) -> u64 {
    let mut hoard: Vec<Vec<u8>> = Vec::with_capacity(1000);
    loop {
        let mut more = Vec::new();
        if more.try_reserve_exact(64 << 10).is_err() {
            return hoard.len() as u64 * (64 << 10);
        }
        hoard.push(more);
    }
}
