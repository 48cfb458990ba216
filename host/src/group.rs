//! Process groups, as in Erlang's `pg`: who joined what. A group is there while it has members, and
//! an actor has left all of its groups before anybody hears of its death.
//!
//! Where this differs from `pg`: an actor that joins several times is one member, which is out once it
//! has left as often; and nothing is told of joins and leaves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flower_abi::{Rights, Status};
use parking_lot::RwLock;
use rustc_hash::FxBuildHasher;

use crate::limits::Limits;
use crate::pid::ActorId;
use crate::shared::Shared;

/// The groups of one host.
#[derive(Default)]
pub(crate) struct Groups {
    tables: RwLock<Tables>,
    /// Memberships of all actors, which an end looks at without the lock.
    memberships: AtomicU64,
}

#[derive(Default)]
struct Tables {
    // The standard hasher: names come from guests, and are never listed in the map's order.
    groups: HashMap<Arc<str>, Group>,
    of: HashMap<ActorId, BTreeSet<Arc<str>>, FxBuildHasher>,
}

/// The members by serial: in the order in which they were spawned.
type Group = BTreeMap<u64, Membership>;

#[derive(Debug)]
struct Membership {
    slot: u32,
    /// What a pid out of this group allows.
    rights: Rights,
    /// How often it joined and did not leave.
    joins: u32,
}

impl Groups {
    /// Makes an actor a member, or one that has joined once more; the latest rights count.
    pub(crate) fn join(
        &self,
        name: &str,
        id: ActorId,
        rights: Rights,
        limits: &Limits,
    ) -> Result<(), Status> {
        let mut tables = self.tables.write();
        if let Some(member) = tables.groups.get_mut(name).and_then(|group| group.get_mut(&id.serial)) {
            member.joins = member.joins.checked_add(1).ok_or(Status::LIMIT)?;
            member.rights = rights;
            return Ok(());
        }
        if !tables.have_room(name, id, limits) || self.len() >= limits.host_memberships_max {
            return Err(Status::LIMIT);
        }
        tables.add(name, id, Membership { slot: id.slot, rights, joins: 1 });
        self.memberships.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Takes back one join. Returns whether there was one.
    pub(crate) fn leave(&self, name: &str, id: ActorId) -> bool {
        let mut tables = self.tables.write();
        let member = tables.groups.get_mut(name).and_then(|group| group.get_mut(&id.serial));
        let Some(member) = member else { return false };
        member.joins -= 1;
        if member.joins == 0 {
            tables.remove(name, id);
            self.memberships.fetch_sub(1, Ordering::Release);
        }
        true
    }

    /// Up to `max` members behind the serial `after`, in the order in which they were spawned.
    pub(crate) fn members(&self, name: &str, after: u64, max: usize) -> Vec<(ActorId, Rights)> {
        let tables = self.tables.read();
        let Some(group) = tables.groups.get(name) else { return Vec::new() };
        let behind = group.range((Bound::Excluded(after), Bound::Unbounded)).take(max);
        behind.map(|(&serial, member)| (ActorId { slot: member.slot, serial }, member.rights)).collect()
    }

    /// How many memberships there are.
    pub(crate) fn len(&self) -> u64 {
        self.memberships.load(Ordering::Acquire)
    }

    /// Takes an actor out of all its groups, which costs nothing when nobody is in any.
    pub(crate) fn remove_all(&self, id: ActorId) {
        if self.len() == 0 || !self.tables.read().of.contains_key(&id) {
            return;
        }
        let mut tables = self.tables.write();
        let names = tables.of.get(&id).cloned().unwrap_or_default();
        for name in &names {
            tables.remove(name, id);
        }
        self.memberships.fetch_sub(names.len() as u64, Ordering::Release);
    }
}

impl Tables {
    fn have_room(&self, name: &str, id: ActorId, limits: &Limits) -> bool {
        self.groups.get(name).map_or(0, BTreeMap::len) < limits.group_members_max as usize
            && self.of.get(&id).map_or(0, BTreeSet::len) < limits.groups_max as usize
    }

    fn add(&mut self, name: &str, id: ActorId, member: Membership) {
        let name = self.groups.get_key_value(name).map_or_else(|| Arc::from(name), |(name, _)| name.clone());
        self.of.entry(id).or_default().insert(name.clone());
        self.groups.entry(name).or_default().insert(id.serial, member);
    }

