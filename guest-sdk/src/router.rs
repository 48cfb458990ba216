//! Routers: one of several actors gets each message, or all of them do.
//!
//! A router is a value of the actor that sends, not an actor of its own, so that a message takes no
//! detour, and the receiver sees who sent it. It may be used in handlers too. It holds no monitors: the
//! host refuses a message to an actor that has ended, and the router then drops that one and goes on
//! with the others.

use std::collections::hash_map::{DefaultHasher, RandomState};
use std::hash::{BuildHasher, Hash, Hasher};

use flower_abi::SendOptions;

use crate::message::outgoing;
use crate::{Broadcast, Message, Pid, SendError, host, is_alive, members};

/// How a [`Router`] chooses who gets a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Routing {
    /// One after the other, in the order in which they were spawned.
    RoundRobin,
    /// Anyone, each as likely as any other.
    Random,
    /// The one with the least work that this router has given out and that was not reported as
    /// [done](Router::done); of several the one spawned first. The router cannot see into mailboxes: what others
    /// send does not count.
    LeastLoaded,
}

/// Sends each message to one of several actors.
///
/// ```no_run
/// # let workers = vec![flower::self_pid()];
/// use flower::{Router, Routing};
///
/// let mut router = Router::new(Routing::RoundRobin, workers);
/// for job in 0..10 {
///     let worker = router.send(&job)?;
///     println!("{worker} has {job}");
/// }
/// # Ok::<(), flower::SendError>(())
/// ```
#[derive(Debug)]
pub struct Router {
    routing: Routing,
    /// The group that they are members of, if they are not fixed.
    group: Option<String>,
    /// In the order in which they were spawned.
    routees: Vec<Routee>,
    /// Who was chosen last.
    last: Option<Pid>,
    random: SplitMix,
}

#[derive(Clone, Copy, Debug)]
struct Routee {
    pid: Pid,
    outstanding: usize,
}

impl Router {
    /// Routes to these actors, each once however often it is named.
    pub fn new(routing: Routing, pids: impl IntoIterator<Item = Pid>) -> Router {
        let mut router = Router::empty(routing, None);
        router.set(pids.into_iter().collect());
        router
    }

    /// Routes to whoever is a member of a [group](crate::join_group) when a message is sent.
    ///
    /// The group is listed for each message: for a large one whose members seldom change,
    /// [`Router::new`] over [`members`] is cheaper.
    pub fn group(routing: Routing, name: impl Into<String>) -> Router {
        Router::empty(routing, Some(name.into()))
    }

    fn empty(routing: Routing, group: Option<String>) -> Router {
        Router { routing, group, routees: Vec::new(), last: None, random: SplitMix::seeded() }
    }

    /// Who may get the next message. One that has ended is there until a message is refused by it.
    pub fn routees(&mut self) -> Vec<Pid> {
        self.refresh();
        self.routees.iter().map(|routee| routee.pid).collect()
    }

    /// Adds an actor to those that were given; members of a group join it instead.
    pub fn add(&mut self, pid: Pid) {
        let mut pids: Vec<Pid> = self.routees.iter().map(|routee| routee.pid).collect();
        pids.push(pid);
        self.set(pids);
    }

    /// Sends a message to the one that is chosen, and returns which it was.
    ///
    /// # Errors
    /// [`SendError::NoActor`] when there is none any more; else why the chosen one refused it, such as
    /// [`SendError::MailboxFull`]: the next one is chosen the next time.
    pub fn send<M: Message + ?Sized>(&mut self, message: &M) -> Result<Pid, SendError> {
        self.refresh();
        self.route(message, Router::choose)
    }

    /// Chooses who gets a request that the caller sends itself, with [`call`](crate::call) or
    /// [`request`](crate::request): one that lives, or `None` when nobody does.
    pub fn pick(&mut self) -> Option<Pid> {
        self.refresh();
        while let Some(at) = self.choose() {
            let routee = &mut self.routees[at];
            self.last = Some(routee.pid);
            if is_alive(routee.pid) {
                routee.outstanding += 1;
                return Some(routee.pid);
            }
            self.routees.remove(at);
        }
        None
    }

