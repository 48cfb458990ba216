//! Budgets: what is scarce for the whole host is charged through a tree, so that an actor cannot
//! take more than its budget has, nor a budget more than the host.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::address_space::Share;
use crate::limits::Limits;

/// What is charged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Resource {
    /// Live actors.
    Actors,
    /// Bytes of linear memory.
    Memory,
    /// Armed timers.
    Timers,
    /// Bytes of messages, arguments and replies, wherever they wait.
    MessageBytes,
}

impl Resource {
    const ALL: [Resource; 4] = [Resource::Actors, Resource::Memory, Resource::Timers, Resource::MessageBytes];
}

/// How many resources there are.
const RESOURCES: usize = Resource::ALL.len();

/// One node of the tree: what it has, and what is taken of it.
pub(crate) struct Budget {
    parent: Option<Arc<Budget>>,
    max: [u64; RESOURCES],
    used: [AtomicU64; RESOURCES],
}

impl Budget {
    /// The root: what the host has.
    pub(crate) fn of_host(limits: &Limits) -> Arc<Budget> {
        let max = [
            limits.actors_max,
            limits.host_memory_max,
            limits.host_timers_max,
            limits.host_message_bytes_max,
        ];
        Arc::new(Budget { parent: None, max, used: Default::default() })
    }

    /// How much is taken.
    pub(crate) fn used(&self, resource: Resource) -> u64 {
        self.used[resource as usize].load(Ordering::Relaxed)
    }

    /// Takes `amount` here and in every budget above, or nothing anywhere.
    fn take(&self, resource: Resource, amount: u64) -> bool {
        let (used, max) = (&self.used[resource as usize], self.max[resource as usize]);
        let more = |used: u64| used.checked_add(amount).filter(|sum| *sum <= max);
        if used.fetch_update(Ordering::AcqRel, Ordering::Relaxed, more).is_err() {
            return false;
        }
        let above = self.parent.as_ref().is_none_or(|parent| parent.take(resource, amount));
        if !above {
            used.fetch_sub(amount, Ordering::AcqRel);
        }
        above
    }

    /// Takes `amount` even where there is no more.
    fn force(&self, resource: Resource, amount: u64) {
        self.used[resource as usize].fetch_add(amount, Ordering::AcqRel);
        if let Some(parent) = &self.parent {
            parent.force(resource, amount);
        }
    }

    /// Gives `amount` back.
    fn give(&self, resource: Resource, amount: u64) {
        let before = self.used[resource as usize].fetch_sub(amount, Ordering::AcqRel);
        debug_assert!(before >= amount, "nothing is given back that was not taken");
        if let Some(parent) = &self.parent {
            parent.give(resource, amount);
        }
    }
}

/// Bytes of one message, given back when it is dropped.
pub(crate) struct HeldBytes {
    budget: Arc<Budget>,
    amount: u64,
}

impl HeldBytes {
    /// Takes `amount` bytes, if there are so many.
    pub(crate) fn take(budget: &Arc<Budget>, amount: u64) -> Option<Box<HeldBytes>> {
        let taken = budget.take(Resource::MessageBytes, amount);
        taken.then(|| Box::new(HeldBytes { budget: budget.clone(), amount }))
    }
}

impl Clone for HeldBytes {
    /// The host itself copies a message only when it has to, and then may.
    fn clone(&self) -> HeldBytes {
        self.budget.force(Resource::MessageBytes, self.amount);
        HeldBytes { budget: self.budget.clone(), amount: self.amount }
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.budget.give(Resource::MessageBytes, self.amount);
    }
}

impl fmt::Debug for HeldBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldBytes({})", self.amount)
    }
}

/// A leaf of the tree: what one actor has taken; all of it goes back when this is dropped.
pub(crate) struct Charge {
    budget: Arc<Budget>,
    taken: [u64; RESOURCES],
    /// What its memory takes of the process's account.
    share: Option<Share>,
}

impl Charge {
    /// The charge of a new actor, or `None` when there may be no more actors.
    pub(crate) fn for_actor(budget: &Arc<Budget>) -> Option<Charge> {
        let mut charge = Charge { budget: budget.clone(), taken: [0; RESOURCES], share: None };
        charge.add(Resource::Actors, 1, 1).then_some(charge)
    }

    /// Keeps a share of the process's account until the end.
    pub(crate) fn keep(&mut self, share: Share) {
        self.share = Some(share);
    }

    /// Takes more, as long as this actor then has at most `actor_max`.
    pub(crate) fn add(&mut self, resource: Resource, amount: u64, actor_max: u64) -> bool {
        let taken = &mut self.taken[resource as usize];
        let sum = taken.saturating_add(amount);
        let granted = sum <= actor_max && self.budget.take(resource, amount);
        if granted {
            *taken = sum;
        }
        granted
    }

    /// Gives some back before the end.
    pub(crate) fn remove(&mut self, resource: Resource, amount: u64) {
        self.taken[resource as usize] -= amount;
        self.budget.give(resource, amount);
    }

    /// Gives all of it back, at the end.
    pub(crate) fn give_back(&mut self) {
        self.share = None;
        for resource in Resource::ALL {
            match std::mem::take(&mut self.taken[resource as usize]) {
                0 => {}
                taken => self.budget.give(resource, taken),
            }
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(actors_max: u64) -> Arc<Budget> {
        Budget::of_host(&Limits { actors_max, ..Limits::default() })
    }

    #[test]
    fn what_an_actor_took_goes_back_at_its_end() {
        let host = host(1);
        let mut charge = Charge::for_actor(&host).expect("there is room for one");
        assert!(Charge::for_actor(&host).is_none());
        assert!(charge.add(Resource::Memory, 100, 150));
        assert!(!charge.add(Resource::Memory, 100, 150), "over the actor's own limit");
        assert_eq!(host.used(Resource::Memory), 100);
        drop(charge);
        assert_eq!((host.used(Resource::Memory), host.used(Resource::Actors)), (0, 0));
    }

    #[test]
    fn a_copy_of_a_message_is_held_too() {
        let host = Budget::of_host(&Limits { host_message_bytes_max: 10, ..Limits::default() });
        let held = HeldBytes::take(&host, 6).expect("there is room");
        assert!(HeldBytes::take(&host, 6).is_none());
        let copy = held.clone();
        assert_eq!(host.used(Resource::MessageBytes), 12);
        drop((held, copy));
        assert_eq!(host.used(Resource::MessageBytes), 0);
    }

    #[test]
    fn a_refusal_above_takes_nothing_below() {
        let root = host(1);
        let tenant = Budget { parent: Some(root.clone()), max: [10; 4], used: Default::default() };
        let tenant = Arc::new(tenant);
        let first = Charge::for_actor(&tenant).expect("the root has one");
        assert!(Charge::for_actor(&tenant).is_none());
        assert_eq!(tenant.used(Resource::Actors), 1);
        drop(first);
        assert_eq!(root.used(Resource::Actors), 0);
    }
}
