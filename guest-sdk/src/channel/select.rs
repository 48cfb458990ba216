//! Select: the first of several operations that can go ahead, and none of the others.
//!
//! Its arms are tried in a random order, and where none can go ahead, each waits at its channel. They share a
//! [`Claim`]: whoever serves one of them takes it first, and who finds it taken goes on to the next who waits. When the
//! owner runs again, it leaves the other places.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use flower_abi::AT_ONCE;

use super::queue::Outcome;
use super::remote::{Started, Written, arm_of, says_closed};
use super::{Chan, Claim, NONE, Offer, Owner, Receiver, SendError, Sender, Take};
use crate::clock::Instant;
use crate::envelope::Envelope;
use crate::receive::Receive;
use crate::task::{self, MessageWait, Sleep};
use crate::{ReceiveError, host};

/// What a select has done when it did none of its arms: the time was over, or there was nothing to do at once.
pub const NO_ARM: usize = usize::MAX;

/// One operation of a select.
#[doc(hidden)]
pub trait Arm {
    /// Whether it counts at all.
    fn is_enabled(&self) -> bool {
        true
    }

    /// Does it, if it can go ahead now.
    fn attempt(&mut self) -> bool;

    /// Waits for it to go ahead, in the name of the owner.
    fn park(&mut self, owner: Owner);

    /// Whether it waits at a place where nobody will serve it any more.
    fn is_moved(&self) -> bool;

    /// Waits no more: it has won, or another has, or nobody.
    fn settle(&mut self, won: bool);

    /// What it is for the host, when its channel is there. The arm stays where it is until the host has seen that.
    fn remote(&mut self) -> Option<flower_abi::Arm> {
        None
    }

    /// It has won in the host, and nobody wants that any more.
    fn return_remote(&mut self, _completion: &Envelope) {}

    /// It has won in the host. Whether it could make something of that.
    fn settle_remote(&mut self, _completion: &Envelope) -> bool {
        false
    }
}

/// What an arm that was done has brought.
#[doc(hidden)]
pub trait Done {
    type Output;

    fn done(self) -> Self::Output;
}

/// `rx.recv()`
#[doc(hidden)]
pub struct RecvArm<'a, T> {
    chan: &'a Rc<Chan<T>>,
    at: u32,
    value: Option<T>,
}

impl<'a, T> RecvArm<'a, T> {
    pub fn new(receiver: &'a Receiver<T>) -> RecvArm<'a, T> {
        RecvArm { chan: &receiver.chan, at: NONE, value: None }
    }
}

impl<T> Arm for RecvArm<'_, T> {
    fn attempt(&mut self) -> bool {
        match self.chan.take() {
            Take::Value(value, _) => self.value = Some(value),
            Take::Closed => {}
            Take::Empty => return false,
        }
        true
    }

    fn park(&mut self, owner: Owner) {
        self.at = self.chan.park_taker(owner);
    }

    fn is_moved(&self) -> bool {
        self.at != NONE && self.chan.state.borrow().takers.outcome(self.at) == Outcome::Moved
    }

    fn settle(&mut self, won: bool) {
        let at = std::mem::replace(&mut self.at, NONE);
        if at == NONE {
            return;
        }
        if !won {
            return self.chan.leave_taker(at);
        }
        let mut state = self.chan.state.borrow_mut();
        if state.takers.leave(at).0 == Outcome::Served {
            self.value = state.take_reserved();
        }
    }

    fn remote(&mut self) -> Option<flower_abi::Arm> {
        Some(self.chan.remote.get()?.recv_arm())
    }

    fn return_remote(&mut self, completion: &Envelope) {
        self.chan.put_back(completion);
    }

    fn settle_remote(&mut self, completion: &Envelope) -> bool {
        self.value = self.chan.arrived(completion);
        self.value.is_some() || says_closed(completion)
    }
}

impl<T> Done for RecvArm<'_, T> {
    type Output = Option<T>;

    fn done(self) -> Option<T> {
        self.value
    }
}

/// `tx.send(value)`
#[doc(hidden)]
pub struct SendArm<'a, T> {
    chan: &'a Rc<Chan<T>>,
    at: u32,
    value: Option<T>,
    refused: Option<SendError<T>>,
    /// The value as it travels, while it waits in the host.
    written: Option<Written>,
}

