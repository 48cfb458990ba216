//! One channel heard by many: each tap gets every value.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::channel::{Overflow, Receiver, Sender, TrySendError, channel_with};
use crate::task::{self, JoinHandle, WaitGroup};

/// Copies every value of a channel to each of its taps.
///
/// The next value is taken when every tap has accepted the one before. What that means is the tap's own
/// policy: one that [blocks](Overflow::Block) holds up the others when its room is used up, the other two
/// never do. All taps are offered a value at the same time. With no taps, values are dropped.
///
/// When the source is closed and drained, the taps close, each behind what it still holds. A tap that nobody
/// can receive from is removed, and so is one of another actor that a value cannot be sent to. Once the `Mult` is dropped there are no new taps, and it goes on as long as
/// there are any.
///
/// ```no_run
/// use flower::channel::{Mult, Overflow, channel};
///
/// # async fn example() {
/// let (prices, source) = channel(0);
/// let mult = Mult::new(source);
/// let every_one = mult.tap(16, Overflow::Block);
/// let latest = mult.tap(1, Overflow::DropOldest);
/// prices.send_async(7).await.expect("it is received from");
/// # let _ = (every_one, latest);
/// # }
/// ```
pub struct Mult<T> {
    taps: Shared<T>,
    /// The task that distributes.
    task: JoinHandle<()>,
}

/// One tap of a [`Mult`], to remove it by.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Tap(u64);

impl Tap {
    /// One that is gone.
    pub(super) const NONE: Tap = Tap(u64::MAX);
}

type Shared<T> = Rc<RefCell<Taps<T>>>;

struct Taps<T> {
    /// By their numbers, which are given once.
    entries: BTreeMap<u64, Entry<T>>,
    next: u64,
    /// Whether the [`Mult`] is still there to be tapped.
    open: bool,
    /// Whether the source has come to its end.
    ended: bool,
}

struct Entry<T> {
    sender: Sender<T>,
    /// Waits until the tap accepts the current value.
    sending: Option<JoinHandle<()>>,
}

impl<T> Drop for Entry<T> {
    fn drop(&mut self) {
        if let Some(sending) = self.sending.take() {
            sending.abort();
        }
    }
}

/// One value that a tap has not accepted yet; told of when it has, or will not.
struct Outstanding(WaitGroup);

impl Outstanding {
    fn new(all: &WaitGroup) -> Outstanding {
        all.add(1);
        Outstanding(all.clone())
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.done().expect("it was added");
    }
}

impl<T: Clone + 'static> Mult<T> {
    /// Distributes what comes from `source`. No value is taken before the caller waits for something, so it
    /// can add the first taps in peace.
    #[must_use]
    pub fn new(source: Receiver<T>) -> Mult<T> {
        let taps =
            Rc::new(RefCell::new(Taps { entries: BTreeMap::new(), next: 0, open: true, ended: false }));
        let task = task::spawn(distribute(source, Rc::clone(&taps)));
        Mult { taps, task }
    }

    /// A channel that gets every value from now on. It is removed by dropping its receiver.
    ///
    /// After the end of the source, it is closed.
    #[must_use]
    pub fn tap(&self, capacity: usize, overflow: Overflow) -> Receiver<T> {
        let (sender, receiver) = channel_with(capacity, overflow);
        self.tap_into(sender);
        receiver
    }

    /// Lets an existing channel get every value from now on, such as one that another actor receives from.
    ///
    /// The sender is dropped at the end of the source, or when the tap is removed.
    pub fn tap_into(&self, sender: Sender<T>) -> Tap {
        let taps = &mut *self.taps.borrow_mut();
        let id = taps.next;
        taps.next += 1;
        if !taps.ended {
            taps.entries.insert(id, Entry { sender, sending: None });
        }
        Tap(id)
    }

    /// Removes a tap, also while a value waits for it to be accepted; false if it is gone already.
    pub fn untap(&self, tap: &Tap) -> bool {
        let removed = self.taps.borrow_mut().entries.remove(&tap.0);
        removed.is_some()
    }

    /// Removes all taps.
    pub fn untap_all(&self) {
        let removed = std::mem::take(&mut self.taps.borrow_mut().entries);
        drop(removed);
    }

    /// How many taps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.taps.borrow().entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Drop for Mult<T> {
    fn drop(&mut self) {
        let unheard = {
            let mut taps = self.taps.borrow_mut();
            taps.open = false;
            taps.entries.is_empty()
        };
        if unheard {
            self.task.abort();
        }
    }
}

async fn distribute<T: Clone + 'static>(source: Receiver<T>, taps: Shared<T>) {
    let outstanding = WaitGroup::new();
    while let Some(value) = source.recv_async().await {
        offer(&taps, &value, &outstanding);
        outstanding.wait_async().await;
        let taps = taps.borrow();
        if taps.entries.is_empty() && !taps.open {
            break;
        }
    }
    let ended = {
        let mut taps = taps.borrow_mut();
        taps.ended = true;
        std::mem::take(&mut taps.entries)
    };
    drop(ended);
}

/// Offers a value to every tap; those that do not accept it at once get a task each.
fn offer<T: Clone + 'static>(taps: &Shared<T>, value: &T, outstanding: &WaitGroup) {
    let mut gone = Vec::new();
    // Copying a value may run code of the program, which may tap.
    let senders: Vec<(u64, Sender<T>)> =
        taps.borrow().entries.iter().map(|(id, entry)| (*id, entry.sender.clone())).collect();
    for (id, sender) in senders {
        match sender.try_send(value.clone()) {
            Ok(()) => {}
            Err(TrySendError::Closed(_) | TrySendError::Limit(_) | TrySendError::Unfit(_)) => {
                gone.extend(taps.borrow_mut().entries.remove(&id))
            }
            Err(TrySendError::Full(value)) => {
                let sending =
                    task::spawn(send(id, sender, value, Rc::clone(taps), Outstanding::new(outstanding)));
                if let Some(entry) = taps.borrow_mut().entries.get_mut(&id) {
                    entry.sending = Some(sending);
                }
            }
        }
    }
    drop(gone);
}

/// Sends a value to a tap when it has room, and removes the tap if nobody receives from it any more.
async fn send<T: 'static>(id: u64, sender: Sender<T>, value: T, taps: Shared<T>, outstanding: Outstanding) {
    if sender.send_async(value).await.is_err() {
        let gone = taps.borrow_mut().entries.remove(&id);
        drop(gone);
    }
    drop(outstanding);
}
