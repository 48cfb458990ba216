//! What tasks wait for outside of their actor: times, messages of its mailbox, and completions.
//!
//! All of it is waited for by one host call, whatever the number of tasks.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::mem::ManuallyDrop;
use std::task::Waker;

use flower_abi::{AT_ONCE, Filter, Kind, MessageInfo, NEVER, Status};

use crate::channel::Owner;
use crate::clock::Instant;
use crate::envelope::Envelope;
use crate::host;

/// Filters of one `receive`, less those for completions.
const FILTERS_MAX: usize = 48;

/// Matches no message at all.
const NOTHING: Filter = Filter { fields: Filter::KIND, kind: u32::MAX, ..Filter::ANY };

/// When a timer fires, and its number among those of the same moment.
pub(super) type TimerKey = (u64, u64);

pub(super) struct Outside {
    timers: BTreeMap<TimerKey, Waker>,
    messages: BTreeMap<u64, Wait>,
    /// What the messages are looked for by, and how many look for it.
    filters: Vec<(Filter, u32)>,
    completions: BTreeMap<u64, Wait>,
    /// What arrived and found nobody; the next receive takes it.
    kept: VecDeque<Envelope>,
    next: u64,
}

/// Somebody who waits for an envelope, and the envelope once it has come.
struct Wait {
    filter: Filter,
    owner: Option<Owner>,
    envelope: Option<Envelope>,
}

thread_local! {
    static OUTSIDE: ManuallyDrop<RefCell<Outside>> = const {
        ManuallyDrop::new(RefCell::new(Outside {
            timers: BTreeMap::new(),
            messages: BTreeMap::new(),
            filters: Vec::new(),
            completions: BTreeMap::new(),
            kept: VecDeque::new(),
            next: 0,
        }))
    };
}

/// What `receive` asks before and after the host, in an actor that has tasks.
static HOOKS: host::Hooks = host::Hooks { is_kept, kept, claim };

/// Calls `f` with what is waited for; `f` may wake nobody and drop nothing of others.
fn with<R>(f: impl FnOnce(&mut Outside) -> R) -> R {
    OUTSIDE.with(|outside| f(&mut outside.borrow_mut()))
}

/// How many wait for something outside.
pub(super) fn count() -> usize {
    with(|outside| outside.timers.len() + outside.messages.len() + outside.completions.len())
}

/// Wakes those whose time has come, and hands out one message if there is one. Never waits.
pub(super) fn look() {
    if with(|outside| !outside.timers.is_empty()) {
        fire(Instant::now().0);
    }
    let filters = with(|outside| outside.wanted());
    if !filters.is_empty() {
        deliver(host::receive_next(&filters, AT_ONCE));
    }
}

/// Parks the actor until something comes that somebody waits for.
pub(super) fn park() {
    let (mut filters, deadline) = with(|outside| (outside.wanted(), outside.deadline()));
    match (filters.is_empty(), deadline) {
        (true, NEVER) => filters.push(NOTHING),
        (true, _) => host::sleep(deadline),
        _ => {}
    }
    if !filters.is_empty() {
        deliver(host::receive_next(&filters, deadline));
    }
    if deadline != NEVER {
        fire(Instant::now().0);
    }
}

/// Wakes everybody whose time is not later than `now`.
fn fire(now: u64) {
    while let Some(waker) = with(|outside| outside.due(now)) {
        waker.wake();
    }
}

fn deliver(received: Result<Envelope, Status>) {
    let Ok(envelope) = received else { return };
    let Some(envelope) = claim(envelope).and_then(offer) else { return };
    // Who wanted to know of a socket that it is ready has gone on without.
    if envelope.info().kind != Kind::Ready as u32 {
        with(|outside| outside.kept.push_back(envelope));
    }
}

/// Gives a completion to the task that waits for it; returns what is none.
fn claim(envelope: Envelope) -> Option<Envelope> {
    let reference = envelope.info().reference;
    let waker = with(|outside| {
        let wait = outside.completions.get_mut(&reference).filter(|_| is_completion(&envelope.info()));
        let Some(wait) = wait else { return Err(envelope) };
        wait.envelope = Some(envelope);
        Ok(wait.owner.take())
    });
    match waker {
        Ok(owner) => {
            owner.into_iter().for_each(Owner::wake);
            None
        }
        Err(envelope) => Some(envelope),
    }
}

/// Gives a message to the first that waits for such a one and has not found something else meanwhile.
fn offer(envelope: Envelope) -> Option<Envelope> {
    let info = envelope.info();
    let mut after = 0;
    while let Some((id, owner)) = with(|outside| outside.first_for(&info, after)) {
        if owner.win() {
            with(|outside| outside.hand_over(id, envelope));
            owner.wake();
            return None;
        }
        with(|outside| outside.put_back(id, owner));
        after = id + 1;
    }
    Some(envelope)
}

fn is_kept(filter: &Filter) -> bool {
    with(|outside| outside.kept.iter().any(|envelope| filter.matches(&envelope.info())))
}

/// Something that has come before and matches.
fn kept(filters: &[Filter]) -> Option<Envelope> {
    with(|outside| {
        let matches = |envelope: &Envelope| filters.iter().any(|filter| filter.matches(&envelope.info()));
        let at = outside.kept.iter().position(matches)?;
        outside.kept.remove(at)
    })
}

fn is_completion(info: &MessageInfo) -> bool {
    !matches!(
        Kind::from_u32(info.kind),
        Some(Kind::Message | Kind::Timer | Kind::Exit | Kind::Room | Kind::Socket)
    )
}