impl<'a, T> SendArm<'a, T> {
    pub fn new(sender: &'a Sender<T>, value: T) -> SendArm<'a, T> {
        SendArm { chan: &sender.chan, at: NONE, value: Some(value), refused: None, written: None }
    }
}

impl<T> Arm for SendArm<'_, T> {
    fn attempt(&mut self) -> bool {
        let Some(value) = self.value.take() else { return false };
        match self.chan.offer(value) {
            Offer::Sent(..) => {}
            Offer::Closed(value) => self.refused = Some(SendError::Closed(value)),
            Offer::Limit(value) => self.refused = Some(SendError::Limit(value)),
            Offer::Unfit(value) => self.refused = Some(SendError::Unfit(value)),
            Offer::Full(value) if self.chan.state.borrow().givers.is_full() => {
                self.refused = Some(SendError::Limit(value));
            }
            Offer::Full(value) => {
                self.value = Some(value);
                return false;
            }
        }
        true
    }

    fn park(&mut self, owner: Owner) {
        if self.chan.remote.get().is_none() {
            self.at = self.chan.state.borrow_mut().givers.push(owner, self.value.take());
        }
    }

    fn is_moved(&self) -> bool {
        self.at != NONE && self.chan.state.borrow().givers.outcome(self.at) == Outcome::Moved
    }

    fn settle(&mut self, won: bool) {
        if self.at == NONE {
            return;
        }
        let value = self.chan.leave_giver(std::mem::replace(&mut self.at, NONE));
        if won {
            self.refused = value.map(SendError::Closed);
        } else {
            self.value = value;
        }
    }

    fn remote(&mut self) -> Option<flower_abi::Arm> {
        let remote = self.chan.remote.get()?;
        let written = remote.write(self.chan.codec(), self.value.as_ref()?).ok()?;
        Some(remote.send_arm(self.written.insert(written)))
    }

    fn settle_remote(&mut self, completion: &Envelope) -> bool {
        let value = self.value.take();
        if says_closed(completion) {
            self.refused = value.map(SendError::Closed);
        }
        true
    }
}

impl<T> Done for SendArm<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn done(self) -> Self::Output {
        self.refused.map_or(Ok(()), Err)
    }
}

/// `receive::<T>()`
#[doc(hidden)]
pub struct MailboxArm<T> {
    wait: Option<MessageWait>,
    envelope: Option<Envelope>,
    message: std::marker::PhantomData<fn() -> T>,
}

impl<T: Receive> MailboxArm<T> {
    #[expect(clippy::new_without_default, reason = "it is made like the other arms, by the macros")]
    pub fn new() -> MailboxArm<T> {
        MailboxArm { wait: None, envelope: None, message: std::marker::PhantomData }
    }
}

impl<T: Receive> Arm for MailboxArm<T> {
    fn attempt(&mut self) -> bool {
        self.envelope = host::receive(&[T::selected()], AT_ONCE).ok();
        self.envelope.is_some()
    }

    fn park(&mut self, owner: Owner) {
        self.wait = Some(MessageWait::start(T::selected(), owner));
    }

    fn is_moved(&self) -> bool {
        false
    }

    fn settle(&mut self, won: bool) {
        if let Some(mut wait) = self.wait.take()
            && won
        {
            self.envelope = wait.take();
        }
    }
}

impl<T: Receive> Done for MailboxArm<T> {
    type Output = Result<T, ReceiveError>;

    fn done(self) -> Self::Output {
        Ok(T::from_envelope(self.envelope.expect("a message was taken"))?)
    }
}

/// An arm that may be left out.
impl<A: Arm> Arm for Option<A> {
    fn is_enabled(&self) -> bool {
        self.as_ref().is_some_and(A::is_enabled)
    }

    fn attempt(&mut self) -> bool {
        self.as_mut().is_some_and(A::attempt)
    }

    fn park(&mut self, owner: Owner) {
        if let Some(arm) = self {
            arm.park(owner);
        }
    }

    fn is_moved(&self) -> bool {
        self.as_ref().is_some_and(A::is_moved)
    }

    fn settle(&mut self, won: bool) {
        if let Some(arm) = self {
            arm.settle(won);
        }
    }

