//! Child specifications: what to start, and what to do when it ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{StartError, Supervisor};
use crate::function::Function;
use crate::handler::Exported;
use crate::spawn::Recipe;
use crate::{Message, Spawn};

/// How long a worker has to end when it is told to, unless its [`Shutdown`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// When a child that has ended is started again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// When it ended [abnormally](crate::ExitReason::is_abnormal).
    Transient,
    /// Never; not even when another child's restart would restart it too.
    Temporary,
}

/// How a child is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Shutdown {
    /// It is [killed](crate::kill).
    BrutalKill,
    /// It gets an exit signal [`Shutdown`](crate::ExitReason::Shutdown), which ends it unless it
    /// [traps exits](crate::trap_exit), and is killed when it has not ended in time.
    Timeout(Duration),
    /// The same without a limit.
    Infinity,
}

/// What a child is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum ChildType {
    /// It does the work.
    #[default]
    Worker,
    /// It supervises others.
    Supervisor,
}

/// A child of a supervisor: how it is started, and what happens when it ends.
///
/// ```no_run
/// use std::time::Duration;
/// use flower::Spawn;
/// use flower::supervisor::{Child, Restart, Shutdown};
///
/// # fn fetch(url: String) {}
/// let plain = Child::new("fetch", fetch, "/news".to_owned());
/// let other = Child::of("sum", Spawn::entry("Sum", 5_u32).module("arithmetic").memory_max(1 << 20))
///     .restart(Restart::Transient)
///     .shutdown(Shutdown::Timeout(Duration::from_secs(1)));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a child is started by its supervisor"]
pub struct Child {
    id: String,
    recipe: Result<Recipe, StartError>,
    terms: Terms,
}

/// What is agreed about a child, whatever it runs.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) restart: Restart,
    shutdown: Option<Shutdown>,
    pub(super) child_type: ChildType,
    pub(super) significant: bool,
    /// How long it has for its acknowledgement, if it gives one.
    pub(super) acknowledged: Option<Duration>,
}

impl Terms {
    /// How it is stopped: a supervisor gets the time that its children take.
    pub(super) fn shutdown(&self) -> Shutdown {
        self.shutdown.unwrap_or(match self.child_type {
            ChildType::Worker => Shutdown::Timeout(PATIENCE),
            ChildType::Supervisor => Shutdown::Infinity,
        })
    }
}

/// A child as a supervisor gets it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) id: String,
    pub(super) recipe: Recipe,
    pub(super) terms: Terms,
}

impl Child {
    /// A worker that runs `f(args)` in the process style. See [`spawn`](crate::spawn).
    ///
    /// The function is one of the supervisor's program: a supervisor of another module is asked to start an
    /// [entry](Child::entry).
    pub fn new<F: Function<A, S>, A: Message, S>(id: impl Into<String>, f: F, args: A) -> Child {
        Child::of(id, Spawn::new(f, args))
    }

    /// A worker in the handler style. See [`Handler`](crate::Handler).
    pub fn handler<H: Exported>(id: impl Into<String>, args: H::Args) -> Child {
        Child::of(id, Spawn::handler::<H>(args))
    }

    /// A worker that is entered by an export, of the supervisor's module or of [another](Child::module).
    pub fn entry<A: Message>(id: impl Into<String>, entry: &str, args: A) -> Child {
        Child::of(id, Spawn::entry(entry, args))
    }

    /// A worker with all that can be chosen about an actor, but for a later [start](Spawn::after).
    pub fn of<R>(id: impl Into<String>, spawn: Spawn<'_, R>) -> Child {
        let recipe = spawn.into_recipe().map_err(|error| StartError::Arguments(error.to_string()));
        Child { id: id.into(), recipe, terms: Terms::default() }
    }

    /// A supervisor below this one. It has started when its own children have.
    pub fn supervisor(id: impl Into<String>, supervisor: Supervisor) -> Child {
        let child = Child { id: id.into(), recipe: supervisor.recipe(true), terms: Terms::default() };
        child.child_type(ChildType::Supervisor).acknowledged(Duration::MAX)
    }

    /// Takes its entry from another module, by the name that it was given to the host under.
    pub fn module(mut self, module: &str) -> Child {
        if let Ok(recipe) = &mut self.recipe {
            recipe.set_module(module);
        }
        self
    }

    /// Registers this name for it, each time.
    pub fn name(mut self, name: &str) -> Child {
        if let Ok(recipe) = &mut self.recipe {
            recipe.set_name(name);
        }
        self
    }

    /// When it is started again; [`Restart::Permanent`] unless this is called.
    pub fn restart(mut self, restart: Restart) -> Child {
        self.terms.restart = restart;
        self
    }

    /// How it is stopped; with a timeout of 5 seconds, or none for a supervisor, unless this is called.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Child {
        self.terms.shutdown = Some(shutdown);
        self
    }

    /// Says what it is, where the supervisor cannot know: an entry that runs a supervisor.
    pub fn child_type(mut self, child_type: ChildType) -> Child {
        self.terms.child_type = child_type;
        self
    }

    /// Lets its end count for the supervisor's [`AutoShutdown`](super::AutoShutdown). It may not be
    /// permanent.
    pub fn significant(mut self) -> Child {
        self.terms.significant = true;
        self
    }

    /// It has started when it calls [`init_ack`](super::init_ack), for which it has this time; the
    /// supervisor waits.
    ///
    /// One that ends before that was not started; if it ends normally, it was not needed, and that is no
    /// error.
    pub fn acknowledged(mut self, patience: Duration) -> Child {
        self.terms.acknowledged = Some(patience);
        self
    }

    pub(super) fn into_spec(self) -> Result<Spec, StartError> {
        let Child { id, recipe, terms } = self;
        match recipe {
            Ok(recipe) => Ok(Spec { id, recipe, terms }),
            Err(error) => Err(StartError::Child { id, error: Box::new(error) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn shutdown(child: Child) -> Shutdown {
        child.into_spec().expect("it can be encoded").terms.shutdown()
    }

    #[test]
    fn a_supervisor_gets_all_the_time_it_needs() {
        let worker = || Child::new("w", || (), ());
        assert_eq!(shutdown(worker()), Shutdown::Timeout(PATIENCE));
        assert_eq!(shutdown(worker().child_type(ChildType::Supervisor)), Shutdown::Infinity);
        let told = worker().shutdown(Shutdown::BrutalKill).child_type(ChildType::Supervisor);
        assert_eq!(shutdown(told), Shutdown::BrutalKill);
    }

    #[test]
    fn arguments_that_cannot_be_encoded_are_an_error_that_names_the_child() {
        let child = Child::new("odd", |_: BTreeMap<Option<u8>, u8>| (), BTreeMap::from([(None, 1)]));
        let error = child.name("kept").into_spec().unwrap_err();
        assert!(
            matches!(&error, StartError::Child { id, error } if id == "odd"
            && matches!(**error, StartError::Arguments(_))),
            "{error}"
        );
    }
}
