//! 10,000 actors, or as many as the first argument says, are all alive at once and all answer.

use flower::{JoinHandle, is_alive, receive, send, spawn_join};

fn main() {
    let count = std::env::args().nth(1).map_or(10_000, |count| count.parse().expect("a number"));
    let actors: Vec<JoinHandle<u32>> = (0..count).map(|n| spawn_join(wait, n)).collect();
    assert!(actors.iter().all(|actor| is_alive(actor.pid())));
    for actor in &actors {
        send(actor, &1_u32).expect("it waits");
    }
    for (n, actor) in (0..).zip(actors) {
        assert_eq!(actor.join(), Ok(n + 1));
    }
}

fn wait(n: u32) -> u32 {
    n + receive::<u32>().expect("a number")
}
