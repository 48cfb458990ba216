//! Shares of the processors: trees of actors with a weight get time in proportion to it, while they want it.
//!
//! This is start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) over a hierarchy, as control groups of
//! Linux have it. Each tree has a virtual time, which passes as fast as it uses a processor, divided by its weight;
//! whoever is furthest behind runs next, and who has slept has fallen behind by a bounded time only. The actors of a
//! tree that are in none of its own trees compete with these as one more of the usual weight. Those in no tree at all
//! stay in the queues of the cores, and cost nothing more, and so does everybody while there are no trees.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::Task;
use crate::clock;
use crate::limits::SHARE_CREDIT;

/// Names a tree; 0 stands for the actors in none.
pub(crate) type TreeId = u32;

/// The actors in no tree.
pub(crate) const NO_TREE: TreeId = 0;

/// The weight of actors in no tree, and of those that a tree has beside its own trees.
const USUAL_WEIGHT: u64 = 100;

thread_local! {
    /// Whose time passes on this thread, and since when.
    static RUN: Cell<Option<(TreeId, clock::Instant)>> = const { Cell::new(None) };
}

/// The trees of one scheduler.
pub(crate) struct Shares {
    state: Mutex<State>,
    trees: AtomicUsize,
    queued: AtomicUsize,
}

/// A tree, for as long as this lives.
pub(crate) struct Tree {
    shares: Arc<Shares>,
    id: TreeId,
}

struct State {
    nodes: Vec<Node>,
    free: Vec<TreeId>,
}

#[derive(Default)]
struct Node {
    parent: TreeId,
    weight: u64,
    /// Its virtual time in its parent's reckoning, in ns at the usual weight.
    time: u64,
    /// Tasks that wait in it and in the trees below.
    waiting: usize,
    /// Actors that are in none of its own trees, and their virtual time.
    own: VecDeque<Task>,
    own_time: u64,
    /// Its own trees in which tasks wait, the furthest behind first.
    children: BTreeSet<(u64, TreeId)>,
    /// The virtual time of what ran last: where who comes back begins.
    floor: u64,
}

impl Shares {
    /// No trees yet.
    pub(crate) fn new() -> Arc<Shares> {
        let state = State { nodes: vec![Node::default()], free: Vec::new() };
        let (trees, queued) = Default::default();
        Arc::new(Shares { state: Mutex::new(state), trees, queued })
    }

    /// A new tree below another, or below none.
    pub(crate) fn plant(self: &Arc<Self>, parent: TreeId, weight: u32) -> Tree {
        let mut state = self.state.lock();
        let floor = state.nodes[parent as usize].floor;
        let node = Node { parent, weight: u64::from(weight), time: floor, ..Node::default() };
        let id = match state.free.pop() {
            Some(id) => {
                state.nodes[id as usize] = node;
                id
            }
            None => {
                state.nodes.push(node);
                state.nodes.len() as TreeId - 1
            }
        };
        drop(state);
        self.trees.fetch_add(1, Ordering::AcqRel);
        Tree { shares: self.clone(), id }
    }

    /// How many tasks wait in trees.
    pub(super) fn queued(&self) -> usize {
        self.queued.load(Ordering::Acquire)
    }

    /// Puts a task behind the others of its tree.
    pub(super) fn push(&self, tree: TreeId, task: Task) {
        self.state.lock().push(tree, task);
        self.queued.fetch_add(1, Ordering::AcqRel);
    }

    /// The task that is to run next, unless it is the turn of those in no tree, if any of them wait.
    pub(super) fn pop(&self, others_wait: bool) -> Option<(Task, TreeId)> {
        if self.queued() == 0 {
            return None;
        }
        let taken = self.state.lock().pop(others_wait)?;
        self.queued.fetch_sub(1, Ordering::AcqRel);
        Some(taken)
    }

    /// Takes out the tasks of all trees.
    pub(super) fn drain(&self) -> Vec<Task> {
        std::iter::from_fn(|| self.pop(false)).map(|(task, _)| task).collect()
    }

    /// Says whose time passes on this thread from now on.
    pub(super) fn begin(&self, tree: TreeId) {
        if self.trees.load(Ordering::Acquire) > 0 {
            RUN.set(Some((tree, clock::Instant::now())));
        }
    }

    /// Charges the time that has passed on this thread, and returns whose it was.
    pub(crate) fn end(&self) -> TreeId {
        let Some((tree, since)) = RUN.take() else { return NO_TREE };
        self.state.lock().charge(tree, since.elapsed_ns());
        tree
    }
}

impl Tree {
    /// Its number.
    pub(crate) fn id(&self) -> TreeId {
        self.id
    }
}

impl Drop for Tree {
    /// Nothing of it can wait: each of its actors has kept it.
    fn drop(&mut self) {
        let mut state = self.shares.state.lock();
        debug_assert_eq!(state.nodes[self.id as usize].waiting, 0, "a tree lives as long as its actors");
        state.free.push(self.id);
        drop(state);
        self.shares.trees.fetch_sub(1, Ordering::AcqRel);
    }
}

