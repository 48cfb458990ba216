//! Tries to read, write, move and link each path that it is told, and says which of them it could.

use std::{env, fs};

fn main() {
    for path in env::args().skip(1) {
        let done = [
            ("read", fs::read(&path).is_ok()),
            ("list", fs::read_dir(&path).is_ok()),
            ("write", fs::OpenOptions::new().append(true).open(&path).is_ok()),
            ("create", fs::write(format!("{path}.new"), "x").is_ok()),
            ("link", fs::hard_link(&path, "/data/hard_link").is_ok()),
            ("move", fs::rename(&path, "/data/moved").is_ok()),
            ("remove", fs::remove_file(&path).is_ok()),
        ];
        let done: Vec<&str> = done.iter().filter(|(_, done)| *done).map(|(what, _)| *what).collect();
        println!("{path}: {}", done.join(" "));
    }
}