    fn remote(&mut self) -> Option<flower_abi::Arm> {
        self.as_mut()?.remote()
    }

    fn return_remote(&mut self, completion: &Envelope) {
        if let Some(arm) = self {
            arm.return_remote(completion);
        }
    }

    fn settle_remote(&mut self, completion: &Envelope) -> bool {
        self.as_mut().is_some_and(|arm| arm.settle_remote(completion))
    }
}

impl<A: Done> Done for Option<A> {
    type Output = A::Output;

    fn done(self) -> A::Output {
        self.expect("an arm that is left out is not done").done()
    }
}

/// When a select gives up.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Otherwise {
    /// Never.
    Wait,
    /// At once.
    Default,
    After(Duration),
}

/// A select under way: a future of the number of the arm that was done.
#[doc(hidden)]
#[must_use = "nothing is done unless it is awaited"]
pub struct Selecting<'s, 'a> {
    arms: &'s mut [&'a mut dyn Arm],
    biased: bool,
    otherwise: Otherwise,
    /// There while the arms wait.
    claim: Option<Rc<Claim>>,
    sleep: Option<Sleep>,
    /// The select of the host for the arms of channels that are there, and which those are.
    remote: Option<(Started, Vec<usize>)>,
}

impl<'s, 'a> Selecting<'s, 'a> {
    /// # Panics
    /// When nothing could ever end it, because every arm is left out.
    pub fn new(arms: &'s mut [&'a mut dyn Arm], biased: bool, otherwise: Otherwise) -> Selecting<'s, 'a> {
        let ends = !matches!(otherwise, Otherwise::Wait) || arms.iter().any(|arm| arm.is_enabled());
        assert!(ends, "every arm of this select is left out, and it has no `default`");
        Selecting { arms, biased, otherwise, claim: None, sleep: None, remote: None }
    }

    /// Blocks until one is done.
    #[track_caller]
    pub fn wait(mut self) -> usize {
        self.attempt().unwrap_or_else(|| task::wait(self, "`select_async!` or `wait_async().await`"))
    }

    /// Does one of those that can go ahead now; or gives up at once, if it is to.
    fn attempt(&mut self) -> Option<usize> {
        let done = if self.biased {
            self.arms.iter_mut().position(|arm| arm.attempt())
        } else {
            shuffled(self.arms.len(), |index| self.arms[index].attempt())
        };
        match self.otherwise {
            _ if done.is_some() => done,
            Otherwise::Default | Otherwise::After(Duration::ZERO) => Some(NO_ARM),
            _ => None,
        }
    }

    fn park(&mut self, cx: &Context<'_>) {
        let claim = Claim::new(cx.waker().clone());
        for (index, arm) in self.arms.iter_mut().enumerate() {
            arm.park(Owner::Arm(claim.clone(), index as u32));
        }
        self.park_remote(&claim, cx);
        self.claim = Some(claim);
        if let Otherwise::After(duration) = self.otherwise
            && self.sleep.is_none()
        {
            self.sleep = Some(task::sleep_until(Instant::now() + duration));
        }
    }

    /// All arms of channels in the host wait there as one select, which is given up before an arm here wins.
    fn park_remote(&mut self, claim: &Claim, cx: &Context<'_>) {
        let remote = self.arms.iter_mut().enumerate().filter_map(|(index, arm)| Some((index, arm.remote()?)));
        let (indexes, arms): (Vec<usize>, Vec<flower_abi::Arm>) = remote.unzip();
        if arms.is_empty() {
            return;
        }
        match Started::new(&arms, self.biased, Owner::Single(cx.waker().clone())) {
            Ok(started) => {
                claim.set_remote(started.reference());
                self.remote = Some((started, indexes));
            }
            Err(status) => {
                panic!("{} channels between actors cannot be selected at once ({status:?})", arms.len())
            }
        }
    }

    /// What has become of the arms that wait.
    fn settle(&mut self, cx: &mut Context<'_>) -> Option<usize> {
        let claim = self.claim.as_ref()?;
        if let Some(winner) = claim.winner() {
            if let Some((started, _)) = self.remote.take() {
                started.was_given_up();
            }
            self.leave(winner as usize);
            return Some(winner as usize);
        }
        if let Some((started, indexes)) = &mut self.remote
            && let Some(completion) = started.poll(cx.waker())
        {
            let winner = indexes[arm_of(&completion)];
            self.leave(NO_ARM);
            return self.arms[winner].settle_remote(&completion).then_some(winner);
        }
        let claim = self.claim.as_ref()?;
        claim.renew(cx.waker());
        if self.arms.iter().any(|arm| arm.is_moved()) {
            self.leave(NO_ARM);
        }
        None
    }

    /// Gives up, unless an arm in the host was done meanwhile.
    fn time_over(&mut self) -> usize {
        let done = self.remote.take().and_then(|(started, indexes)| Some((started.give_up()?, indexes)));
        self.leave(NO_ARM);
        let Some((completion, indexes)) = done else { return NO_ARM };
        let winner = indexes[arm_of(&completion)];
        if self.arms[winner].settle_remote(&completion) { winner } else { NO_ARM }
    }

    fn leave(&mut self, winner: usize) {
        self.claim = None;
        if let Some((started, indexes)) = self.remote.take()
            && let Some(completion) = started.give_up()
        {
            // Too late: what it has brought is there for the next who wants it.
            self.arms[indexes[arm_of(&completion)]].return_remote(&completion);
        }
        for (index, arm) in self.arms.iter_mut().enumerate() {
            arm.settle(index == winner);
        }
    }
}