impl State {
    fn node(&mut self, id: TreeId) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    fn push(&mut self, tree: TreeId, task: Task) {
        let node = self.node(tree);
        if node.own.is_empty() {
            node.own_time = node.own_time.max(node.earliest());
        }
        node.own.push_back(task);
        let mut id = tree;
        while id != NO_TREE {
            let parent = self.node(id).parent;
            let earliest = self.node(parent).earliest();
            let node = self.node(id);
            node.waiting += 1;
            if node.waiting == 1 {
                node.time = node.time.max(earliest);
                let time = node.time;
                self.node(parent).children.insert((time, id));
            }
            id = parent;
        }
    }

    fn pop(&mut self, others_wait: bool) -> Option<(Task, TreeId)> {
        let mut id = NO_TREE;
        loop {
            let node = self.node(id);
            let own_waits = if id == NO_TREE { others_wait } else { !node.own.is_empty() };
            let first = node.children.first().copied();
            if id == NO_TREE && own_waits {
                node.own_time = node.own_time.max(node.earliest());
            }
            let child = first.filter(|(time, _)| !own_waits || *time < node.own_time);
            match child {
                Some((time, child)) => {
                    node.floor = node.floor.max(time);
                    id = child;
                }
                None => {
                    node.floor = node.floor.max(node.own_time);
                    let task = if id == NO_TREE { None } else { node.own.pop_front() };
                    return task.map(|task| (task, id)).inspect(|_| self.note_popped(id));
                }
            }
        }
    }

    fn note_popped(&mut self, mut id: TreeId) {
        while id != NO_TREE {
            let node = self.node(id);
            node.waiting -= 1;
            let (parent, place) = (node.parent, (node.time, id));
            if node.waiting == 0 {
                self.node(parent).children.remove(&place);
            }
            id = parent;
        }
    }

    fn charge(&mut self, tree: TreeId, ns: u64) {
        self.node(tree).own_time += ns;
        let mut id = tree;
        while id != NO_TREE {
            let node = self.node(id);
            let (parent, before) = (node.parent, node.time);
            node.time += ns * USUAL_WEIGHT / node.weight;
            let after = node.time;
            if node.waiting > 0 {
                let siblings = &mut self.node(parent).children;
                siblings.remove(&(before, id));
                siblings.insert((after, id));
            }
            id = parent;
        }
    }
}

impl Node {
    /// How far behind who comes back may be.
    fn earliest(&self) -> u64 {
        self.floor.saturating_sub(SHARE_CREDIT.as_nanos() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: u64 = 1_000_000;

    /// Lets one processor run hogs for so many slices, one in each of these trees and perhaps one in none, and
    /// counts the slices that each got, those in no tree first.
    fn run(shares: &Shares, trees: &[&Tree], with_others: bool, slices: u32) -> Vec<u32> {
        let mut got = vec![0; trees.len() + 1];
        for (at, tree) in trees.iter().enumerate() {
            shares.push(tree.id(), Task::Actor(at as u32 + 1));
        }
        for _ in 0..slices {
            let (slot, tree) = match shares.pop(with_others) {
                Some((Task::Actor(slot), tree)) => (slot, tree),
                _ => (0, NO_TREE),
            };
            got[slot as usize] += 1;
            shares.state.lock().charge(tree, SLICE);
            if slot > 0 {
                shares.push(tree, Task::Actor(slot));
            }
        }
        shares.drain();
        got
    }

    #[track_caller]
    fn expect_near(got: &[u32], expected: &[u32]) {
        let far = |(got, expected): (&u32, &u32)| got.abs_diff(*expected) > 5;
        assert!(!got.iter().zip(expected).any(far), "{got:?} is not near {expected:?}");
    }

    #[test]
    fn time_follows_the_weights() {
        let shares = Shares::new();
        let trees = [100, 200, 700].map(|weight| shares.plant(NO_TREE, weight));
        let all: Vec<&Tree> = trees.iter().collect();
        expect_near(&run(&shares, &all, false, 1000), &[0, 100, 200, 700]);
        expect_near(&run(&shares, &all, true, 1100), &[100, 100, 200, 700]);
    }

    #[test]
    fn a_part_of_a_tree_shares_what_the_tree_gets() {
        let shares = Shares::new();
        let (left, right) = (shares.plant(NO_TREE, 100), shares.plant(NO_TREE, 100));
        let (inner, other) = (shares.plant(left.id(), 300), shares.plant(left.id(), 100));
        expect_near(&run(&shares, &[&right, &inner, &other], false, 800), &[0, 400, 300, 100]);
        // Its own actors count as one more of the usual weight.
        expect_near(&run(&shares, &[&right, &inner, &left], false, 800), &[0, 400, 300, 100]);
    }

    #[test]
    fn who_slept_has_no_claim_to_the_time_that_passed() {
        let shares = Shares::new();
        let (sleeper, busy) = (shares.plant(NO_TREE, 100), shares.plant(NO_TREE, 100));
        expect_near(&run(&shares, &[&busy], false, 1000), &[0, 1000]);
        expect_near(&run(&shares, &[&busy, &sleeper], false, 1000), &[0, 500, 500]);
        expect_near(&run(&shares, &[&busy], true, 1000), &[500, 500]);
    }

    #[test]
    fn a_tree_that_is_gone_leaves_its_number_to_the_next() {
        let shares = Shares::new();
        let first = shares.plant(NO_TREE, 100);
        let id = first.id();
        drop(first);
        assert_eq!(shares.plant(NO_TREE, 50).id(), id);
        assert_eq!((shares.queued(), shares.trees.load(Ordering::Relaxed)), (0, 0));
    }
}
