//! Names: who is registered under what. A name has one holder, and is free before anybody hears of
//! the holder's death.

use std::collections::{BTreeSet, HashMap};

use flower_abi::Rights;
use parking_lot::RwLock;
use rustc_hash::FxBuildHasher;

use crate::pid::ActorId;

/// What `register` came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Registered {
    /// The actor has the name now.
    New,
    /// It had it before.
    Already,
    /// Another actor has it.
    Taken,
}

/// The registry of one host.
#[derive(Default)]
pub(crate) struct Names(RwLock<Tables>);

#[derive(Default)]
struct Tables {
    // The standard hasher: names come from guests, and are never listed in the map's order.
    holders: HashMap<Box<str>, (ActorId, Rights)>,
    names: HashMap<ActorId, BTreeSet<Box<str>>, FxBuildHasher>,
}

impl Names {
    /// Gives the name to the actor unless another has it. Who finds the name gets these rights.
    pub(crate) fn register(&self, name: &str, id: ActorId, rights: Rights) -> Registered {
        let mut tables = self.0.write();
        match tables.holders.get(name) {
            Some((holder, _)) if *holder == id => return Registered::Already,
            Some(_) => return Registered::Taken,
            None => {}
        }
        tables.holders.insert(name.into(), (id, rights));
        tables.names.entry(id).or_default().insert(name.into());
        Registered::New
    }

    /// Takes the name away from whoever has it.
    pub(crate) fn unregister(&self, name: &str) -> Option<ActorId> {
        let mut tables = self.0.write();
        let (id, _) = tables.holders.remove(name)?;
        if let Some(names) = tables.names.get_mut(&id) {
            names.remove(name);
        }
        Some(id)
    }

    /// Who has the name, and with which rights it was given out.
    pub(crate) fn whereis(&self, name: &str) -> Option<(ActorId, Rights)> {
        self.0.read().holders.get(name).copied()
    }

    /// An actor's names, sorted.
    pub(crate) fn names_of(&self, id: ActorId) -> Vec<Box<str>> {
        let tables = self.0.read();
        tables.names.get(&id).map_or_else(Vec::new, |names| names.iter().cloned().collect())
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.0.read().holders.len()
    }

    /// How many names an actor has.
    pub(crate) fn count_of(&self, id: ActorId) -> u32 {
        self.0.read().names.get(&id).map_or(0, |names| names.len() as u32)
    }

    /// Frees all names of an actor.
    pub(crate) fn remove_all(&self, id: ActorId) {
        let mut tables = self.0.write();
        for name in tables.names.remove(&id).unwrap_or_default() {
            tables.holders.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ActorId = ActorId { slot: 0, serial: 1 };
    const B: ActorId = ActorId { slot: 1, serial: 2 };

    #[test]
    fn a_name_has_one_holder_and_is_freed_with_it() {
        let names = Names::default();
        assert_eq!(names.register("b", A, Rights::ALL), Registered::New);
        assert_eq!(names.register("a", A, Rights::ALL), Registered::New);
        assert_eq!(names.register("a", A, Rights::ALL), Registered::Already);
        assert_eq!(names.register("a", B, Rights::ALL), Registered::Taken);
        assert_eq!(names.names_of(A), ["a".into(), "b".into()]);
        assert_eq!(names.unregister("b"), Some(A));
        assert_eq!(names.unregister("b"), None);
        names.remove_all(A);
        assert_eq!(names.whereis("a"), None);
        assert_eq!(names.register("a", B, Rights::PEER), Registered::New);
    }
}
