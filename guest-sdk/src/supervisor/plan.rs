//! Plans: a supervisor and its children as plain data, and what is wrong with one.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::child::Spec;
use super::{AutoShutdown, Backoff, Restart, StartError, Strategy};
use crate::{RegisterError, SpawnError, register, self_pid};

/// What is chosen about a supervisor.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) strategy: Strategy,
    pub(super) intensity: u32,
    pub(super) period: Duration,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) name: Option<String>,
    pub(super) backoff: Option<Backoff>,
    pub(super) quiet: bool,
}

impl Settings {
    /// With OTP's defaults.
    pub(super) fn new(strategy: Strategy) -> Settings {
        Settings {
            strategy,
            intensity: 1,
            period: Duration::from_secs(5),
            auto_shutdown: AutoShutdown::Never,
            name: None,
            backoff: None,
            quiet: false,
        }
    }

    pub(super) fn is_simple(&self) -> bool {
        self.strategy == Strategy::SimpleOneForOne
    }

    /// What is wrong with a child, under these settings and in this program.
    pub(super) fn check(&self, spec: &Spec) -> Result<(), StartError> {
        if spec.recipe.is_foreign() {
            return Err(StartError::OtherProgram);
        }
        let may_be_significant =
            self.auto_shutdown != AutoShutdown::Never && spec.terms.restart != Restart::Permanent;
        if spec.terms.significant && !may_be_significant {
            return Err(StartError::Significant);
        }
        Ok(())
    }
}

/// What a supervisor is started with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) specs: Vec<Spec>,
}

impl Plan {
    /// Registers the name for the calling actor, which nobody has done when it was not spawned for this.
    pub(super) fn named(self) -> Result<Plan, StartError> {
        match self.settings.name.as_deref().map(|name| register(name, self_pid())) {
            None | Some(Ok(())) => Ok(self),
            Some(Err(RegisterError::NameTaken)) => Err(StartError::Refused(SpawnError::NameTaken)),
            Some(Err(RegisterError::Limit)) => Err(StartError::Refused(SpawnError::Limit)),
            Some(Err(_)) => Err(StartError::Refused(SpawnError::Invalid)),
        }
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), StartError> {
        if self.settings.is_simple() && self.specs.len() != 1 {
            return Err(StartError::OneTemplate);
        }
        let mut ids = BTreeSet::new();
        for spec in &self.specs {
            let known = if ids.insert(&spec.id) { Ok(()) } else { Err(StartError::DuplicateId) };
            known
                .and_then(|()| self.settings.check(spec))
                .map_err(|error| StartError::Child { id: spec.id.clone(), error: Box::new(error) })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Child, Supervisor};
    use super::*;

    fn check(supervisor: Supervisor) -> Result<(), StartError> {
        supervisor.into_plan().expect("all can be encoded").check()
    }

    fn child(id: &str) -> Child {
        Child::new(id, || (), ())
    }

    fn wrong(id: &str, error: StartError) -> Result<(), StartError> {
        Err(StartError::Child { id: id.to_owned(), error: Box::new(error) })
    }

    #[test]
    fn ids_are_unique() {
        let one_for_one = || Supervisor::new(Strategy::OneForOne).child(child("a")).child(child("b"));
        assert_eq!(check(one_for_one()), Ok(()));
        assert_eq!(check(one_for_one().child(child("a"))), wrong("a", StartError::DuplicateId));
    }

    #[test]
    fn all_alike_are_made_from_one() {
        let simple = || Supervisor::new(Strategy::SimpleOneForOne);
        assert_eq!(check(simple()), Err(StartError::OneTemplate));
        assert_eq!(check(simple().child(child("a"))), Ok(()));
        assert_eq!(check(simple().child(child("a")).child(child("b"))), Err(StartError::OneTemplate));
    }

    #[test]
    fn who_is_restarted_or_of_no_account_is_not_significant() {
        let with = |auto_shutdown, restart| {
            let child = child("a").significant().restart(restart);
            check(Supervisor::new(Strategy::OneForOne).auto_shutdown(auto_shutdown).child(child))
        };
        let significant = || wrong("a", StartError::Significant);
        assert_eq!(with(AutoShutdown::AnySignificant, Restart::Transient), Ok(()));
        assert_eq!(with(AutoShutdown::AllSignificant, Restart::Temporary), Ok(()));
        assert_eq!(with(AutoShutdown::AnySignificant, Restart::Permanent), significant());
        assert_eq!(with(AutoShutdown::Never, Restart::Transient), significant());
    }
}
