//! Two actors play table tennis over one channel, until the umpire closes it.
//!
//! The table has no room for a ball: it is handed from player to player.

use std::time::Duration;

use flower::{Receiver, Sender, channel, sleep, spawn_join};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Ball {
    hits: u32,
}

fn player((name, to, from): (String, Sender<Ball>, Receiver<Ball>)) {
    while let Some(mut ball) = from.recv() {
        ball.hits += 1;
        println!("{name} {}", ball.hits);
        sleep(Duration::from_millis(100));
        if to.send(ball).is_err() {
            break;
        }
    }
    println!("Ball's gone");
}

fn main() {
    let (to, from) = channel(0);
    let play = |name: &str| spawn_join(player, (name.to_owned(), to.clone(), from.clone()));
    let players = [play("ping"), play("pong")];

    to.send(Ball { hits: 0 }).expect("the players wait for it");
    sleep(Duration::from_secs(1));
    to.close();
    for player in players {
        player.join().expect("a player leaves when the ball is gone");
    }
}
