//! Supervisors: actors that start others, watch them, and start them again when they fail.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use flower::supervisor::{Child, Restart, Strategy, Supervisor};
//!
//! # fn database(path: String) {}
//! # fn server(port: u16, greeting: String) {}
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let supervisor = Supervisor::new(Strategy::RestForOne)
//!     .intensity(3)
//!     .period(Duration::from_secs(5))
//!     .child(Child::new("database", database, "data".to_owned()))
//!     .child(Child::new("server", server, (80, "hello".to_owned())).restart(Restart::Transient))
//!     .start_link()?;
//! # Ok(())
//! # }
//! ```
//!
//! The meaning is that of [OTP's `supervisor`](https://www.erlang.org/doc/apps/stdlib/supervisor.html),
//! cell by cell: `docs/supervisors.md` has the tables, each with the test that holds it, and says where
//! flower adds to it.
//!
//! # Children
//!
//! A [`Child`] says how to start an actor: a function, a handler, an entry of another module, or any
//! [`Spawn`], with arguments that are the same each time. It is linked with its supervisor,
//! and so ends with it even when the supervisor is killed.
//!
//! A child has *started* when it is spawned, before it has run. One that is
//! [acknowledged](Child::acknowledged) has started when it has called [`init_ack`]: until then the
//! supervisor starts nobody else.
//!
//! # Failure
//!
//! Who is restarted when a child ends follows from its [`Restart`] and the supervisor's [`Strategy`]. More
//! restarts than [`intensity`](Supervisor::intensity) within [`period`](Supervisor::period) are a failure
//! of the supervisor itself: it stops its children, in reverse order, and ends with `Shutdown`, which its
//! own supervisor sees. A start that fails is tried again, and counts as a restart; in between the
//! supervisor answers to others.
//!
//! Whoever has a supervisor's pid or name can ask it: [`which_children`], [`count_children`],
//! [`start_child`],
//! [`terminate_child`], [`restart_child`], [`delete_child`].
//!
//! # The end of a supervisor
//!
//! It stops its children when its parent ends, when somebody [`stop`](crate::stop)s it, when it gives up,
//! or when its
//! [`AutoShutdown`] says so. Exit signals of others do nothing to it. How a child is stopped is its
//! [`Shutdown`].
//!
//! What happens to children is told on the standard error, one line for each event.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::spawn::Recipe;
use crate::{Binary, Pid, Spawn, demonitor};

// What is wanted.
mod child;

mod backoff;
mod error;
mod plan;

// The supervisor itself.
mod tree;

mod children;
mod intensity;
mod launch;
mod log;
mod restart;
mod shutdown;

// Asking it.
mod request;

mod answer;

pub use backoff::Backoff;
pub use child::{Child, ChildType, Restart, Shutdown};
pub use error::{ChildError, StartError};
pub use launch::init_ack;
pub use request::{
    ChildInfo, ChildRef, ChildState, Counts, count_children, delete_child, restart_child, start_child,
    start_child_with, terminate_child, which_children,
};

use plan::{Plan, Settings};

/// Who is restarted when a child is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Strategy {
    /// That child alone.
    OneForOne,
    /// All children: the others are stopped, in reverse order, and all are started, in order.
    OneForAll,
    /// That child, and those that were started after it.
    RestForOne,
    /// That child alone, of any number that are all alike: the one [`Child`] that such a supervisor is
    /// given is what each is made from, with arguments of its own. See [`start_child_with`].
    SimpleOneForOne,
}

/// Whether a supervisor ends when [significant](Child::significant) children have ended by themselves and
/// are not restarted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum AutoShutdown {
    /// It does not; no child may be significant.
    #[default]
    Never,
    /// When the first of them has.
    AnySignificant,
    /// When the last of them has.
    AllSignificant,
}

/// A supervisor to be started.
///
/// As in OTP, the intensity is 1 and the period 5 seconds, unless others are chosen.
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `start_link`, `spawn_link` or `run` is called"]
pub struct Supervisor {
    settings: Settings,
    children: Vec<Child>,
    acknowledge: bool,
}

impl Supervisor {
    /// Without children yet.
    pub fn new(strategy: Strategy) -> Supervisor {
        Supervisor { settings: Settings::new(strategy), children: Vec::new(), acknowledge: false }
    }

    /// Adds a child: the last to start, the first to be stopped.
    pub fn child(mut self, child: Child) -> Supervisor {
        self.children.push(child);
        self
    }

    /// Adds several, in this order.
    pub fn children(mut self, children: impl IntoIterator<Item = Child>) -> Supervisor {
        self.children.extend(children);
        self
    }