impl Future for Selecting<'_, '_> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        if let Some(winner) = self.settle(cx) {
            return Poll::Ready(winner);
        }
        if self.claim.is_none() {
            if let Some(done) = self.attempt() {
                return Poll::Ready(done);
            }
            self.park(cx);
        }
        if let Some(sleep) = &mut self.sleep
            && Pin::new(sleep).poll(cx).is_ready()
        {
            return Poll::Ready(self.time_over());
        }
        Poll::Pending
    }
}

impl Drop for Selecting<'_, '_> {
    fn drop(&mut self) {
        if self.claim.is_some() {
            self.leave(NO_ARM);
        }
    }
}

thread_local! {
    /// The state of the generator that orders arms. It begins the same in every actor: the order is fair, and no secret.
    static RANDOM: Cell<u32> = const { Cell::new(0x9e37_79b9) };
}

/// A number below `end`.
fn random(end: usize) -> usize {
    let mut state = RANDOM.get();
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    RANDOM.set(state);
    ((u64::from(state) * end as u64) >> 32) as usize
}

/// Arms whose order stands on the stack.
const FEW: usize = 16;

/// Tries all numbers below `count` in a random order, and returns the first for which `f` is true.
fn shuffled(count: usize, f: impl FnMut(usize) -> bool) -> Option<usize> {
    if count <= FEW {
        shuffle(&mut std::array::from_fn::<usize, FEW, _>(|index| index)[..count], f)
    } else {
        shuffle(&mut (0..count).collect::<Vec<usize>>(), f)
    }
}

fn shuffle(order: &mut [usize], mut f: impl FnMut(usize) -> bool) -> Option<usize> {
    (0..order.len()).find_map(|at| {
        order.swap(at, at + random(order.len() - at));
        let index = order[at];
        f(index).then_some(index)
    })
}

/// A select over a list of operations that is made at run time.
///
/// Every arm says what it makes of what it brings, an `R`. Where several can go ahead, one is chosen at random.
///
/// ```no_run
/// use flower::{Receiver, Select};
///
/// /// The next value of any of them, and of which.
/// fn next<T>(receivers: &[Receiver<T>]) -> (usize, Option<T>) {
///     let mut select = Select::new();
///     for (index, receiver) in receivers.iter().enumerate() {
///         select = select.recv(receiver, move |value| (index, value));
///     }
///     select.wait()
/// }
/// ```
#[must_use = "nothing is done before it waits"]
pub struct Select<'a, R> {
    arms: Vec<Box<dyn Choice<R> + 'a>>,
    biased: bool,
    otherwise: Otherwise,
    other: Option<Box<dyn FnOnce() -> R + 'a>>,
}

/// An arm, and what is made of what it brings.
trait Choice<R>: Arm {
    fn make(self: Box<Self>) -> R;
}

struct Mapped<A, F> {
    arm: A,
    f: F,
}

impl<A: Arm, F> Arm for Mapped<A, F> {
    fn attempt(&mut self) -> bool {
        self.arm.attempt()
    }