/// Starts to wait for a time.
pub(super) fn add_timer(deadline: u64, waker: &Waker) -> TimerKey {
    with(|outside| {
        let key = (deadline, outside.number());
        outside.timers.insert(key, waker.clone());
        key
    })
}

/// Whether the timer is still to fire; it will wake this waker then.
pub(super) fn renew_timer(key: TimerKey, waker: &Waker) -> bool {
    with(|outside| {
        let timer = outside.timers.get_mut(&key);
        let pending = timer.is_some();
        if let Some(old) = timer
            && !old.will_wake(waker)
        {
            *old = waker.clone();
        }
        pending
    })
}

pub(super) fn remove_timer(key: TimerKey) {
    with(|outside| outside.timers.remove(&key));
}

/// A message that somebody waits for: with the number under which it is waited for.
pub(crate) struct MessageWait(u64);

impl MessageWait {
    /// Takes a message that is there; else waits for it.
    ///
    /// # Panics
    /// When tasks wait for more kinds of messages than the host can look for at once.
    pub(crate) fn start(filter: Filter, owner: Owner) -> MessageWait {
        host::set_hooks(&HOOKS);
        with(|outside| {
            outside.add_filter(filter);
            let id = outside.number();
            outside.messages.insert(id, Wait { filter, owner: Some(owner), envelope: None });
            MessageWait(id)
        })
    }

    /// The message, if it has come.
    pub(crate) fn take(&mut self) -> Option<Envelope> {
        with(|outside| outside.messages.get_mut(&self.0)?.envelope.take())
    }

    /// Wakes somebody else from now on.
    pub(crate) fn renew(&mut self, waker: &Waker) {
        with(|outside| {
            if let Some(Wait { owner: Some(owner), .. }) = outside.messages.get_mut(&self.0) {
                owner.renew(waker);
            }
        });
    }
}

/// What had come and was not taken is kept for the next receive.
impl Drop for MessageWait {
    fn drop(&mut self) {
        let wait = with(|outside| {
            let mut wait = outside.messages.remove(&self.0)?;
            if wait.owner.is_some() {
                outside.remove_filter(&wait.filter);
            }
            outside.kept.extend(wait.envelope.take());
            wait.owner.take()
        });
        drop(wait);
    }
}

/// A completion that somebody waits for, by its reference.
pub(crate) struct CompletionWait(u64);

impl CompletionWait {
    pub(crate) fn start(reference: u64, owner: Owner) -> CompletionWait {
        host::set_hooks(&HOOKS);
        let wait = Wait { filter: Filter::ANY, owner: Some(owner), envelope: None };
        with(|outside| outside.completions.insert(reference, wait));
        CompletionWait(reference)
    }

    pub(crate) fn take(&mut self) -> Option<Envelope> {
        with(|outside| outside.completions.get_mut(&self.0)?.envelope.take())
    }

    /// Whether it has come.
    pub(crate) fn is_over(&self) -> bool {
        with(|outside| outside.completions.get(&self.0).is_some_and(|wait| wait.envelope.is_some()))
    }

    pub(crate) fn renew(&mut self, waker: &Waker) {
        with(|outside| {
            if let Some(Wait { owner: Some(owner), .. }) = outside.completions.get_mut(&self.0) {
                owner.renew(waker);
            }
        });
    }
}

impl Drop for CompletionWait {
    fn drop(&mut self) {
        let wait = with(|outside| outside.completions.remove(&self.0));
        drop(wait);
    }
}

impl Outside {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn deadline(&self) -> u64 {
        self.timers.first_key_value().map_or(NEVER, |(&(deadline, _), _)| deadline)
    }

    fn due(&mut self, now: u64) -> Option<Waker> {
        let first = self.timers.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// What the host is to look for.
    fn wanted(&self) -> Vec<Filter> {
        let mut filters: Vec<Filter> = self.filters.iter().map(|(filter, _)| *filter).collect();
        if !self.completions.is_empty() {
            let kinds = [Kind::Reply, Kind::Timeout, Kind::Down, Kind::Selected, Kind::Ready];
            filters.extend(kinds.map(|kind| Filter {
                fields: Filter::KIND,
                kind: kind as u32,
                ..Filter::ANY
            }));
        }
        filters
    }

    fn add_filter(&mut self, filter: Filter) {
        if let Some((_, count)) = self.filters.iter_mut().find(|(other, _)| *other == filter) {
            *count += 1;
            return;
        }
        assert!(self.filters.len() < FILTERS_MAX, "tasks wait for more than {FILTERS_MAX} types of messages");
        self.filters.push((filter, 1));
    }

    fn remove_filter(&mut self, filter: &Filter) {
        let Some(at) = self.filters.iter().position(|(other, _)| other == filter) else { return };
        self.filters[at].1 -= 1;
        if self.filters[at].1 == 0 {
            self.filters.swap_remove(at);
        }
    }

    /// Who has waited longest, from the number `after` on, for a message with this header; he is taken out.
    fn first_for(&mut self, info: &MessageInfo, after: u64) -> Option<(u64, Owner)> {
        let waits = self.messages.range_mut(after..);
        let mut fits = waits.filter(|(_, wait)| wait.owner.is_some() && wait.filter.matches(info));
        let (&id, wait) = fits.next()?;
        Some((id, wait.owner.take()?))
    }

    fn put_back(&mut self, id: u64, owner: Owner) {
        if let Some(wait) = self.messages.get_mut(&id) {
            wait.owner = Some(owner);
        }
    }

    fn hand_over(&mut self, id: u64, envelope: Envelope) {
        let Some(wait) = self.messages.get_mut(&id) else { return self.kept.push_back(envelope) };
        wait.envelope = Some(envelope);
        let filter = wait.filter;
        self.remove_filter(&filter);
    }
}