    /// How many restarts there may be within a [`period`](Supervisor::period); one more, and the supervisor
    /// gives up.
    pub fn intensity(mut self, restarts: u32) -> Supervisor {
        self.settings.intensity = restarts;
        self
    }

    /// For how long a restart counts. One that is exactly as old still does.
    pub fn period(mut self, period: Duration) -> Supervisor {
        self.settings.period = period;
        self
    }

    /// Whether it ends when significant children have.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Supervisor {
        self.settings.auto_shutdown = auto_shutdown;
        self
    }

    /// Registers this name for it. Its lines in the log begin with it, too.
    pub fn name(mut self, name: impl Into<String>) -> Supervisor {
        self.settings.name = Some(name.into());
        self
    }

    /// Waits before a restart, and longer each time. Without it a restart comes at once, as in OTP.
    pub fn backoff(mut self, backoff: Backoff) -> Supervisor {
        self.settings.backoff = Some(backoff);
        self
    }

    /// Writes nothing to the log.
    pub fn quiet(mut self) -> Supervisor {
        self.settings.quiet = true;
        self
    }

    /// Lets [`run`](Supervisor::run) call [`init_ack`] when all children have started.
    pub fn acknowledge(mut self) -> Supervisor {
        self.acknowledge = true;
        self
    }

    /// Starts it, linked with the caller, which is parked until all children have started.
    ///
    /// May not be called in a handler, which has [`spawn_link`](Supervisor::spawn_link).
    ///
    /// # Errors
    /// Why it was not started; those of its children that were are stopped then, and the caller is not
    /// linked.
    pub fn start_link(self) -> Result<Pid, StartError> {
        let recipe = self.recipe(true)?;
        let (pid, monitor) = launch::launch(&recipe, recipe.args(), Some(Duration::MAX))?;
        demonitor(monitor);
        Ok(pid)
    }

    /// Starts it, linked with the caller, and does not wait for its children: when one of them cannot be
    /// started, the supervisor ends.
    ///
    /// # Errors
    /// Why the supervisor itself was not started.
    pub fn spawn_link(self) -> Result<Pid, StartError> {
        let recipe = self.recipe(false)?;
        let (pid, monitor) = launch::launch(&recipe, recipe.args(), None)?;
        demonitor(monitor);
        Ok(pid)
    }

    /// Makes the calling actor the supervisor. It ends when the supervisor does: with `Shutdown`, or with
    /// its parent's reason. What was sent to it before stays in its mailbox, and is taken for a request.
    ///
    /// May not be called in a handler.
    pub fn run(self) -> ! {
        let acknowledge = self.acknowledge;
        match self.into_plan() {
            Ok(plan) => tree::run(plan.named(), acknowledge),
            Err(error) => tree::fail(&error, acknowledge),
        }
    }

    fn into_plan(self) -> Result<Plan, StartError> {
        let specs = self.children.into_iter().map(Child::into_spec).collect::<Result<_, _>>()?;
        Ok(Plan { settings: self.settings, specs })
    }

    /// How to start it in an actor of its own, which acknowledges that or does not.
    fn recipe(self, acknowledge: bool) -> Result<Recipe, StartError> {
        let name = self.settings.name.clone().unwrap_or_default();
        let spawn = Spawn::new(supervise, Binary((self.into_plan()?, acknowledge))).label("supervisor");
        spawn.name(&name).into_recipe().map_err(|error| StartError::Arguments(error.to_string()))
    }
}

fn supervise(Binary((plan, acknowledge)): Binary<(Plan, bool)>) {
    tree::run(Ok(plan), acknowledge)
}

/// `5s` with a space.
struct Spaced(Duration);

impl fmt::Display for Spaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        let unit = text.find(char::is_alphabetic).unwrap_or(text.len());
        write!(f, "{} {}", &text[..unit], &text[unit..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_with_their_unit_apart() {
        let shown = [5000, 1500, 200].map(|ms| Spaced(Duration::from_millis(ms)).to_string());
        assert_eq!(shown, ["5 s", "1.5 s", "200 ms"]);
        assert_eq!(Spaced(Duration::from_micros(3)).to_string(), "3 µs");
    }

    #[test]
    fn a_plan_travels() {
        let inner = Supervisor::new(Strategy::OneForAll).child(Child::new("leaf", |_: u32| (), 5));
        let outer = Supervisor::new(Strategy::OneForOne).name("top").child(Child::supervisor("inner", inner));
        let plan = outer.into_plan().expect("all can be encoded");
        let bytes = postcard::to_allocvec(&plan).expect("it is plain data");
        assert_eq!(postcard::from_bytes::<Plan>(&bytes).expect("it was just written"), plan);
    }
}