    fn park(&mut self, owner: Owner) {
        self.arm.park(owner);
    }

    fn is_moved(&self) -> bool {
        self.arm.is_moved()
    }

    fn settle(&mut self, won: bool) {
        self.arm.settle(won);
    }

    fn remote(&mut self) -> Option<flower_abi::Arm> {
        self.arm.remote()
    }

    fn return_remote(&mut self, completion: &Envelope) {
        self.arm.return_remote(completion);
    }

    fn settle_remote(&mut self, completion: &Envelope) -> bool {
        self.arm.settle_remote(completion)
    }
}

impl<R, A: Arm + Done, F: FnOnce(A::Output) -> R> Choice<R> for Mapped<A, F> {
    fn make(self: Box<Self>) -> R {
        (self.f)(self.arm.done())
    }
}

impl<'a, R> Select<'a, R> {
    /// Without arms.
    pub fn new() -> Select<'a, R> {
        Select { arms: Vec::new(), biased: false, otherwise: Otherwise::Wait, other: None }
    }

    /// Chooses the first that can go ahead, in the order in which they were added.
    pub fn biased(mut self) -> Self {
        self.biased = true;
        self
    }

    /// Receives from a channel.
    pub fn recv<T>(self, receiver: &'a Receiver<T>, f: impl FnOnce(Option<T>) -> R + 'a) -> Self {
        self.arm(RecvArm::new(receiver), f)
    }

    /// Sends into a channel. The value is dropped if another arm is done.
    pub fn send<T>(
        self,
        sender: &'a Sender<T>,
        value: T,
        f: impl FnOnce(Result<(), SendError<T>>) -> R + 'a,
    ) -> Self
    where
        T: 'a,
    {
        self.arm(SendArm::new(sender, value), f)
    }

    /// Takes a message or signal of this type out of the mailbox.
    pub fn receive<T: Receive + 'a>(self, f: impl FnOnce(Result<T, ReceiveError>) -> R + 'a) -> Self {
        self.arm(MailboxArm::new(), f)
    }

    /// What it makes when nothing has gone ahead in this time.
    pub fn after(mut self, duration: Duration, f: impl FnOnce() -> R + 'a) -> Self {
        self.otherwise = Otherwise::After(duration);
        self.other = Some(Box::new(f));
        self
    }

    /// What it makes when nothing can go ahead now.
    pub fn default(mut self, f: impl FnOnce() -> R + 'a) -> Self {
        self.otherwise = Otherwise::Default;
        self.other = Some(Box::new(f));
        self
    }

    /// How many arms it has, without [`after`](Self::after) and [`default`](Self::default).
    pub fn len(&self) -> usize {
        self.arms.len()
    }

    /// Whether it has no arms.
    pub fn is_empty(&self) -> bool {
        self.arms.is_empty()
    }

    /// Blocks until one of the arms is done.
    ///
    /// # Panics
    /// Inside a task, when only other tasks could end it; or when it has neither arms nor another end.
    #[track_caller]
    pub fn wait(mut self) -> R {
        let mut arms: Vec<&mut dyn Arm> =
            self.arms.iter_mut().map(|arm| &mut **arm as &mut dyn Arm).collect();
        let chosen = Selecting::new(&mut arms, self.biased, self.otherwise).wait();
        self.make(chosen)
    }

    /// Waits until one of the arms is done, in a task.
    pub async fn wait_async(mut self) -> R {
        let chosen = {
            let mut arms: Vec<&mut dyn Arm> =
                self.arms.iter_mut().map(|arm| &mut **arm as &mut dyn Arm).collect();
            Selecting::new(&mut arms, self.biased, self.otherwise).await
        };
        self.make(chosen)
    }

    fn arm<A: Arm + Done + 'a>(mut self, arm: A, f: impl FnOnce(A::Output) -> R + 'a) -> Self {
        self.arms.push(Box::new(Mapped { arm, f }));
        self
    }

    fn make(mut self, chosen: usize) -> R {
        match self.other {
            Some(other) if chosen == NO_ARM => other(),
            _ => self.arms.swap_remove(chosen).make(),
        }
    }
}

impl<R> Default for Select<'_, R> {
    fn default() -> Self {
        Select::new()
    }
}
