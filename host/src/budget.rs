//! Budgets: what is scarce for the whole host is charged through a tree, so that an actor cannot
//! take more than its budget has, nor a budget more than the host.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::address_space::Share;
use crate::limits::Limits;
use crate::scheduler::share::{NO_TREE, Shares, Tree, TreeId};

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
    /// Messages themselves, of trees that bound them.
    Messages,
    /// Open sockets, by who opened them.
    Descriptors,
}

impl Resource {
    const ALL: [Resource; 6] = [
        Resource::Actors,
        Resource::Memory,
        Resource::Timers,
        Resource::MessageBytes,
        Resource::Messages,
        Resource::Descriptors,
    ];
}

/// How many resources there are.
const RESOURCES: usize = Resource::ALL.len();

/// What an actor and all its descendants may use together. What is not said is bounded by the budget above
/// alone.
///
/// ```no_run
/// # use flower_host::{Host, Module, Spawn, SpawnError, Budget};
/// # fn start(host: &Host, module: &Module) -> Result<(), SpawnError> {
/// let tenant = Budget::new().memory_max(256 << 20).actors_max(1000);
/// host.spawn(Spawn::program(module).budget(tenant))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    max: [u64; RESOURCES],
    cpu_weight: Option<u32>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { max: [u64::MAX; RESOURCES], cpu_weight: None }
    }
}

impl Budget {
    /// No bound of its own.
    pub fn new() -> Budget {
        Budget::default()
    }

    /// Live actors.
    pub fn actors_max(self, actors: u64) -> Self {
        self.with(Resource::Actors, actors)
    }

    /// Bytes of linear memory.
    pub fn memory_max(self, bytes: u64) -> Self {
        self.with(Resource::Memory, bytes)
    }

    /// Armed timers.
    pub fn timers_max(self, timers: u64) -> Self {
        self.with(Resource::Timers, timers)
    }

    /// Bytes of the messages of more than 256 bytes that its actors have sent and nobody has taken.
    pub fn message_bytes_max(self, bytes: u64) -> Self {
        self.with(Resource::MessageBytes, bytes)
    }

    /// Messages of any size that its actors have sent and nobody has taken.
    pub fn messages_max(self, messages: u64) -> Self {
        self.with(Resource::Messages, messages)
    }

    /// Sockets that its actors have opened or accepted and that are open, whoever has them now; and their open files, a
    /// granted directory being one of them once it is used.
    pub fn descriptors_max(self, descriptors: u64) -> Self {
        self.with(Resource::Descriptors, descriptors)
    }

    /// How the time of busy processors is shared out: in proportion to these weights, 1 to 10,000, among the trees
    /// that want more than there is and that hang on one budget. The actors that are in none of them count together as
    /// one more of weight 100, and so do the actors of a tree that has trees of its own. A tree without a weight is no
    /// tree of its own here. In deterministic mode, where time is virtual, everybody takes turns.
    pub fn cpu_weight(mut self, weight: u32) -> Self {
        self.cpu_weight = Some(weight.clamp(1, 10_000));
        self
    }

    fn with(mut self, resource: Resource, max: u64) -> Self {
        self.max[resource as usize] = max;
        self
    }
}

/// One node of the tree: what its actors have, and what is taken of it.
pub(crate) struct Ledger {
    parent: Option<Arc<Ledger>>,
    max: [u64; RESOURCES],
    used: [AtomicU64; RESOURCES],
    /// Whether this one or one above bounds the number of messages, which then are counted.
    counts_messages: bool,
    /// What its actors share processors with: a tree of its own, or that of the one above.
    tree: Option<Arc<Tree>>,
}

impl Ledger {
    /// The root: what the host has.
    pub(crate) fn of_host(limits: &Limits) -> Arc<Ledger> {
        let max = [
            limits.actors_max,
            limits.host_memory_max,
            limits.host_timers_max,
            limits.host_message_bytes_max,
            u64::MAX,
            u64::MAX,
        ];
        let used = Default::default();
        Arc::new(Ledger { parent: None, max, used, counts_messages: false, tree: None })
    }

