//! The program that loads modules reports a time for every way to load one.

use std::path::Path;
use std::process::Command;

#[test]
fn every_way_of_loading_is_timed() {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/lean.wat");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let ran = Command::new(env!("CARGO_BIN_EXE_load")).arg(module).arg(folder).output().expect("it starts");
    let text = String::from_utf8(ran.stdout).expect("it prints text");
    assert!(ran.status.success(), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["compile", "cache", "checked", "artifact"]);
    let times = text.lines().filter_map(|line| line.split(' ').nth(1)?.parse::<f64>().ok());
    assert_eq!(times.filter(|time| *time > 0.0).count(), names.len(), "{text}");
}
