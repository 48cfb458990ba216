//! Files in a granted directory can be written, read and listed; outside of it there is nothing.
//!
//! Needs `--dir DIR::/data`, where `DIR` is an empty directory.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};

use flower::spawn_join;

fn main() {
    whole_files();
    parts_of_files();
    folders();
    nothing_outside();
}

fn whole_files() {
    let bytes: Vec<u8> = (0..300_000).map(|n| (n % 251) as u8).collect();
    fs::write("/data/whole", &bytes).expect("it can be written");
    assert!(fs::read("/data/whole").expect("it can be read") == bytes);
    assert_eq!(fs::metadata("/data/whole").expect("it is there").len(), 300_000);
    fs::rename("/data/whole", "/data/renamed").expect("the new name is free");
    fs::remove_file("/data/renamed").expect("it is there");
    assert_eq!(fs::read("/data/renamed").expect_err("it is gone").kind(), ErrorKind::NotFound);
}

fn parts_of_files() {
    let mut file = File::create("/data/parts").expect("it can be made");
    file.write_all(b"hello ").expect("it can be written");
    drop(file);
    let mut file = OpenOptions::new().append(true).open("/data/parts").expect("it is there");
    file.write_all(b"world").expect("it can be written");
    drop(file);
    let mut file = File::open("/data/parts").expect("it is there");
    file.seek(SeekFrom::Start(6)).expect("it is long enough");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("it is text");
    assert_eq!(text, "world");
    fs::remove_file("/data/parts").expect("it is there");
}

fn folders() {
    fs::create_dir("/data/folder").expect("it can be made");
    for name in ["b", "a", "c"] {
        fs::write(format!("/data/folder/{name}"), name).expect("it can be written");
    }
    let entries = fs::read_dir("/data/folder").expect("it can be listed");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
    fs::remove_dir_all("/data/folder").expect("it is ours");
}

fn nothing_outside() {
    assert!(fs::read("/etc/passwd").is_err());
    assert!(fs::read("/data/../etc/passwd").is_err());
    assert!(fs::read_dir("/").is_err());
    // Only the program itself was granted something.
    let child = spawn_join(|()| fs::read_dir("/data").is_err(), ());
    assert_eq!(child.join(), Ok(true));
}
