//! Lines of different actors never mix, however long they are and in however many pieces they come.
//!
//! Every line that this prints has one letter only, 3,000 times on stdout and 300 times on stderr. In
//! deterministic mode their order is fixed too.

use std::io::{Write, stderr, stdout};

use flower::{JoinHandle, join_all, spawn_join, yield_now};

const LINES: usize = 3;

/// Prints lines of one letter in pieces, with pauses in between.
fn scribble(letter: char) {
    let piece = letter.to_string().repeat(100);
    for _ in 0..LINES {
        for _ in 0..30 {
            print!("{piece}");
            stdout().flush().expect("it is open");
            yield_now();
        }
        println!();
        for _ in 0..3 {
            eprint!("{piece}");
            yield_now();
        }
        eprintln!();
    }
    stderr().flush().expect("it is open");
}

fn main() {
    let writers: Vec<JoinHandle<()>> = ('a'..='e').map(|letter| spawn_join(scribble, letter)).collect();
    assert!(join_all(writers).iter().all(Result::is_ok));
}