    /// Nothing is kept of an empty group, nor of an actor without groups.
    fn remove(&mut self, name: &str, id: ActorId) {
        if let Some(group) = self.groups.get_mut(name) {
            group.remove(&id.serial);
            if group.is_empty() {
                self.groups.remove(name);
            }
        }
        if let Some(names) = self.of.get_mut(&id) {
            names.remove(name);
            if names.is_empty() {
                self.of.remove(&id);
            }
        }
    }
}

impl Shared {
    /// Makes a live actor a member of a group.
    pub(crate) fn join_group(&self, name: &str, id: ActorId, rights: Rights) -> Result<(), Status> {
        if !self.is_alive(id) {
            return Err(Status::NO_ACTOR);
        }
        self.groups.join(name, id, rights, &self.limits)?;
        // It may have ended in between, after it left its groups.
        if !self.is_alive(id) {
            self.groups.remove_all(id);
            return Err(Status::NO_ACTOR);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand_chacha::ChaCha8Rng;
    use rand_core::{RngCore, SeedableRng};

    use super::*;

    const A: ActorId = ActorId { slot: 7, serial: 1 };
    const B: ActorId = ActorId { slot: 1, serial: 2 };

    fn join(groups: &Groups, name: &str, id: ActorId) -> Result<(), Status> {
        groups.join(name, id, Rights::PEER, &Limits::default())
    }

    fn listed(groups: &Groups, name: &str) -> Vec<ActorId> {
        groups.members(name, 0, usize::MAX).into_iter().map(|(id, _)| id).collect()
    }

    fn is_empty(groups: &Groups) -> bool {
        let tables = groups.tables.read();
        tables.groups.is_empty() && tables.of.is_empty() && groups.len() == 0
    }

    #[test]
    fn a_member_is_out_once_it_has_left_as_often_as_it_joined() {
        let groups = Groups::default();
        for id in [B, A, A] {
            assert_eq!(join(&groups, "g", id), Ok(()));
        }
        assert_eq!(listed(&groups, "g"), [A, B], "in the order of their serials, each once");
        assert!(groups.leave("g", A));
        assert_eq!(listed(&groups, "g"), [A, B]);
        assert!(groups.leave("g", A) && !groups.leave("g", A));
        assert_eq!(listed(&groups, "g"), [B]);
        assert!(groups.leave("g", B) && is_empty(&groups));
    }

    #[test]
    fn pages_follow_one_another() {
        let groups = Groups::default();
        let all: Vec<ActorId> = (1..=10).map(|serial| ActorId { slot: 20 - serial as u32, serial }).collect();
        all.iter().for_each(|id| join(&groups, "g", *id).expect("there is room"));
        let page = |after| groups.members("g", after, 4).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!([page(0), page(4), page(8)].concat(), all);
        assert!(page(10).is_empty() && groups.members("g", 0, 0).is_empty());
    }

    #[test]
    fn the_latest_rights_count() {
        let groups = Groups::default();
        join(&groups, "g", A).expect("there is room");
        groups.join("g", A, Rights::SEND, &Limits::default()).expect("it is a member");
        assert_eq!(groups.members("g", 0, 1), [(A, Rights::SEND)]);
    }

    #[test]
    fn each_limit_refuses_what_is_new_and_nothing_else() {
        let groups = Groups::default();
        let limits =
            Limits { groups_max: 2, group_members_max: 1, host_memberships_max: 3, ..Limits::default() };
        let join = |name, id| groups.join(name, id, Rights::PEER, &limits);
        assert_eq!((join("a", A), join("b", A)), (Ok(()), Ok(())));
        assert_eq!(join("c", A), Err(Status::LIMIT), "an actor has groups_max groups");
        assert_eq!(join("a", B), Err(Status::LIMIT), "a group has group_members_max members");
        assert_eq!(join("a", A), Ok(()), "it is a member already");
        assert_eq!((join("c", B), join("d", B)), (Ok(()), Err(Status::LIMIT)));
        groups.remove_all(A);
        assert_eq!(join("a", B), Ok(()));
    }

    /// After any history the members are those that joined, did not leave as often, and live.
    #[test]
    fn members_are_those_that_joined_and_live() {
        for seed in 0..200 {
            let (groups, mut model) = (Groups::default(), BTreeMap::<(u64, u64), u32>::new());
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            for _ in 0..200 {
                step(&groups, &mut model, random.next_u64());
            }
            for serial in 1..=6 {
                groups.remove_all(ActorId { slot: 0, serial });
            }
            assert!(is_empty(&groups), "seed {seed}: something is left of actors that have ended");
        }
    }

    /// The model counts joins by group and serial.
    fn step(groups: &Groups, model: &mut BTreeMap<(u64, u64), u32>, random: u64) {
        let (serial, group) = (1 + random % 6, random / 6 % 3);
        let (id, name) = (ActorId { slot: 0, serial }, group.to_string());
        match random / 18 % 8 {
            0..4 => {
                join(groups, &name, id).expect("there is room");
                *model.entry((group, serial)).or_default() += 1;
            }
            4..7 => {
                let joins = model.entry((group, serial)).or_default();
                assert_eq!(groups.leave(&name, id), *joins > 0);
                *joins = joins.saturating_sub(1);
            }
            _ => {
                groups.remove_all(id);
                model.retain(|(_, of), _| *of != serial);
            }
        }
        let members = model.iter().filter(|((of, _), joins)| *of == group && **joins > 0);
        let serials: Vec<u64> = members.map(|((_, serial), _)| *serial).collect();
        assert_eq!(listed(groups, &name).iter().map(|id| id.serial).collect::<Vec<_>>(), serials);
        assert_eq!(groups.len(), model.values().filter(|joins| **joins > 0).count() as u64);
    }
}
