//! Who waits for whom, when nothing happens any more: a cycle of actors that wait for one another.
//!
//! What an idle actor waits for, and which endpoints it holds, is looked up in what it owns; for that moment the
//! caller stands in for its worker.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use flower_abi::{Pid, Rights};

use crate::actor::{Cell, Owned, Wait};
use crate::handle::Resource;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::shared::Shared;

/// What one actor waits for another to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum WaitsFor {
    /// To receive from the channel of this number.
    Receiver(u64),
    /// To send to the channel of this number.
    Sender(u64),
    /// To close the channel of this number, or to let go of it.
    Closer(u64),
    /// To answer.
    Answer,
    /// To end.
    End,
    /// To make room in its mailbox.
    Room,
}

/// One step of a cycle: this actor waits for the next one, and the last for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CycleStep {
    /// Who waits.
    pub pid: Pid,
    /// What logs call it.
    pub label: String,
    /// What the next one would have to do.
    pub waits_for: WaitsFor,
}

impl fmt::Display for CycleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} waits ", self.pid, self.label)?;
        match self.waits_for {
            WaitsFor::Receiver(channel) => write!(f, "to send to channel {channel}"),
            WaitsFor::Sender(channel) => write!(f, "to receive from channel {channel}"),
            WaitsFor::Closer(channel) => write!(f, "for the end of channel {channel}"),
            WaitsFor::Answer => f.write_str("for a reply"),
            WaitsFor::End => f.write_str("for the end"),
            WaitsFor::Room => f.write_str("for room in the mailbox"),
        }
    }
}

/// What is known of the idle actors.
#[derive(Default)]
struct Known {
    labels: BTreeMap<ActorId, String>,
    /// Who holds an endpoint, by channel and side.
    holders: BTreeMap<(u64, bool), BTreeSet<ActorId>>,
    /// For whom each actor waits, other than at channels.
    waits: BTreeMap<ActorId, Vec<(ActorId, WaitsFor)>>,
}

/// A cycle of actors that wait for one another; empty if there is none. Of those that something keeps busy nothing is
/// known.
pub(crate) fn cycle(shared: &Shared) -> Vec<CycleStep> {
    let mut known = Known::default();
    for cell in shared.table.cells() {
        visit(shared, cell, |owned| known.note(owned));
    }
    known.note_channels(shared);
    let Some(steps) = known.find() else { return Vec::new() };
    let step = |(id, waits_for): (ActorId, WaitsFor)| CycleStep {
        pid: shared.mint.mint(id, Rights::ALL),
        label: known.labels.get(&id).cloned().unwrap_or_default(),
        waits_for,
    };
    steps.into_iter().map(step).collect()
}

/// Looks at what an actor owns, if no worker runs it or is about to.
fn visit(shared: &Shared, cell: &Cell, look: impl FnOnce(&Owned)) {
    if !cell.gate.visit() {
        return;
    }
    let owned = cell.owned();
    let slot = owned.id().slot;
    look(&owned);
    drop(owned);
    if !cell.gate.finish() {
        shared.scheduler.enqueue_yielded(slot, cell.tree());
    }
}

impl Known {
    fn note(&mut self, owned: &Owned) {
        let id = owned.id();
        self.labels.insert(id, owned.meta.label.to_string());
        let unread = owned.mailbox.iter().filter_map(|message| message.extra.as_ref());
        let travelling = unread.flat_map(|extra| &extra.handles.0);
        for resource in owned.handles.iter().chain(travelling) {
            let (channel, receives) = match resource {
                Resource::Sender(sender) => (sender.channel().id, false),
                Resource::Receiver(receiver) => (receiver.channel().id, true),
                _ => continue,
            };
            self.holders.entry((channel, receives)).or_default().insert(id);
        }
        let reference = match owned.wait {
            Wait::Completion(reference) | Wait::Room(reference) => owned.references.get(reference),
            _ => None,
        };
        let edge = match reference {
            Some(Reference::Request { to, .. }) => (*to, WaitsFor::Answer),
            Some(Reference::Monitor { of, .. }) => (*of, WaitsFor::End),
            Some(Reference::Room { of, .. }) => (*of, WaitsFor::Room),
            _ => return,
        };
        self.waits.entry(id).or_default().push(edge);
    }

    /// Who waits at a channel waits for everybody at its other end, and who waits for its end for those who receive.
    fn note_channels(&mut self, shared: &Shared) {
        for channel in shared.channels.all() {
            let (info, waiting) = channel.look();
            let kinds = [
                (WaitsFor::Receiver(info.id), true),
                (WaitsFor::Sender(info.id), false),
                (WaitsFor::Closer(info.id), true),
            ];
            for ((waits_for, receive), actors) in kinds.into_iter().zip(waiting) {
                let others = self.holders.get(&(info.id, receive)).cloned().unwrap_or_default();
                for actor in actors {
                    let edges = others.iter().map(|other| (*other, waits_for));
                    self.waits.entry(actor).or_default().extend(edges);
                }
            }
        }
        for edges in self.waits.values_mut() {
            edges.sort_unstable();
            edges.dedup();
        }
    }

    /// Follows the edges from every actor, each of which is looked at once.
    fn find(&self) -> Option<Vec<(ActorId, WaitsFor)>> {
        let mut done = BTreeSet::new();
        self.waits.keys().find_map(|start| self.find_from(*start, &mut done))
    }

    fn find_from(&self, start: ActorId, done: &mut BTreeSet<ActorId>) -> Option<Vec<(ActorId, WaitsFor)>> {
        // The path, with how many edges of each actor were followed; and where each actor stands on it.
        let mut path: Vec<(ActorId, usize)> = vec![(start, 0)];
        let mut places = BTreeMap::from([(start, 0)]);
        while let Some((actor, followed)) = path.last_mut() {
            let edge = self.waits.get(actor).and_then(|edges| edges.get(*followed));
            *followed += 1;
            let Some((next, _)) = edge else {
                done.insert(*actor);
                places.remove(actor);
                path.pop();
                continue;
            };
            if let Some(&at) = places.get(next) {
                let edge_of =
                    |(actor, followed): &(ActorId, usize)| (*actor, self.waits[actor][followed - 1].1);
                return Some(path[at..].iter().map(edge_of).collect());
            }
            if !done.contains(next) {
                places.insert(*next, path.len());
                path.push((*next, 0));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(serial: u64) -> ActorId {
        ActorId { slot: serial as u32, serial }
    }

    fn known(edges: &[(u64, u64)]) -> Known {
        let mut known = Known::default();
        for (from, to) in edges {
            known.waits.entry(id(*from)).or_default().push((id(*to), WaitsFor::Answer));
        }
        known
    }

    fn found(edges: &[(u64, u64)]) -> Vec<u64> {
        let steps = known(edges).find().unwrap_or_default();
        steps.into_iter().map(|(id, _)| id.serial).collect()
    }

    #[test]
    fn a_cycle_is_found_behind_what_leads_to_it() {
        assert_eq!(found(&[(1, 2), (2, 3), (3, 4), (4, 2)]), [2, 3, 4]);
        assert_eq!(found(&[(1, 2), (1, 3), (2, 5), (3, 1)]), [1, 3]);
        assert_eq!(found(&[(1, 1)]), [1]);
    }

    #[test]
    fn there_is_none_where_somebody_waits_for_nobody() {
        assert!(found(&[(1, 2), (2, 3), (1, 3), (4, 2)]).is_empty());
        let ladder: Vec<(u64, u64)> = (1..100_000).flat_map(|n| [(n, n + 1), (n, n + 2)]).collect();
        assert!(found(&ladder).is_empty());
    }
}