    /// A part of it for an actor and its descendants.
    pub(crate) fn part(self: &Arc<Self>, budget: &Budget, shares: &Arc<Shares>) -> Arc<Ledger> {
        let counts_messages = self.counts_messages || budget.max[Resource::Messages as usize] != u64::MAX;
        let own_tree = budget.cpu_weight.map(|weight| Arc::new(shares.plant(self.tree(), weight)));
        let tree = own_tree.or_else(|| self.tree.clone());
        let (parent, used) = (Some(self.clone()), Default::default());
        Arc::new(Ledger { parent, max: budget.max, used, counts_messages, tree })
    }

    /// What its actors share processors with.
    pub(crate) fn tree(&self) -> TreeId {
        self.tree.as_ref().map_or(NO_TREE, |tree| tree.id())
    }

    /// Whether messages of every size are charged, and not only large ones.
    pub(crate) fn counts_messages(&self) -> bool {
        self.counts_messages
    }

    /// How much is taken.
    pub(crate) fn used(&self, resource: Resource) -> u64 {
        self.used[resource as usize].load(Ordering::Relaxed)
    }

    /// Whether one more could be taken now.
    pub(crate) fn has_room(&self, resource: Resource) -> bool {
        let above = self.parent.as_ref().is_none_or(|parent| parent.has_room(resource));
        above && self.used(resource) < self.max[resource as usize]
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

/// The charge for one message, given back when it is dropped.
pub(crate) struct HeldBytes {
    ledger: Arc<Ledger>,
    amount: u64,
}

impl HeldBytes {
    /// Takes `amount` bytes, and a message where these are counted, if there are so many.
    pub(crate) fn take(ledger: &Arc<Ledger>, amount: u64) -> Option<Box<HeldBytes>> {
        let counted = u64::from(ledger.counts_messages);
        if !ledger.take(Resource::Messages, counted) {
            return None;
        }
        if !ledger.take(Resource::MessageBytes, amount) {
            ledger.give(Resource::Messages, counted);
            return None;
        }
        Some(Box::new(HeldBytes { ledger: ledger.clone(), amount }))
    }
}

impl Clone for HeldBytes {
    /// The host itself copies a message only when it has to, and then may.
    fn clone(&self) -> HeldBytes {
        self.ledger.force(Resource::MessageBytes, self.amount);
        self.ledger.force(Resource::Messages, u64::from(self.ledger.counts_messages));
        HeldBytes { ledger: self.ledger.clone(), amount: self.amount }
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.ledger.give(Resource::MessageBytes, self.amount);
        self.ledger.give(Resource::Messages, u64::from(self.ledger.counts_messages));
    }
}

impl fmt::Debug for HeldBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldBytes({})", self.amount)
    }
}

/// The charge for one descriptor, given back when it is closed, wherever it is then.
pub(crate) struct HeldDescriptor(Arc<Ledger>);

impl HeldDescriptor {
    /// Takes one, if there is one more.
    pub(crate) fn take(ledger: &Arc<Ledger>) -> Option<HeldDescriptor> {
        ledger.take(Resource::Descriptors, 1).then(|| HeldDescriptor(ledger.clone()))
    }
}

impl fmt::Debug for HeldDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeldDescriptor")
    }
}

impl Drop for HeldDescriptor {
    fn drop(&mut self) {
        self.0.give(Resource::Descriptors, 1);
    }
}

/// A leaf of the tree: what one actor has taken; all of it goes back when this is dropped.
pub(crate) struct Charge {
    ledger: Arc<Ledger>,
    taken: [u64; RESOURCES],
    /// What its memory takes of the process's account.
    share: Option<Share>,
}

impl Charge {
    /// The charge of a new actor, or `None` when there may be no more actors.
    pub(crate) fn for_actor(ledger: Arc<Ledger>) -> Option<Charge> {
        let mut charge = Charge { ledger, taken: [0; RESOURCES], share: None };
        charge.add(Resource::Actors, 1, 1).then_some(charge)
    }

    /// What it is charged to.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Keeps a share of the process's account until the end.
    pub(crate) fn keep(&mut self, share: Share) {
        self.share = Some(share);
    }

