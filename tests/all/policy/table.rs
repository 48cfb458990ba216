//! Right by way by grant: what came of it. A cell is a test: `policy::table::env::granted::grandchild`.

use flower_host::{Access, Clock, Dir, Dirs, Policy, Strings};

use crate::support::{Guest, Mode, Program, guest_file};

/// What the first actor has of a right.
fn policy(right: &str, folder: &std::path::Path) -> Policy {
    let dir = |access| {
        let dir = Dir { host: folder.into(), guest: "/data".into(), access };
        Policy::default().dirs(Dirs::new([dir]).expect("it is there"))
    };
    match right {
        "env" => Policy::default().env(Strings::env([("GREETING", "hello")]).expect("a variable")),
        "dir" => dir(Access::ReadWrite),
        "dir_read" => dir(Access::ReadOnly),
        "clock" => Policy::default().clock(Clock::Real),
        "connect" => Policy::default().net("connect:127.0.0.1:1".parse().expect("a rule")),
        "bind" => Policy::default().net("bind:127.0.0.1:0".parse().expect("a rule")),
        other => panic!("no right {other}"),
    }
}

/// Runs one cell.
fn expect(right: &str, granted: &str, way: &str, outcome: &str) {
    if right == "stdin" {
        return expect_stdin(granted, way, outcome);
    }
    let folder = tempfile::tempdir().expect("a folder for a test");
    std::fs::write(folder.path().join("file"), "x").expect("it is ours");
    let policy = if granted == "granted" { policy(right, folder.path()) } else { Policy::default() };
    let guest = Guest::named("policy_table").policy(policy).args([way, right]);
    // There is no network in virtual time.
    let modes = if matches!(right, "connect" | "bind") {
        &[Mode::Threads][..]
    } else {
        &[Mode::Deterministic, Mode::Threads]
    };
    for mode in modes {
        let ran = guest.run(*mode);
        ran.expect_success();
        assert_eq!(ran.stdout.trim_end(), outcome, "{ran}");
    }
}

/// There is one stdin for a process, and so each cell needs a host of its own.
fn expect_stdin(granted: &str, way: &str, outcome: &str) {
    let flags: &[&str] = if granted == "granted" { &["--allow-stdin"] } else { &[] };
    for mode in [&[][..], &["--deterministic"]] {
        let program = Program::of_run(&[flags, mode].concat(), &guest_file("policy_table"), &[way, "stdin"]);
        let ran = program.input("something to read\n").ran().expect_code(0);
        assert_eq!(ran.stdout.trim_end(), outcome, "{ran:?}");
    }
}

/// Makes a test of each cell.
macro_rules! table {
    ($( $right:ident { $( $granted:ident { $( $($way:ident)+ => $outcome:literal; )+ } )+ } )+) => {$(
        mod $right {
            $(mod $granted {
                $($(
                    #[test]
                    fn $way() {
                        let (right, granted) = (stringify!($right), stringify!($granted));
                        crate::policy::table::expect(right, granted, stringify!($way), $outcome);
                    }
                )+)+
            })+
        }
    )+};
}

table! {
    env {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "missing";
            child_of_an_unnamed_child => "PermissionDenied: env=GREETING for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "missing";
            child grandchild child_of_an_unnamed_child => "PermissionDenied: env=GREETING for a child is not granted";
        }
    }
    dir {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "missing";
            child_of_an_unnamed_child => "PermissionDenied: dir=/data for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "missing";
            child grandchild child_of_an_unnamed_child => "PermissionDenied: dir=/data for a child is not granted";
        }
    }
    dir_read {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "missing";
            child_of_an_unnamed_child => "PermissionDenied: dir-read=/data for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "missing";
            child grandchild child_of_an_unnamed_child => "PermissionDenied: dir-read=/data for a child is not granted";
        }
    }
    clock {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "missing";
            child_of_an_unnamed_child => "PermissionDenied: clock=real for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "missing";
            child grandchild child_of_an_unnamed_child => "PermissionDenied: clock=real for a child is not granted";
        }
    }
    stdin {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "missing";
            child_of_an_unnamed_child => "PermissionDenied: stdin for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "missing";
            child grandchild child_of_an_unnamed_child => "PermissionDenied: stdin for a child is not granted";
        }
    }
    connect {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "PermissionDenied: net connect 127.0.0.1:1 is not granted";
            child_of_an_unnamed_child => "PermissionDenied: net=connect:127.0.0.1:1 for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "PermissionDenied: net connect 127.0.0.1:1 is not granted";
            child grandchild child_of_an_unnamed_child
                => "PermissionDenied: net=connect:127.0.0.1:1 for a child is not granted";
        }
    }
    bind {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "PermissionDenied: net bind 127.0.0.1:0 is not granted";
            child_of_an_unnamed_child => "PermissionDenied: net=bind:127.0.0.1:0 for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "PermissionDenied: net bind 127.0.0.1:0 is not granted";
            child grandchild child_of_an_unnamed_child
                => "PermissionDenied: net=bind:127.0.0.1:0 for a child is not granted";
        }
    }
}
