//! Many channels into one, with a console: sources are added, paused, muted, soloed and removed at any time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::unheard;
use crate::channel::{Receiver, Sender};
use crate::task;

/// Sends what comes from its sources to one channel.
///
/// Each source is *heard*, *muted* (it is received from, and its values are dropped) or *paused* (it is not
/// received from, so its senders wait). As long as a source is soloed, only soloed ones are heard, whatever
/// else is said of them, and the others are muted or paused, as the [`SoloMode`] says.
///
/// A change holds for every value that has not been received yet. What was received before and waits to be
/// accepted by the output is still sent. Nobody can say which of two sources comes first; the values of one
/// keep their order.
///
/// A source that is closed and drained is removed. The output is closed when the `Mix` is dropped and all its
/// sources are gone; what is paused then would be so for ever, and is let go of. When nobody can receive from
/// the output any more, all sources are let go of.
pub struct Mix<T> {
    console: Shared<T>,
    out: Sender<T>,
}

/// One source of a [`Mix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u64);

/// What holds for one source of a [`Mix`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// It is not received from.
    pub paused: bool,
    /// It is received from, and its values are dropped.
    pub muted: bool,
    /// It is heard, and those that are not soloed are not.
    pub solo: bool,
}

/// What becomes of the others while a source of a [`Mix`] is soloed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoloMode {
    /// They are muted; those that are paused stay so.
    #[default]
    Mute,
    /// They are paused.
    Pause,
}

type Shared<T> = Rc<RefCell<Console<T>>>;

struct Console<T> {
    /// By their numbers, which are given once.
    sources: BTreeMap<SourceId, Source<T>>,
    next: u64,
    solo_mode: SoloMode,
    /// Nobody receives from the output any more.
    ended: bool,
}

struct Source<T> {
    receiver: Receiver<T>,
    modes: Modes,
    /// Waits for the next value, unless the source is paused.
    values: Option<Values<T>>,
    /// Wakes the source's task.
    waker: Option<Waker>,
}

type Values<T> = Pin<Box<dyn Stream<Item = T>>>;

/// What is done with a source as things are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Heard,
    Muted,
    Paused,
}

impl<T: 'static> Mix<T> {
    /// Without any sources yet.
    #[must_use]
    pub fn new(out: Sender<T>) -> Mix<T> {
        let console =
            Console { sources: BTreeMap::new(), next: 0, solo_mode: SoloMode::default(), ended: false };
        Mix { console: Rc::new(RefCell::new(console)), out }
    }

    /// Adds a source, which is heard unless another one is soloed.
    pub fn add(&self, source: Receiver<T>) -> SourceId {
        self.add_with(source, Modes::default())
    }

    /// Adds a source with its modes.
    pub fn add_with(&self, source: Receiver<T>, modes: Modes) -> SourceId {
        let id = self.change(|console| {
            let id = SourceId(console.next);
            console.next += 1;
            if !console.ended {
                console.sources.insert(id, Source { receiver: source, modes, values: None, waker: None });
            }
            id
        });
        drop(task::spawn(carry(Rc::clone(&self.console), id, self.out.clone())));
        id
    }

    /// Removes a source and gives its receiver back; `None` if it is gone already.
    pub fn remove(&self, id: SourceId) -> Option<Receiver<T>> {
        let source = self.change(|console| console.sources.remove(&id))?;
        if let Some(waker) = source.waker {
            waker.wake();
        }
        Some(source.receiver)
    }

    /// Pauses a source, or lets it go on.
    pub fn pause(&self, id: SourceId, paused: bool) {
        self.set(id, |modes| modes.paused = paused);
    }

    /// Mutes a source, or no longer.
    pub fn mute(&self, id: SourceId, muted: bool) {
        self.set(id, |modes| modes.muted = muted);
    }

    /// Solos a source, or no longer.
    pub fn solo(&self, id: SourceId, solo: bool) {
        self.set(id, |modes| modes.solo = solo);
    }

    /// Changes several sources at once: no value is received in between.
    pub fn set_modes(&self, all: &[(SourceId, Modes)]) {
        self.change(|console| {
            for (id, modes) in all {
                if let Some(source) = console.sources.get_mut(id) {
                    source.modes = *modes;
                }
            }
        });
    }

    /// What holds for a source; `None` if it is gone.
    #[must_use]
    pub fn modes(&self, id: SourceId) -> Option<Modes> {
        self.console.borrow().sources.get(&id).map(|source| source.modes)
    }

    /// Says what becomes of the others while a source is soloed.
    pub fn set_solo_mode(&self, mode: SoloMode) {
        self.change(|console| console.solo_mode = mode);
    }

    /// How many sources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.console.borrow().sources.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn set(&self, id: SourceId, set: impl FnOnce(&mut Modes)) {
        self.change(|console| console.sources.get_mut(&id).map(|source| set(&mut source.modes)));
    }

    fn change<R>(&self, change: impl FnOnce(&mut Console<T>) -> R) -> R {
        let changed = change(&mut self.console.borrow_mut());
        settle(&self.console);
        changed
    }
}

