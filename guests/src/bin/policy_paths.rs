//! Tries to read, write, move and link each path that it is told, and says which of them it could: by itself, or through a
//! child to which its directories were granted. Its first argument says which.

use std::{env, fs};

use flower::Spawn;

fn main() {
    let mut args = env::args().skip(1);
    let way = args.next().expect("a way");
    let paths: Vec<String> = args.collect();
    let told = match &*way {
        "direct" => attempt(paths),
        "child" => {
            let child = Spawn::new(attempt, paths).allow_dir_read("/read");
            let child = if fs::write("/data/writable", "").is_ok() {
                child.allow_dir("/data")
            } else {
                child.allow_dir_read("/data")
            };
            child.spawn_join().expect("this actor has both").join().expect("it ends well")
        }
        other => panic!("no way {other}"),
    };
    print!("{told}");
}

fn attempt(paths: Vec<String>) -> String {
    paths.iter().map(|path| format!("{path}: {}\n", could(path))).collect()
}

fn could(path: &str) -> String {
    let done = [
        ("read", fs::read(path).is_ok()),
        ("list", fs::read_dir(path).is_ok()),
        ("write", fs::OpenOptions::new().append(true).open(path).is_ok()),
        ("create", fs::write(format!("{path}.new"), "x").is_ok()),
        ("symlink", follow(path)),
        ("link", fs::hard_link(path, "/data/hard_link").is_ok()),
        ("move", fs::rename(path, "/data/moved").is_ok()),
        ("remove", fs::remove_file(path).is_ok()),
    ];
    let done: Vec<&str> = done.iter().filter(|(_, done)| *done).map(|(what, _)| *what).collect();
    done.join(" ")
}

/// Whether a symbolic link of its own leads there.
#[expect(deprecated, reason = "the other functions are not for every system")]
fn follow(path: &str) -> bool {
    let target = path.strip_prefix("/data/").unwrap_or(path);
    let read = fs::soft_link(target, "/data/soft_link").is_ok() && fs::read("/data/soft_link").is_ok();
    let _none = fs::remove_file("/data/soft_link");
    read
}
