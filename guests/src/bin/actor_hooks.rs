//! P16, A9: the hooks of a typed actor, in each style: what runs when, and when it does not.

use flower::{
    CallError, Down, Event, ExitReason, Flow, Pid, TimerRef, exit_signal, kill, parent, receive, send,
    spawn_join, trap_exit,
};
use flower_guests::{PATIENCE, died, ms};

/// The same actor, and the same checks of it, in one style.
macro_rules! hooked {
    ($style:ident, $attribute:meta) => {
        mod $style {
            use super::*;

            /// Tells its parent of everything that it does.
            pub(crate) struct Hooked {
                parent: Pid,
                ticks: u32,
            }

            #[$attribute]
            impl Hooked {
                fn init(word: String) -> Result<Self, String> {
                    if word == "fail" {
                        return Err("it was told to".to_owned());
                    }
                    trap_exit(word == "trap");
                    tell(&format!("init {}", flower::whereis("hooked").is_some()));
                    Ok(Hooked { parent: parent().expect("it has one"), ticks: 0 })
                }

                fn foo(&mut self) {
                    tell("foo");
                }

                fn tick(&mut self) {
                    flower::tick(ms(1)).expect("a timer is free");
                }

                fn fail(&mut self) {
                    panic!("it was told to")
                }

                fn on_timeout(&mut self, timer: TimerRef) -> Flow {
                    self.ticks += 1;
                    if self.ticks < 3 {
                        return Flow::Continue;
                    }
                    assert!(flower::cancel_timer(timer));
                    Flow::Stop
                }

                fn handle_info(&mut self, event: Event) {
                    let Event::Message(message) = event else { panic!("{event:?}") };
                    assert_eq!(message.sender(), self.parent);
                    tell(&format!("info {}", message.decode::<String>().expect("a word")));
                }

                fn terminate(&mut self, reason: ExitReason) {
                    tell(&format!("terminate {reason} after {}", self.ticks));
                }

                fn on_failure(reason: ExitReason) {
                    let ExitReason::Panic { message, location } = reason else { panic!("{reason}") };
                    assert!(location.contains("actor_hooks.rs"), "{location}");
                    tell(&format!("failure {message}"));
                }
            }

            fn tell(word: &str) {
                send(parent().expect("it has one"), word).expect("it waits");
            }

            pub(crate) fn check() {
                a9_start_foo_stop();
                p16_a_failure();
                a_hook_that_stops();
                an_init_that_fails();
                nothing_after_a_kill();
                a_parent_that_says_so();
            }

            fn start(word: &str) -> (HookedClient, impl Fn(&str), impl Fn() -> ExitReason) {
                let options = Hooked::options(word.to_owned()).name("hooked");
                let (pid, monitor) = options.spawn_monitor().expect("the name is free");
                let expect = |word: &str| assert_eq!(receive(), Ok(word.to_owned()));
                let end = move || {
                    let down: Down = receive().expect("it ends");
                    assert_eq!(down.monitor, monitor);
                    down.reason
                };
                (pid.into(), expect, end)
            }

            fn a9_start_foo_stop() {
                let (hooked, expect, end) = start("go");
                send(&hooked, "before").expect("it lives");
                hooked.foo().cast().expect("it lives");
                assert_eq!(hooked.stop(), Ok(true));
                expect("init true");
                expect("info before");
                expect("foo");
                expect("terminate shutdown after 0");
                assert_eq!(end(), ExitReason::shutdown());
            }

            fn p16_a_failure() {
                let (hooked, expect, end) = start("go");
                expect("init true");
                assert!(matches!(hooked.fail().call(), Err(CallError::Died(ExitReason::Panic { .. }))));
                expect("failure it was told to");
                assert!(matches!(end(), ExitReason::Panic { .. }));
                assert_eq!(flower::mailbox_len(), 0, "it was not stopped");
            }

            fn a_hook_that_stops() {
                let (hooked, expect, end) = start("go");
                expect("init true");
                hooked.tick().cast().expect("it lives");
                expect("terminate normal after 3");
                assert!(!end().is_abnormal());
            }

            fn an_init_that_fails() {
                let (hooked, _, end) = start("fail");
                let asked = hooked.foo().call();
                assert!(matches!(&asked, Err(CallError::Died(_) | CallError::NoActor)), "{asked:?}");
                assert_eq!(end(), ExitReason::error("it was told to"));
            }

            fn nothing_after_a_kill() {
                let (hooked, expect, end) = start("go");
                expect("init true");
                kill(hooked.pid()).expect("a spawner may");
                assert_eq!(end(), ExitReason::Killed);
                assert_eq!(flower::mailbox_len(), 0);
            }

            fn a_parent_that_says_so() {
                let (hooked, expect, end) = start("trap");
                expect("init true");
                exit_signal(hooked.pid(), ExitReason::error(&5)).expect("a spawner may");
                expect("terminate error: 5 after 0");
                assert_eq!(end(), ExitReason::error(&5));
            }
        }
    };
}

hooked!(handler, flower::actor);
hooked!(process, flower::actor(process, name = "ProcessHooked"));

/// Without hooks: what is no call is dropped, and a stop just ends it.
struct Plain;

#[flower::actor]
impl Plain {
    fn init() -> Self {
        Plain
    }

    fn ping(&self) -> u32 {
        1
    }
}

fn main() {
    handler::check();
    process::check();
    let (plain, monitor) = Plain::spawn_monitor();
    send(&plain, "a word").expect("it lives");
    assert_eq!(plain.ping().timeout(PATIENCE).call(), Ok(1));
    assert_eq!(plain.stop(), Ok(true));
    let down: Down = receive().expect("it ends");
    assert_eq!((down.monitor, down.reason), (monitor, ExitReason::shutdown()));
    // A link takes its spawner along.
    let linked = spawn_join(
        |()| {
            kill(Plain::spawn_link().pid()).expect("a spawner may");
            flower_guests::wait_for_ever();
        },
        (),
    );
    assert_eq!(died(linked.join()), ExitReason::Killed);
}
