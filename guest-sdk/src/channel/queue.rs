//! Who waits at one side of a channel, in the order of their coming.
//!
//! A list in a vector: joining, being served and leaving take the same time however many wait, and nothing is left of who
//! has left. Who was served stays in the vector, out of the list, until its owner has seen it.

use std::cell::Cell;
use std::rc::Rc;
use std::task::Waker;

use crate::host;

/// No place: the ends of the lists, and a future that does not wait.
pub(super) const NONE: u32 = u32::MAX;

/// Who may wait at one side of a channel.
pub(super) const WAITERS_MAX: u32 = 1 << 20;

pub(super) struct Queue<V> {
    nodes: Vec<Node<V>>,
    head: u32,
    tail: u32,
    free: u32,
    waiting: u32,
}

struct Node<V> {
    /// The one before it in the list.
    prev: u32,
    /// The one behind it, in the list or among the free.
    next: u32,
    outcome: Outcome,
    owner: Option<Owner>,
    value: Option<V>,
}

/// How a wait has ended, or that it has not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Waiting,
    /// The value was given or taken.
    Served,
    /// The channel was closed.
    Closed,
    /// The channel is somewhere else now: try again there.
    Moved,
}

/// Who is woken when a wait is over: a future of its own, or one arm of a select.
pub enum Owner {
    Single(Waker),
    Arm(Rc<Claim>, u32),
}

/// What the arms of one select share: which of them has won, and who is to be told.
pub struct Claim {
    won: Cell<u32>,
    waker: Cell<Option<Waker>>,
    /// The select of the host that has the arms of channels between actors, or 0.
    remote: Cell<u64>,
}

/// The winner is an arm that waits in the host; its completion says which.
const REMOTE: u32 = u32::MAX - 1;

impl Claim {
    pub(crate) fn new(waker: Waker) -> Rc<Claim> {
        Rc::new(Claim { won: Cell::new(NONE), waker: Cell::new(Some(waker)), remote: Cell::new(0) })
    }

    /// The arm that has won, of those that wait within the actor.
    pub(crate) fn winner(&self) -> Option<u32> {
        Some(self.won.get()).filter(|&arm| arm < REMOTE)
    }

    pub(crate) fn renew(&self, waker: &Waker) {
        self.waker.set(Some(waker.clone()));
    }

    /// Has a select of the host given up before an arm within the actor wins.
    pub(crate) fn set_remote(&self, reference: u64) {
        self.remote.set(reference);
    }

    /// Makes an arm the winner, if there is none yet, here or in the host.
    fn win(&self, arm: u32) -> bool {
        if self.won.get() != NONE {
            return false;
        }
        let remote = self.remote.take();
        let is_first = remote == 0 || host::cancel(remote);
        self.won.set(if is_first { arm } else { REMOTE });
        is_first
    }
}

impl Owner {
    /// Whether it may be served: not where another arm of the same select was.
    pub(crate) fn win(&self) -> bool {
        match self {
            Owner::Single(_) => true,
            Owner::Arm(claim, arm) => claim.win(*arm),
        }
    }

    pub(crate) fn wake(self) {
        if let Some(waker) = self.into_waker() {
            waker.wake();
        }
    }

    fn into_waker(self) -> Option<Waker> {
        match self {
            Owner::Single(waker) => Some(waker),
            Owner::Arm(claim, _) => claim.waker.take(),
        }
    }

    pub(crate) fn renew(&mut self, waker: &Waker) {
        match self {
            Owner::Single(old) if old.will_wake(waker) => {}
            Owner::Single(old) => *old = waker.clone(),
            Owner::Arm(claim, _) => claim.renew(waker),
        }
    }
}

impl<V> Queue<V> {
    pub(super) const fn new() -> Queue<V> {
        Queue { nodes: Vec::new(), head: NONE, tail: NONE, free: NONE, waiting: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting >= WAITERS_MAX
    }

    /// Joins, and returns the place.
    pub(super) fn push(&mut self, owner: Owner, value: Option<V>) -> u32 {
        let node = Node { prev: self.tail, next: NONE, outcome: Outcome::Waiting, owner: Some(owner), value };
        let at = self.place(node);
        match self.tail {
            NONE => self.head = at,
            tail => self.nodes[tail as usize].next = at,
        }
        self.tail = at;
        self.waiting += 1;
        at
    }

    fn place(&mut self, node: Node<V>) -> u32 {
        let at = self.free;
        if at != NONE {
            self.free = self.nodes[at as usize].next;
            self.nodes[at as usize] = node;
            return at;
        }
        if self.nodes.capacity() == 0 {
            // Most channels have one who waits, and there can be many channels.
            self.nodes.reserve_exact(1);
        }
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    fn unlink(&mut self, at: u32) {
        let Node { prev, next, .. } = self.nodes[at as usize];
        match prev {
            NONE => self.head = next,
            prev => self.nodes[prev as usize].next = next,
        }
        match next {
            NONE => self.tail = prev,
            next => self.nodes[next as usize].prev = prev,
        }
        self.waiting -= 1;
    }

    /// Ends the wait of the first who may still be served; gives its value, and its owner to be woken.
    pub(super) fn serve(&mut self, outcome: Outcome) -> Option<(Option<V>, Owner)> {
        while self.head != NONE {
            let at = self.head;
            self.unlink(at);
            let node = &mut self.nodes[at as usize];
            if let Some(owner) = node.owner.take()
                && owner.win()
            {
                node.outcome = outcome;
                let value = if outcome == Outcome::Served { node.value.take() } else { None };
                return Some((value, owner));
            }
            // An arm whose select has found another; it leaves by itself.
            node.outcome = Outcome::Moved;
        }
        None
    }

    /// Takes everybody out of the list without a decision: they are to try again.
    pub(super) fn disperse(&mut self, owners: &mut Vec<Owner>) {
        while self.head != NONE {
            let at = self.head;
            self.unlink(at);
            let node = &mut self.nodes[at as usize];
            node.outcome = Outcome::Moved;
            owners.extend(node.owner.take());
        }
    }

    /// How the wait at this place stands; when it goes on, this waker is woken.
    pub(super) fn renew(&mut self, at: u32, waker: &Waker) -> Outcome {
        let node = &mut self.nodes[at as usize];
        if let (Outcome::Waiting, Some(owner)) = (node.outcome, &mut node.owner) {
            owner.renew(waker);
        }
        node.outcome
    }

    /// How the wait at this place stands.
    pub(super) fn outcome(&self, at: u32) -> Outcome {
        self.nodes[at as usize].outcome
    }

    /// Leaves the place, whether the wait is over or not.
    pub(super) fn leave(&mut self, at: u32) -> (Outcome, Option<V>, Option<Owner>) {
        if self.nodes[at as usize].outcome == Outcome::Waiting {
            self.unlink(at);
        }
        let node = &mut self.nodes[at as usize];
        node.next = self.free;
        self.free = at;
        (node.outcome, node.value.take(), node.owner.take())
    }

    /// How many wait, and for how many there are places.
    #[cfg(test)]
    pub(super) fn places(&self) -> (u32, usize) {
        (self.waiting, self.nodes.len())
    }
}
