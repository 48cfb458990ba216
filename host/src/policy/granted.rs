//! A policy as actors hold it: shared, and handed down.

use std::sync::{Arc, OnceLock};

use super::{Policy, Refusal, grant};
use crate::output::OutputSink;

/// What one actor was granted, or many that were granted the same.
pub(crate) struct Granted {
    pub(crate) policy: Policy,
    /// Where its output goes.
    pub(crate) output: Arc<dyn OutputSink>,
    /// What its children get of which nothing is said; made when there is the first.
    of_children: OnceLock<Arc<Granted>>,
}

/// Why a spawn's grants cannot be followed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadGrants {
    /// They say nothing that the host understands.
    Invalid,
    /// The parent does not have it.
    Refused(Refusal),
}

impl From<Refusal> for BadGrants {
    fn from(refusal: Refusal) -> BadGrants {
        BadGrants::Refused(refusal)
    }
}

impl Granted {
    /// What native code grants to an actor.
    pub(crate) fn new(policy: Policy, output: Arc<dyn OutputSink>) -> Granted {
        Granted { policy, output, of_children: OnceLock::new() }
    }

    /// What a child of an actor with this gets when its spawn names `grants`, which may be empty.
    pub(crate) fn of_child(self: &Arc<Granted>, grants: &str) -> Result<Arc<Granted>, BadGrants> {
        let make = |policy| Arc::new(Granted::new(policy, self.output.clone()));
        if !grants.is_empty() {
            return grant::narrow(&self.policy, grants).map(make);
        }
        if self.policy.is_hereditary() {
            return Ok(self.clone());
        }
        Ok(self.of_children.get_or_init(|| make(self.policy.of_child())).clone())
    }
}

#[cfg(test)]
impl Default for Granted {
    /// The default of actors, and output goes nowhere.
    fn default() -> Granted {
        Granted::for_test(Policy::default())
    }
}

#[cfg(test)]
impl Granted {
    /// This policy, and output goes nowhere.
    pub(crate) fn for_test(policy: Policy) -> Granted {
        Granted::new(policy, Arc::new(crate::output::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_shared() {
        let bare = Arc::new(Granted::default());
        let child = bare.of_child("").expect("nothing is named");
        assert!(Arc::ptr_eq(&bare, &child), "the default is its own child's");
        let rich = Arc::new(Granted::for_test(Policy::default().net("*".parse().expect("a rule"))));
        let (one, other) = (rich.of_child("").expect("as above"), rich.of_child("").expect("as above"));
        assert!(Arc::ptr_eq(&one, &other) && one.policy.net.is_empty());
        assert!(Arc::ptr_eq(&one, &one.of_child("").expect("as above")));
    }

    #[test]
    fn generations_are_counted_down() {
        let first = Arc::new(Granted::for_test(Policy::default().depth_max(2)));
        let child = first.of_child("").expect("nothing is named");
        let grandchild = child.of_child("").expect("nothing is named");
        assert_eq!(
            (child.policy.check_spawn(None), grandchild.policy.check_spawn(None)),
            (Ok(()), Err(Refusal::spawn()))
        );
    }
}
