//! What the operator reads of a refusal: which flag would allow it. With that flag, it is allowed.

use std::path::Path;

use crate::support::{Program, Ran, guest_file};

/// Runs one way of one right under the program, with these flags besides.
fn run(flags: &[&str], guest: &str, args: &[&str]) -> Ran {
    let program = Program::of_run(flags, &guest_file(guest), args).env("GREETING", "hello");
    program.input("something to read\n").ran().expect_code(0)
}

/// The log's line about a refusal: who, what, and the remedy.
#[track_caller]
fn line(ran: &Ran) -> String {
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" is not granted: ")).collect();
    let [line] = lines[..] else { panic!("one line:\n{}", ran.stderr) };
    assert!(line.contains("actor policy_") && line.contains("(refusals so far: 1)"), "{line}");
    line.to_owned()
}

/// The flag that a line names, in a form that a shell would take: the host's side of a directory is up to the operator.
fn flag(line: &str, folder: &Path) -> Vec<String> {
    let flag = line.split("--").nth(1).expect("it names a flag");
    let (flag, _) =
        flag.split_once(" would grant").or_else(|| flag.split_once(" grants")).expect("and says what for");
    let flag = format!("--{flag}").replace("HOST", &folder.display().to_string());
    flag.split(' ').map(str::to_owned).collect()
}

/// Fails unless the refusal names this flag, and is none with it.
fn expect(right: &str, way: &str, named: &str) {
    let folder = tempfile::tempdir().expect("a folder for a test");
    std::fs::write(folder.path().join("file"), "x").expect("it is ours");
    let (guest, args) = match right {
        "file" => ("policy_paths", ["direct", "/data/new"]),
        _ => ("policy_table", [way, right]),
    };
    let read = format!("{}::/data", folder.path().display());
    let before: &[&str] = if right == "file" { &["--dir-read", &read] } else { &[] };
    let refused = run(before, guest, &args);
    let line = line_of(right, &refused);
    let flag = flag(&line, folder.path());
    let shown = flag.join(" ").replace(&folder.path().display().to_string(), "HOST");
    assert_eq!(shown, named, "{line}");
    let flag: Vec<&str> = flag.iter().map(String::as_str).collect();
    let allowed = run(&flag, guest, &args);
    let (what, _) = line.split_once(" is not granted").expect("it says so");
    assert!(!allowed.stderr.contains(what) && !allowed.stdout.contains("missing"), "{allowed:?}");
    assert_ne!(allowed.stdout, refused.stdout);
}

/// Who tries everything with a file is refused several times, and the first line says as much as the others.
fn line_of(right: &str, ran: &Ran) -> String {
    match right {
        "file" => {
            let first = ran.stderr.lines().find(|line| line.contains(" is not granted: "));
            let first = first.unwrap_or_else(|| panic!("there is a line: {ran:?}"));
            assert!(first.contains("of this file below /data"), "{first}");
            first.to_owned()
        }
        _ => line(ran),
    }
}

/// Makes a test of each right.
macro_rules! flags {
    ($( $name:ident: $right:ident $way:ident => $flag:literal; )+) => {$(
        #[test]
        fn $name() {
            expect(stringify!($right), stringify!($way), $flag);
        }
    )+};
}

flags! {
    connect: connect direct => "--allow-net connect:127.0.0.1:1";
    connect_of_a_child: connect child => "--allow-net connect:127.0.0.1:1";
    connect_name: connect_name direct => "--allow-net connect:localhost:1";
    connect_unix: connect_unix direct => "--allow-net connect:unix:/nobody/listens";
    bind: bind direct => "--allow-net bind:127.0.0.1:0";
    bind_of_a_child: bind child => "--allow-net bind:127.0.0.1:0";
    bind_unix: bind_unix direct => "--allow-net bind:unix:/no/such/folder";
    file: file direct => "--dir HOST::/data";
    dir_of_a_child: dir child => "--dir HOST::/data";
    dir_read_of_a_child: dir_read child => "--dir-read HOST::/data";
    env_of_a_child: env child => "--env GREETING";
    stdin: stdin direct => "--allow-stdin";
    stdin_of_a_child: stdin child => "--allow-stdin";
    clock_of_a_child: clock child => "--allow-clock";
    coarse_clock_of_a_child: clock_coarse child => "--allow-clock=coarse";
}

/// What was taken away by a spawn or a policy is given back by no flag; the line says by what it was taken.
#[test]
fn where_no_flag_helps_the_line_says_what_took_it_away() {
    for (right, by) in [
        ("name", "Spawn::only_names or Policy::names"),
        ("group", "Spawn::only_names or Policy::names"),
        ("module", "Spawn::only_modules or Policy::modules"),
        ("depth", "Spawn::depth_max or Policy::depth_max"),
    ] {
        let line = line(&run(&[], "policy_withheld", &["narrowed_child", right]));
        assert!(line.contains(by) && !line.contains("--"), "{line}");
    }
}

#[test]
fn a_flood_of_refusals_is_ten_lines_in_a_second_and_all_are_counted() {
    let ran = run(&["--deterministic"], "policy_withheld", &["narrowed_child", "flood"]);
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" is not granted: ")).collect();
    assert_eq!(lines.len(), 11, "{}", ran.stderr);
    assert!(lines[9].ends_with("(refusals so far: 10)"), "{}", lines[9]);
    assert!(lines[10].ends_with("(refusals so far: 101, 90 of them not logged)"), "{}", lines[10]);
}

/// An environment without the variable, and a clock that stands still, are no refusals: nobody was told no.
#[test]
fn what_is_only_missing_is_not_logged() {
    for right in ["arg", "env", "clock", "dir"] {
        let ran = run(&[], "policy_table", &["direct", right]);
        assert!(["missing\n", "frozen\n"].contains(&ran.stdout.as_str()), "{ran:?}");
        assert_eq!(ran.stderr, "");
    }
}