    /// Sends a message to the one that is responsible for this key: the same one for the same key, as long as it
    /// lives. When one ends or joins, only the keys that were or become its own move.
    ///
    /// It is rendezvous hashing (Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996):
    /// the member with the highest hash of key and member. All routers of one program agree.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_by_key<K: Hash + ?Sized, M: Message + ?Sized>(
        &mut self,
        key: &K,
        message: &M,
    ) -> Result<Pid, SendError> {
        self.refresh();
        self.route(message, |router| responsible(&router.routees, key))
    }

    /// Sends a message to all of them.
    ///
    /// # Errors
    /// [`SendError::Encode`] when it cannot be sent to anybody.
    pub fn broadcast<M: Message + ?Sized>(&mut self, message: &M) -> Result<Broadcast, SendError> {
        self.refresh();
        let (body, options) = outgoing(message)?;
        let mut sent = Broadcast::default();
        self.routees.retain_mut(|routee| match deliver(routee, &body, &options) {
            Ok(()) => {
                sent.accepted += 1;
                true
            }
            Err(refusal) => {
                sent.refused += 1;
                refusal != SendError::NoActor
            }
        });
        Ok(sent)
    }

    /// Says that an actor is done with a message, which [`Routing::LeastLoaded`] has to be told: the sender of
    /// an answer, for example.
    pub fn done(&mut self, pid: Pid) {
        if let Some(routee) = self.routees.iter_mut().find(|routee| routee.pid == pid) {
            routee.outstanding = routee.outstanding.saturating_sub(1);
        }
    }

    /// Sends to one after the other until it is not one that has ended.
    fn route<M: Message + ?Sized>(
        &mut self,
        message: &M,
        choose: impl Fn(&mut Router) -> Option<usize>,
    ) -> Result<Pid, SendError> {
        let (body, options) = outgoing(message)?;
        while let Some(at) = choose(self) {
            let routee = &mut self.routees[at];
            self.last = Some(routee.pid);
            match deliver(routee, &body, &options) {
                Err(SendError::NoActor) => _ = self.routees.remove(at),
                sent => return sent.map(|()| self.routees[at].pid),
            }
        }
        Err(SendError::NoActor)
    }

    fn choose(&mut self) -> Option<usize> {
        let count = self.routees.len();
        match self.routing {
            _ if count == 0 => None,
            Routing::RoundRobin => Some(behind(&self.routees, self.last)),
            Routing::Random => Some(self.random.below(count)),
            Routing::LeastLoaded => (0..count).min_by_key(|at| self.routees[*at].outstanding),
        }
    }

    fn refresh(&mut self) {
        if let Some(name) = &self.group {
            self.set(members(name));
        }
    }

    /// Keeps what is known of those that stay.
    fn set(&mut self, mut pids: Vec<Pid>) {
        pids.sort_unstable();
        pids.dedup();
        let known = std::mem::take(&mut self.routees);
        let outstanding = |pid: &Pid| match known.binary_search_by_key(pid, |routee| routee.pid) {
            Ok(at) => known[at].outstanding,
            Err(_) => 0,
        };
        self.routees = pids.into_iter().map(|pid| Routee { pid, outstanding: outstanding(&pid) }).collect();
    }
}

fn deliver(routee: &mut Routee, body: &[u8], options: &SendOptions) -> Result<(), SendError> {
    host::send(routee.pid.0, body, options)?;
    routee.outstanding += 1;
    Ok(())
}

/// The first one behind the last that was chosen, and from the last on to the first again.
fn behind(routees: &[Routee], last: Option<Pid>) -> usize {
    let at = last.map_or(0, |last| routees.partition_point(|routee| routee.pid <= last));
    if at == routees.len() { 0 } else { at }
}

/// The one with the highest hash of key and member.
fn responsible<K: Hash + ?Sized>(routees: &[Routee], key: &K) -> Option<usize> {
    let weight = |at: &usize| {
        // Without keys of its own, so that every actor of the program has the same.
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        routees[*at].pid.serial().hash(&mut hasher);
        hasher.finish()
    };
    (0..routees.len()).max_by_key(weight)
}

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    /// Of a seed that the host gives, the same in each deterministic run.
    fn seeded() -> SplitMix {
        SplitMix(RandomState::new().hash_one(0))
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = mixed ^ (mixed >> 31);
        ((u128::from(number) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pid::tests::sample;
    use flower_abi::Rights;

    fn pids(serials: impl IntoIterator<Item = u64>) -> Vec<Pid> {
        serials.into_iter().map(|serial| sample(serial, Rights::PEER)).collect()
    }

    fn chosen(router: &mut Router) -> u64 {
        let at = router.choose().expect("there is one");
        router.last = Some(router.routees[at].pid);
        router.routees[at].outstanding += 1;
        router.routees[at].pid.serial()
    }

    #[test]
    fn round_robin_goes_round_in_the_order_of_spawning() {
        let mut router = Router::new(Routing::RoundRobin, pids([5, 2, 9, 2]));
        assert_eq!([(); 7].map(|()| chosen(&mut router)), [2, 5, 9, 2, 5, 9, 2]);
        router.set(pids([2, 4, 9]));
        assert_eq!([(); 4].map(|()| chosen(&mut router)), [4, 9, 2, 4], "it goes on where it was");
    }

    #[test]
    fn the_least_loaded_has_the_least_that_is_not_done() {
        let mut router = Router::new(Routing::LeastLoaded, pids([1, 2, 3]));
        assert_eq!([(); 4].map(|()| chosen(&mut router)), [1, 2, 3, 1]);
        router.done(pids([3])[0]);
        assert_eq!([(); 3].map(|()| chosen(&mut router)), [3, 2, 3]);
        router.add(pids([4])[0]);
        assert_eq!([(); 3].map(|()| chosen(&mut router)), [4, 4, 1], "what is outstanding is kept");
    }

    #[test]
    fn random_is_fair() {
        let mut router = Router::new(Routing::Random, pids(0..4));
        let mut counts = [0; 4];
        for _ in 0..4000 {
            counts[chosen(&mut router) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }

    #[test]
    fn only_the_keys_of_one_that_ended_move() {
        let owner = |router: &Router, key: u32| {
            let at = responsible(&router.routees, &key).expect("there is one");
            router.routees[at].pid.serial()
        };
        let mut router = Router::new(Routing::Random, pids(1..=10));
        let before: Vec<u64> = (0..2000).map(|key| owner(&router, key)).collect();
        assert!((1..=10).all(|serial| before.iter().filter(|owner| **owner == serial).count() > 100));
        router.set(pids((1..=10).filter(|serial| *serial != 4)));
        for (key, before) in (0..).zip(before) {
            let now = owner(&router, key);
            assert!(if before == 4 { now != 4 } else { now == before }, "{key}: {before}, now {now}");
        }
    }

    #[test]
    fn nobody_is_chosen_of_none() {
        for routing in [Routing::RoundRobin, Routing::Random, Routing::LeastLoaded] {
            assert_eq!(Router::new(routing, []).choose(), None);
        }
    }
}
