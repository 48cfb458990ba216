//! Right by grant by way: what came of it. A cell is a test: `policy::table::env::granted::grandchild`.
//!
//! These are the rights that nobody has by itself; `withheld` has the others, in the same form. A table with a cell too few does
//! not compile.

use std::path::Path;

use flower_host::{Access, Clock, Dir, Dirs, Policy, Strings};

use crate::support::{Guest, Mode, Program, guest_file};

/// Makes a test of each cell, by a function of the module, and checks with `$complete` that there is one for each way.
macro_rules! table {
    ($expect:path, $complete:ident; $(
        $right:ident { $( $granted:ident { $( $($way:ident)+ => $outcome:literal; )+ } )+ }
    )+) => {
        /// The rights that have cells here.
        pub(super) const RIGHTS: &[&str] = &[$(stringify!($right)),+];

        $(mod $right {
            const _: [fn(); 2] = [granted::direct, not_granted::direct];
            $(mod $granted {
                $complete!();
                $($(
                    #[test]
                    pub(super) fn $way() {
                        let (right, granted) = (stringify!($right), stringify!($granted) == "granted");
                        $expect(right, granted, stringify!($way), $outcome);
                    }
                )+)+
            })+
        })+
    };
}
pub(super) use table;

/// The ways of a right that was granted to the first actor, or was not.
macro_rules! every_way {
    () => {
        const _: [fn(); 5] = [direct, child, grandchild, unnamed_child, child_of_an_unnamed_child];
    };
}

/// What the first actor has of a right.
fn policy(right: &str, folder: &Path) -> Policy {
    let net = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| rule.parse().expect("a rule"));
        rules.fold(Policy::default(), Policy::net)
    };
    let dir = |access| {
        let dir = Dir { host: folder.into(), guest: "/data".into(), access };
        Policy::default().dirs(Dirs::new([dir]).expect("it is there"))
    };
    match right {
        "arg" => Policy::default(),
        "env" => Policy::default().env(Strings::env([("GREETING", "hello")]).expect("a variable")),
        "dir" => dir(Access::ReadWrite),
        "dir_read" => dir(Access::ReadOnly),
        "clock" => Policy::default().clock(Clock::Real),
        "clock_coarse" => Policy::default().clock(Clock::Coarse),
        "connect" => net(&["connect:127.0.0.1:1"]),
        "connect_name" => net(&["connect:localhost:1"]),
        "connect_unix" => net(&["connect:unix:/nobody/listens"]),
        "bind" => net(&["bind:127.0.0.1:0"]),
        "bind_unix" => net(&["bind:unix:/no/such/folder"]),
        "datagram" => net(&["bind:127.0.0.1:0", "connect:127.0.0.1:1"]),
        other => panic!("no right {other}"),
    }
}

/// What it has of the right without that: as a rule nothing, and where the right is the greater of two, the lesser.
fn less(right: &str, folder: &Path) -> Policy {
    match right {
        "dir" => policy("dir_read", folder),
        "clock" => policy("clock_coarse", folder),
        "datagram" => policy("bind", folder),
        _ => Policy::default(),
    }
}

/// Runs one cell.
fn expect(right: &str, granted: bool, way: &str, outcome: &str) {
    if right == "stdin" {
        return expect_stdin(granted, way, outcome);
    }
    let folder = tempfile::tempdir().expect("a folder for a test");
    std::fs::write(folder.path().join("file"), "x").expect("it is ours");
    let has = if granted { policy } else { less };
    let guest = Guest::named("policy_table").policy(has(right, folder.path())).args([way, right]);
    let guest = if right == "arg" && granted { guest.args(["hello"]) } else { guest };
    // There is no network in virtual time.
    let is_net = ["connect", "bind", "datagram"].iter().any(|op| right.starts_with(op));
    let modes = if is_net { &[Mode::Threads][..] } else { &[Mode::Deterministic, Mode::Threads] };
    for mode in modes {
        let ran = guest.run(*mode);
        ran.expect_success();
        assert_eq!(ran.stdout.trim_end(), outcome, "{ran}");
    }
}

