//! Waits that nothing ends: the host says at which channels. The first argument says which.

use flower::{select, select_async, task};
use flower_guests::channels::Place;

fn main() {
    let ((tx, rx), (_other, other)) = (Place::Host.channel::<u32>(0), Place::Host.channel::<u32>(0));
    match std::env::args().nth(1).as_deref() {
        Some("select") => select! {
            value = rx.recv() => println!("{value:?}"),
            value = other.recv() => println!("{value:?}"),
            number = receive::<u32>() => println!("{number:?}"),
        },
        Some("tasks") => task::block_on(async {
            select_async! {
                value = rx.recv() => println!("{value:?}"),
                value = other.recv() => println!("{value:?}"),
            }
        }),
        Some("end") => task::block_on(tx.closed_async()),
        other => panic!("there is no way to wait called {other:?}"),
    }
}
