//! Models of what the scheduler's threads do to each other, and of who waits at channels, run in every order by loom.
//!
//! The files under test are the host's own, compiled here against [`sync`]; this is a program, so that their
//! own tests stay out. A lost wake is a deadlock, which loom reports; the rest is asserted. The arguments
//! name models, or parts of their names.

#[allow(dead_code, reason = "the models use a part of it")]
#[path = "../../../host/src/scheduler/idle.rs"]
mod idle;

#[allow(dead_code, reason = "the models use a part of it")]
mod channel;

mod channels;
mod idling;

mod sync;

/// What the host's channels know of actors and messages.
mod pid {
    /// All are alike.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct ActorId;
}

/// See [`pid`].
mod signal {
    /// One byte.
    #[derive(Debug)]
    pub(crate) struct Envelope;

    impl Envelope {
        /// What it counts in a channel.
        pub(crate) fn size(&self) -> u64 {
            1
        }

        /// Nothing travels with it.
        pub(crate) fn commit_handles(&mut self) {}
    }
}

/// Makes a list of models, by their names.
macro_rules! models {
    ($($module:ident :: $name:ident),* $(,)?) => {
        &[$((stringify!($name), $module::$name)),*]
    };
}

const MODELS: &[(&str, fn())] = models![
    idling::work_is_not_slept_over,
    idling::two_cores_do_all_the_work_and_both_stop,
    idling::a_core_that_gets_up_by_itself_is_not_counted_as_asleep,
    idling::the_ticker_ticks_while_a_core_is_awake,
    channels::a_select_is_completed_once,
    channels::who_gives_up_has_got_nothing,
    channels::a_value_is_not_missed_by_who_lines_up,
    channels::a_close_and_a_send_do_not_both_complete,
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    for (name, run) in MODELS.iter().filter(|(name, _)| is_wanted(name)) {
        println!("model {name}");
        run();
    }
}

/// Threads are interrupted so often in one run, at every place; with no bound the larger models take hours.
const INTERRUPTIONS: usize = 2;

/// Runs a model in every order. `LOOM_MAX_PREEMPTIONS` sets another bound.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(INTERRUPTIONS);
    builder.check(run);
}