impl<T> Drop for Mix<T> {
    fn drop(&mut self) {
        let stuck = |source: &Source<T>| source.modes.paused && !source.modes.solo;
        let sources = &mut self.console.borrow_mut().sources;
        let stuck: Vec<SourceId> =
            sources.iter().filter(|(_, source)| stuck(source)).map(|(id, _)| *id).collect();
        for source in stuck.iter().filter_map(|id| sources.remove(id)) {
            if let Some(waker) = source.waker {
                waker.wake();
            }
        }
    }
}

impl<T: 'static> Console<T> {
    fn state(&self, source: &Source<T>) -> State {
        let Modes { paused, muted, solo } = source.modes;
        if solo {
            return State::Heard;
        }
        let soloed = self.sources.values().any(|source| source.modes.solo);
        match () {
            () if paused || soloed && self.solo_mode == SoloMode::Pause => State::Paused,
            () if muted || soloed => State::Muted,
            () => State::Heard,
        }
    }

    /// The next value of a source, and what is to be done with it; `None` if there is no more.
    fn poll_next(&mut self, id: SourceId, context: &mut Context<'_>) -> Poll<Option<(T, State)>> {
        let Some(source) = self.sources.get(&id) else { return Poll::Ready(None) };
        let state = self.state(source);
        let source = self.sources.get_mut(&id).expect("it was just there");
        if state == State::Paused {
            source.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let receiver = &source.receiver;
        let values = source.values.get_or_insert_with(|| Box::pin(receiver.clone().into_stream()));
        let polled = values.as_mut().poll_next(context);
        if polled.is_pending() {
            source.waker = Some(context.waker().clone());
        }
        polled.map(|value| value.map(|value| (value, state)))
    }
}

/// After a change: who is paused stops receiving here and now, and the others go on.
fn settle<T: 'static>(console: &Shared<T>) {
    let mut stopped = Vec::new();
    let mut wakers = Vec::new();
    {
        let console = &mut *console.borrow_mut();
        let paused: Vec<bool> =
            console.sources.values().map(|source| console.state(source) == State::Paused).collect();
        for (source, paused) in console.sources.values_mut().zip(paused) {
            match paused {
                true => stopped.extend(source.values.take()),
                false if source.values.is_none() => wakers.extend(source.waker.take()),
                false => {}
            }
        }
    }
    drop(stopped);
    wakers.into_iter().for_each(Waker::wake);
}

/// The task of one source.
async fn carry<T: 'static>(console: Shared<T>, id: SourceId, out: Sender<T>) {
    let mut unheard = pin!(unheard(&out));
    loop {
        let next = poll_fn(|context| {
            let next = console.borrow_mut().poll_next(id, context);
            if next.is_pending() && unheard.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Unheard));
            }
            next.map(Ok)
        });
        let heard = match next.await {
            Ok(Some((value, State::Heard))) => out.send_async(value).await.is_ok(),
            Ok(Some(_)) => true,
            Ok(None) => break,
            Err(Unheard) => false,
        };
        if !heard {
            return end(&console);
        }
    }
    let closed = console.borrow_mut().sources.remove(&id);
    drop(closed);
    // It may have been the only one that was soloed.
    settle(&console);
}

/// Nobody receives from the output.
struct Unheard;

/// Lets go of all sources.
fn end<T: 'static>(console: &Shared<T>) {
    let sources = {
        let console = &mut *console.borrow_mut();
        console.ended = true;
        std::mem::take(&mut console.sources)
    };
    for source in sources.into_values() {
        if let Some(waker) = source.waker {
            waker.wake();
        }
    }
}
