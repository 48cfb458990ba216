//! Restart type by strategy by exit reason: the second of three children ends, in both styles, and what became of
//! the three is compared with the table. A cell is a test: `supervisor::table::one_for_all::transient::panic`.

use crate::support::{Guest, Mode};

/// Runs one cell, and compares what became of the three children.
fn expect(strategy: &str, restart: &str, reason: &str, children: &str) {
    let guest = Guest::named("supervisor_table").args([strategy, restart, reason]);
    for mode in [Mode::Deterministic, Mode::Threads] {
        let outcome = guest.run(mode);
        outcome.expect_success();
        assert_eq!(outcome.stdout, format!("process: {children}\nhandler: {children}\n"), "{outcome}");
    }
}

/// Makes a test of each cell, from the reasons that lead to the same.
macro_rules! table {
    ($( $strategy:ident { $( $restart:ident { $( $($reason:ident)+ => $children:literal; )+ } )+ } )+) => {$(
        mod $strategy {
            $(mod $restart {
                $($(
                    #[test]
                    fn $reason() {
                        let (strategy, restart) = (stringify!($strategy), stringify!($restart));
                        crate::supervisor::table::expect(strategy, restart, stringify!($reason), $children);
                    }
                )+)+
            })+
        }
    )+};
}

table! {
    one_for_one {
        permanent {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "same, new, same";
        }
        transient {
            normal shutdown shutdown_value => "same, stopped, same";
            error panic trap limit exit_code killed => "same, new, same";
        }
        temporary {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "same, gone, same";
        }
    }
    one_for_all {
        permanent {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "new, new, new";
        }
        transient {
            normal shutdown shutdown_value => "same, stopped, same";
            error panic trap limit exit_code killed => "new, new, new";
        }
        temporary {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "same, gone, same";
        }
    }
    rest_for_one {
        permanent {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "same, new, new";
        }
        transient {
            normal shutdown shutdown_value => "same, stopped, same";
            error panic trap limit exit_code killed => "same, new, new";
        }
        temporary {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "same, gone, same";
        }
    }
    simple_one_for_one {
        permanent {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "same, new, same";
        }
        transient {
            normal shutdown shutdown_value => "same, gone, same";
            error panic trap limit exit_code killed => "same, new, same";
        }
        temporary {
            normal shutdown shutdown_value error panic trap limit exit_code killed => "same, gone, same";
        }
    }
}
