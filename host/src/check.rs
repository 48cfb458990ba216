//! What must hold of an actor whenever its worker lets go of it: debug builds walk what it owns.

use crate::actor::{Owned, Wait};

/// Longer structures are not walked at every step: a flood would take a square of time.
pub(crate) const WALKED_MAX: usize = 256;

/// Fails unless an actor that is about to be parked is sound, and what it waits for can still come.
pub(crate) fn parked(owned: &Owned) {
    owned.mailbox.check();
    if owned.links.len() <= WALKED_MAX {
        assert!(!owned.links.contains_key(&owned.id()), "nobody is linked with itself");
        assert!(owned.links.values().all(|ids| !ids.is_empty()), "a link has a number");
    }
    match &owned.wait {
        Wait::Completion(reference) => {
            let is_open = owned.references.get(*reference).is_some();
            assert!(is_open || owned.held.contains_key(reference), "nobody will complete it");
        }
        Wait::Match { from, .. } => assert!(*from <= owned.mailbox.len(), "it looks at what is there"),
        _ => {}
    }
}
