//! Typed actors as children, in each style: started when their `init` has returned, restarted with their first state,
//! and told to `terminate` when their supervisor stops them.

use flower::supervisor::{Child, StartError, Strategy, Supervisor, init_ack};
use flower::{CallError, ExitReason, Pid, self_pid, trap_exit};
use flower_guests::PATIENCE;
use flower_guests::supervision::{child, children_without, expect_told, stop_supervisor, tell};

/// The same actor, and the same checks of it, in one style.
macro_rules! counter {
    ($style:ident, $attribute:meta) => {
        mod $style {
            use super::*;

            struct Counter {
                count: u64,
                witness: Pid,
            }

            #[$attribute]
            impl Counter {
                fn init(first: u64, witness: Pid) -> Result<Self, String> {
                    if first == 0 {
                        return Err("nothing to count".to_owned());
                    }
                    // As with Erlang's servers, `terminate` is for those that trap exits.
                    trap_exit(true);
                    init_ack();
                    Ok(Counter { count: first, witness })
                }

                fn add(&mut self, n: u64) -> u64 {
                    self.count = self.count.checked_add(n).expect("room for more");
                    self.count
                }

                fn terminate(&mut self, reason: ExitReason) {
                    tell(self.witness, &format!("{reason} at {}", self.count));
                }
            }

            fn supervisor(first: u64) -> Supervisor {
                let counter = Child::of("counter", Counter::options(first, self_pid()).name("counter"));
                Supervisor::new(Strategy::OneForOne).child(counter.acknowledged(PATIENCE))
            }

            pub(crate) fn check() {
                let supervisor = supervisor(5).start_link().expect("it counts");
                let counter = CounterClient::whereis("counter").expect("its `init` has returned");
                assert_eq!(counter.add(1).call(), Ok(6));
                let failed = counter.add(u64::MAX).call();
                assert!(matches!(failed, Err(CallError::Died(ExitReason::Panic { .. }))), "{failed:?}");
                children_without(supervisor, counter.pid());
                let counter = CounterClient::whereis("counter").expect("it has come back");
                assert_eq!(counter.pid(), child(supervisor, "counter"));
                assert_eq!(counter.add(2).call(), Ok(7));
                stop_supervisor(supervisor);
                expect_told(&["shutdown at 7"]);
                an_init_that_fails();
            }

            fn an_init_that_fails() {
                let Err(StartError::Child { id, error }) = supervisor(0).start_link() else {
                    panic!("it counts")
                };
                let reason = ExitReason::error("nothing to count");
                assert_eq!((id.as_str(), *error), ("counter", StartError::Ended(reason)));
            }
        }
    };
}

counter!(handler, flower::actor);
counter!(process, flower::actor(process, name = "ProcessCounter"));

fn main() {
    handler::check();
    process::check();
}