    /// Takes more, as long as this actor then has at most `actor_max`.
    pub(crate) fn add(&mut self, resource: Resource, amount: u64, actor_max: u64) -> bool {
        let taken = &mut self.taken[resource as usize];
        let sum = taken.saturating_add(amount);
        let granted = sum <= actor_max && self.ledger.take(resource, amount);
        if granted {
            *taken = sum;
        }
        granted
    }

    /// Gives some back before the end.
    pub(crate) fn remove(&mut self, resource: Resource, amount: u64) {
        self.taken[resource as usize] -= amount;
        self.ledger.give(resource, amount);
    }

    /// Gives all of it back, at the end.
    pub(crate) fn give_back(&mut self) {
        self.share = None;
        for resource in Resource::ALL {
            match std::mem::take(&mut self.taken[resource as usize]) {
                0 => {}
                taken => self.ledger.give(resource, taken),
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

    fn host(actors_max: u64) -> Arc<Ledger> {
        Ledger::of_host(&Limits { actors_max, ..Limits::default() })
    }

    #[test]
    fn what_an_actor_took_goes_back_at_its_end() {
        let host = host(1);
        let mut charge = Charge::for_actor(host.clone()).expect("there is room for one");
        assert!(Charge::for_actor(host.clone()).is_none());
        assert!(charge.add(Resource::Memory, 100, 150));
        assert!(!charge.add(Resource::Memory, 100, 150), "over the actor's own limit");
        assert_eq!(host.used(Resource::Memory), 100);
        drop(charge);
        assert_eq!((host.used(Resource::Memory), host.used(Resource::Actors)), (0, 0));
    }

    #[test]
    fn a_copy_of_a_message_is_held_too() {
        let host = Ledger::of_host(&Limits { host_message_bytes_max: 10, ..Limits::default() });
        let held = HeldBytes::take(&host, 6).expect("there is room");
        assert!(HeldBytes::take(&host, 6).is_none());
        let copy = held.clone();
        assert_eq!(host.used(Resource::MessageBytes), 12);
        drop((held, copy));
        assert_eq!(host.used(Resource::MessageBytes), 0);
    }

    #[test]
    fn a_descriptor_is_held_until_it_is_closed() {
        let host = host(1);
        let tenant = host.part(&Budget::new().descriptors_max(1), &Shares::new());
        let held = HeldDescriptor::take(&tenant).expect("there is one");
        assert!(!tenant.has_room(Resource::Descriptors) && host.has_room(Resource::Descriptors));
        assert!(HeldDescriptor::take(&tenant).is_none());
        drop(held);
        assert!(tenant.has_room(Resource::Descriptors));
        assert_eq!((tenant.used(Resource::Descriptors), host.used(Resource::Descriptors)), (0, 0));
    }

    #[test]
    fn a_refusal_above_takes_nothing_below() {
        let root = host(1);
        let tenant = root.part(&Budget::new().actors_max(10), &Shares::new());
        let first = Charge::for_actor(tenant.clone()).expect("the root has one");
        assert!(Charge::for_actor(tenant.clone()).is_none());
        assert_eq!(tenant.used(Resource::Actors), 1);
        drop(first);
        assert_eq!(root.used(Resource::Actors), 0);
    }

    #[test]
    fn a_part_bounds_what_is_below_it_and_nothing_beside_it() {
        let root = host(100);
        let tenant = root.part(&Budget::new().actors_max(2).messages_max(1), &Shares::new());
        let below = tenant.part(&Budget::new(), &Shares::new());
        let _two = (Charge::for_actor(tenant.clone()), Charge::for_actor(below.clone()));
        assert!(Charge::for_actor(below.clone()).is_none(), "the tenant has two");
        assert!(Charge::for_actor(root.clone()).is_some(), "the host has more");
        assert!(below.counts_messages() && !root.counts_messages(), "only the tenant's messages are counted");
        let held = HeldBytes::take(&below, 1).expect("it may have one");
        assert!(HeldBytes::take(&below, 1).is_none());
        drop(held);
        assert!(HeldBytes::take(&below, 1).is_some());
        assert_eq!((root.used(Resource::Messages), root.used(Resource::MessageBytes)), (0, 0));
    }
}