/// There is one stdin for a process, and so each cell needs a host of its own.
fn expect_stdin(granted: bool, way: &str, outcome: &str) {
    let flags: &[&str] = if granted { &["--allow-stdin"] } else { &[] };
    for mode in [&[][..], &["--deterministic"]] {
        let program = Program::of_run(&[flags, mode].concat(), &guest_file("policy_table"), &[way, "stdin"]);
        let ran = program.input("something to read\n").ran().expect_code(0);
        assert_eq!(ran.stdout.trim_end(), outcome, "{ran:?}");
    }
}

table! { super::super::expect, every_way;
    // No right to have, but words of who spawns.
    arg {
        granted {
            direct child grandchild child_of_an_unnamed_child => "granted";
            unnamed_child => "missing";
        }
        not_granted {
            child grandchild child_of_an_unnamed_child => "granted";
            direct unnamed_child => "missing";
        }
    }
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
    // Without it there is the directory to read.
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
    // Without it there is the coarse clock.
    clock {
        granted {
            direct child grandchild => "real";
            unnamed_child => "frozen";
            child_of_an_unnamed_child => "PermissionDenied: clock=real for a child is not granted";
        }
        not_granted {
            direct => "coarse";
            unnamed_child => "frozen";
            child grandchild child_of_an_unnamed_child => "PermissionDenied: clock=real for a child is not granted";
        }
    }
    clock_coarse {
        granted {
            direct child grandchild => "coarse";
            unnamed_child => "frozen";
            child_of_an_unnamed_child => "PermissionDenied: clock=coarse for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "frozen";
            child grandchild child_of_an_unnamed_child => "PermissionDenied: clock=coarse for a child is not granted";
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
    connect_name {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "PermissionDenied: net connect localhost:1 is not granted";
            child_of_an_unnamed_child => "PermissionDenied: net=connect:localhost:1 for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "PermissionDenied: net connect localhost:1 is not granted";
            child grandchild child_of_an_unnamed_child
                => "PermissionDenied: net=connect:localhost:1 for a child is not granted";
        }
    }
    connect_unix {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "PermissionDenied: net connect unix:/nobody/listens is not granted";
            child_of_an_unnamed_child => "PermissionDenied: net=connect:unix:/nobody/listens for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "PermissionDenied: net connect unix:/nobody/listens is not granted";
            child grandchild child_of_an_unnamed_child
                => "PermissionDenied: net=connect:unix:/nobody/listens for a child is not granted";
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
    bind_unix {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "PermissionDenied: net bind unix:/no/such/folder is not granted";
            child_of_an_unnamed_child => "PermissionDenied: net=bind:unix:/no/such/folder for a child is not granted";
        }
        not_granted {
            direct unnamed_child => "PermissionDenied: net bind unix:/no/such/folder is not granted";
            child grandchild child_of_an_unnamed_child
                => "PermissionDenied: net=bind:unix:/no/such/folder for a child is not granted";
        }
    }
    // Without it there is a socket, which may send nothing there.
    datagram {
        granted {
            direct child grandchild => "granted";
            unnamed_child => "PermissionDenied: net bind 127.0.0.1:0 is not granted";
            child_of_an_unnamed_child => "PermissionDenied: net=bind:127.0.0.1:0 for a child is not granted";
        }
        not_granted {
            direct => "PermissionDenied: net connect 127.0.0.1:1 is not granted";
            unnamed_child => "PermissionDenied: net bind 127.0.0.1:0 is not granted";
            child grandchild => "PermissionDenied: net=connect:127.0.0.1:1 for a child is not granted";
            child_of_an_unnamed_child => "PermissionDenied: net=bind:127.0.0.1:0 for a child is not granted";
        }
    }
}
