//! The rights that everybody has by itself, and that can be taken away: from the first actor by its policy (`not_granted`), from
//! a child by its spawn. A cell is a test: `policy::withheld::stdout::granted::narrowed_child`.

use flower_host::{Budget, ChildLimits, Policy, Random};

use super::table::table;
use crate::support::{Guest, Mode};

macro_rules! every_way {
    () => {
        const _: [fn(); 6] =
            [direct, child, grandchild, narrowed_child, child_of_a_narrowed_child, widened_child];
    };
}

/// What the first actor has from which a right was taken.
fn without(right: &str) -> Policy {
    let bounded = |bound: fn(&mut ChildLimits)| {
        let mut limits = ChildLimits::default();
        bound(&mut limits);
        Policy::default().child_limits(limits)
    };
    match right {
        "stdout" => Policy::default().stdout(false),
        "stderr" => Policy::default().stderr(false),
        "random" => Policy::default().random(Random::Fixed),
        "name" | "listed_name" | "name_of_child" | "group" => Policy::default().names(["db"]),
        "unregister" => Policy::default().names(["held"]),
        "module" => Policy::default().modules(["mine"]),
        "depth" => Policy::default().depth_max(1),
        "child_memory" => bounded(|limits| limits.memory_max = Some(4 << 20)),
        "child_mailbox_len" => bounded(|limits| limits.mailbox_len_max = Some(4)),
        "child_mailbox_bytes" => bounded(|limits| limits.mailbox_bytes_max = Some(20_000)),
        "child_run_time" => {
            bounded(|limits| limits.run_time_max = Some(std::time::Duration::from_millis(100)))
        }
        "actors" | "loaded_module" => Policy::default(),
        other => panic!("no right {other}"),
    }
}

/// Runs one cell.
fn expect(right: &str, granted: bool, way: &str, outcome: &str) {
    let policy = if granted { Policy::default() } else { without(right) };
    let guest = Guest::named("policy_withheld").policy(policy).args([way, right]);
    let guest = match (right, granted) {
        ("module", _) | ("loaded_module", true) => guest.module("other", "spawn_module_other"),
        ("actors", false) => guest.budget(Budget::new().actors_max(3)),
        _ => guest,
    };
    for mode in [Mode::Deterministic, Mode::Threads] {
        let ran = guest.run(mode);
        ran.expect_success();
        let (printed, other) = match right {
            "stderr" => (&ran.stderr, &ran.stdout),
            _ => (&ran.stdout, &ran.stderr),
        };
        assert_eq!((printed.trim_end(), other.as_str()), (outcome, ""), "{ran}");
    }
}

table! { super::super::expect, every_way;
    stdout {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child => "";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child widened_child => "";
        }
    }
    stderr {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child => "";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child widened_child => "";
        }
    }
    random {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child => "everybody's";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child widened_child => "everybody's";
        }
    }
    name {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child => "PermissionDenied: the name \"web/1\" is not granted";
            widened_child => "PermissionDenied: the name \"*\" is not granted";
        }
        not_granted {
            direct child grandchild => "PermissionDenied: the name \"web/1\" is not granted";
            narrowed_child child_of_a_narrowed_child widened_child
                => "PermissionDenied: the name \"web/a*\" is not granted";
        }
    }
    listed_name {
        granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child => "granted";
            widened_child => "PermissionDenied: the name \"*\" is not granted";
        }
        not_granted {
            direct child grandchild => "PermissionDenied: the name \"web/a1\" is not granted";
            narrowed_child child_of_a_narrowed_child widened_child
                => "PermissionDenied: the name \"web/a*\" is not granted";
        }
    }
    name_of_child {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child => "PermissionDenied: the name \"web/1\" is not granted";
            widened_child => "PermissionDenied: the name \"*\" is not granted";
        }
        not_granted {
            direct child grandchild => "PermissionDenied: the name \"web/1\" is not granted";
            narrowed_child child_of_a_narrowed_child widened_child
                => "PermissionDenied: the name \"web/a*\" is not granted";
        }
    }
    group {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child => "PermissionDenied: the name \"web/1\" is not granted";
            widened_child => "PermissionDenied: the name \"*\" is not granted";
        }
        not_granted {
            direct child grandchild => "PermissionDenied: the name \"web/1\" is not granted";
            narrowed_child child_of_a_narrowed_child widened_child
                => "PermissionDenied: the name \"web/a*\" is not granted";
        }
    }
    // The first actor has the name; not granted is every other.
    unregister {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child => "still held";
            widened_child => "PermissionDenied: the name \"*\" is not granted";
        }
        not_granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child
                => "PermissionDenied: the name \"db\" is not granted";
        }
    }
    module {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child
                => "PermissionDenied: spawn of the module \"other\" is not granted";
            widened_child => "PermissionDenied: spawn of the module \"oth*\" is not granted";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child
                => "PermissionDenied: spawn of the module \"other\" is not granted";
            widened_child => "PermissionDenied: spawn of the module \"oth*\" is not granted";
        }
    }
    // No call loads a module: there are those that the host was given.
    loaded_module {
        granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child => "granted";
            widened_child => "PermissionDenied: spawn of the module \"oth*\" is not granted";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child
                => "No module of this name was given to the host.";
            widened_child => "PermissionDenied: spawn of the module \"oth*\" is not granted";
        }
    }
    // How deep. Taken away is the third generation from a child, and the second from the first actor.
    depth {
        granted {
            direct child grandchild => "3 generations";
            narrowed_child => "2 generations: PermissionDenied: spawn is not granted";
            child_of_a_narrowed_child widened_child => "1 generations: PermissionDenied: spawn is not granted";
        }
        not_granted {
            direct => "1 generations: PermissionDenied: spawn is not granted";
            child narrowed_child => "0 generations: PermissionDenied: spawn is not granted";
            grandchild child_of_a_narrowed_child widened_child => "PermissionDenied: spawn is not granted";
        }
    }
    // How many: three with the one that has the budget.
    actors {
        granted {
            direct child grandchild => "3 actors";
            narrowed_child => "2 actors";
            child_of_a_narrowed_child widened_child => "1 actors";
        }
        not_granted {
            direct => "2 actors";
            child narrowed_child => "1 actors";
            grandchild child_of_a_narrowed_child widened_child => "0 actors";
        }
    }
    child_memory {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
    }
    child_mailbox_len {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
    }
    child_mailbox_bytes {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
    }
    child_run_time {
        granted {
            direct child grandchild => "granted";
            narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
        not_granted {
            direct child grandchild narrowed_child child_of_a_narrowed_child widened_child => "bounded";
        }
    }
}
