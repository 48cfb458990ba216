//! A channel between actors of two programs.
//!
//! Needs `--module other=` with the path of `channel_modules_other`.

use flower::{Spawn, channel};

fn main() {
    let ((tx, numbers), (squares, rx)) = (channel(0), channel(1));
    let args = (numbers.clone(), squares);
    let other = Spawn::entry("squares", args).module("other").returning::<u32>();
    let other = other.spawn_join().expect("the other module is there");
    for n in 1..=10_u32 {
        tx.send(n).expect("it receives");
        assert_eq!(rx.recv(), Some((n * n, format!("{n} squared"))));
    }
    drop(tx);
    assert_eq!((rx.recv(), numbers.recv()), (None, None));
    assert_eq!(other.join(), Ok(10));
}
