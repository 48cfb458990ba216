//! What several examples share: a speaker who takes its time, and chance.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use flower::{Receiver, channel, task};

/// Says `message 0`, `message 1` and so on, with a pause of up to a second after each, as long as somebody listens.
///
/// It is a task of the caller; the channel is all that the caller has of it.
pub fn boring(message: &'static str) -> Receiver<String> {
    let (tx, rx) = channel(0);
    task::spawn(async move {
        for count in 0.. {
            if tx.send_async(format!("{message} {count}")).await.is_err() {
                return;
            }
            task::sleep(up_to(Duration::from_secs(1))).await;
        }
    });
    rx
}

/// A time that nobody can foresee, unless the host runs with `--deterministic`.
pub fn up_to(longest: Duration) -> Duration {
    let chance = RandomState::new().hash_one(0) >> 32;
    longest.mul_f64(chance as f64 / f64::from(u32::MAX))
}
