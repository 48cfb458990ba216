//! One channel heard by topic: each subscription gets the values of its topic.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::mult::{Mult, Tap};
use crate::channel::{Overflow, Receiver, Sender, channel_with};
use crate::task::{self, JoinHandle};

/// Copies each value of a channel to those who subscribe to its topic.
///
/// Each topic has a buffer and a [`Mult`] of its own, made with the first subscription and gone with the last:
/// within a topic, all that is said of a `Mult` holds. The buffer says how far the subscriptions of a topic may be
/// behind before they hold up the other topics, or lose values, by the buffer's policy. Values of a topic that
/// nobody subscribes to are dropped.
///
/// When the source is closed and drained, the subscriptions close, each behind what it still holds. Once the
/// `Pub` is dropped there are no new subscriptions, and it goes on as long as there are any.
pub struct Pub<K, T> {
    topics: Shared<K, T>,
    /// The task that publishes.
    task: JoinHandle<()>,
}

/// One subscription to a [`Pub`], to remove it by.
#[derive(Debug, PartialEq, Eq)]
pub struct Sub<K> {
    topic: K,
    /// The topic's buffer and `Mult` that the tap is of.
    serial: u64,
    tap: Tap,
}

type Shared<K, T> = Rc<RefCell<Topics<K, T>>>;

/// The room of a topic's buffer, and what happens when it is full.
type Buffer<K> = Box<dyn Fn(&K) -> (usize, Overflow)>;

struct Topics<K, T> {
    by_key: BTreeMap<K, Topic<T>>,
    buffer: Rc<Buffer<K>>,
    next: u64,
    /// Whether the [`Pub`] is still there to be subscribed to.
    open: bool,
    /// Whether the source has come to its end.
    ended: bool,
}

struct Topic<T> {
    /// Given once.
    serial: u64,
    sender: Sender<T>,
    mult: Mult<T>,
}

impl<K: Ord + Clone + 'static, T: Clone + 'static> Pub<K, T> {
    /// Publishes what comes from `source` under the topics that `topic` finds, without buffers.
    #[must_use]
    pub fn new(source: Receiver<T>, topic: impl FnMut(&T) -> K + 'static) -> Pub<K, T> {
        Pub::with_buffers(source, topic, |_| (0, Overflow::Block))
    }

    /// The same with a buffer for each topic.
    #[must_use]
    pub fn with_buffers(
        source: Receiver<T>,
        topic: impl FnMut(&T) -> K + 'static,
        buffer: impl Fn(&K) -> (usize, Overflow) + 'static,
    ) -> Pub<K, T> {
        let buffer: Rc<Buffer<K>> = Rc::new(Box::new(buffer));
        let topics = Topics { by_key: BTreeMap::new(), buffer, next: 0, open: true, ended: false };
        let topics = Rc::new(RefCell::new(topics));
        let task = task::spawn(publish(source, topic, Rc::clone(&topics)));
        Pub { topics, task }
    }

    /// A channel that gets the values of a topic from now on. The subscription is ended by dropping its receiver.
    ///
    /// After the end of the source, it is closed.
    #[must_use]
    pub fn subscribe(&self, topic: K, capacity: usize, overflow: Overflow) -> Receiver<T> {
        let (sender, receiver) = channel_with(capacity, overflow);
        self.subscribe_into(topic, sender);
        receiver
    }

    /// Lets an existing channel get the values of a topic from now on, such as one that another actor receives
    /// from.
    ///
    /// The sender is dropped at the end of the source, or when the subscription is removed.
    pub fn subscribe_into(&self, topic: K, sender: Sender<T>) -> Sub<K> {
        self.begin(&topic);
        match self.topics.borrow().by_key.get(&topic) {
            Some(of_topic) => {
                let tap = of_topic.mult.tap_into(sender);
                Sub { topic, serial: of_topic.serial, tap }
            }
            None => Sub { topic, serial: u64::MAX, tap: Tap::NONE },
        }
    }

    /// Removes a subscription; false if it is gone already.
    pub fn unsubscribe(&self, sub: &Sub<K>) -> bool {
        let topics = self.topics.borrow();
        let of_topic = topics.by_key.get(&sub.topic).filter(|topic| topic.serial == sub.serial);
        of_topic.is_some_and(|topic| topic.mult.untap(&sub.tap))
    }

    /// Removes all subscriptions to a topic; what its buffer holds is lost.
    pub fn unsubscribe_all(&self, topic: &K) {
        let removed = self.topics.borrow_mut().by_key.remove(topic);
        if let Some(topic) = removed {
            topic.mult.untap_all();
        }
    }

    /// Makes a topic that is not there yet.
    fn begin(&self, key: &K) {
        let missing = |topics: &Topics<K, T>| !topics.ended && !topics.by_key.contains_key(key);
        if !missing(&self.topics.borrow()) {
            return;
        }
        let buffer = Rc::clone(&self.topics.borrow().buffer);
        let (capacity, overflow) = buffer(key);
        let (sender, receiver) = channel_with(capacity, overflow);
        let topics = &mut *self.topics.borrow_mut();
        let topic = Topic { serial: topics.next, sender, mult: Mult::new(receiver) };
        topics.next += 1;
        topics.by_key.insert(key.clone(), topic);
    }
}

impl<K, T> Drop for Pub<K, T> {
    fn drop(&mut self) {
        let unheard = {
            let mut topics = self.topics.borrow_mut();
            topics.open = false;
            topics.by_key.is_empty()
        };
        if unheard {
            self.task.abort();
        }
    }
}

async fn publish<K: Ord + Clone + 'static, T: Clone + 'static>(
    source: Receiver<T>,
    mut topic: impl FnMut(&T) -> K,
    topics: Shared<K, T>,
) {
    while let Some(value) = source.recv_async().await {
        let key = topic(&value);
        if let Some(sender) = sender(&topics, &key) {
            // It fails only when the last subscription has just gone.
            drop(sender.send_async(value).await);
        }
        let topics = topics.borrow();
        if topics.by_key.is_empty() && !topics.open {
            break;
        }
    }
    let ended = {
        let mut topics = topics.borrow_mut();
        topics.ended = true;
        std::mem::take(&mut topics.by_key)
    };
    drop(ended);
}

/// Where the values of a topic go; a topic without subscriptions is removed.
fn sender<K: Ord + 'static, T: Clone + 'static>(topics: &Shared<K, T>, key: &K) -> Option<Sender<T>> {
    let unheard = {
        let mut topics = topics.borrow_mut();
        let topic = topics.by_key.get(key)?;
        if !topic.mult.is_empty() {
            return Some(topic.sender.clone());
        }
        topics.by_key.remove(key)
    };
    drop(unheard);
    None
}
