//! The arms of a select: what can go ahead, and what that brings.

use std::rc::Rc;

use flower_abi::{AT_ONCE, Filter};

use crate::channel::queue::Outcome;
use crate::channel::remote::{Written, says_closed};
use crate::channel::{Chan, NONE, Offer, Owner, Receiver, SendError, Sender, Take};
use crate::envelope::Envelope;
use crate::receive::Receive;
use crate::task::MessageWait;
use crate::{ReceiveError, host};

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

    /// The same, if nothing but the host can let it go ahead while no task runs.
    fn direct(&mut self) -> Option<flower_abi::Arm> {
        self.remote()
    }

    /// It has won in the host, and nobody wants that any more.
    fn return_remote(&mut self, _completion: &Envelope) {}

    /// It has won in the host. Whether it could make something of that.
    fn settle_remote(&mut self, _completion: Envelope) -> bool {
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

    fn direct(&mut self) -> Option<flower_abi::Arm> {
        if self.chan.state.borrow().held() > 0 { None } else { self.remote() }
    }

    fn return_remote(&mut self, completion: &Envelope) {
        self.chan.put_back(completion);
    }

    fn settle_remote(&mut self, completion: Envelope) -> bool {
        self.value = self.chan.arrived(&completion);
        self.value.is_some() || says_closed(&completion)
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

    fn settle_remote(&mut self, completion: Envelope) -> bool {
        let value = self.value.take();
        if says_closed(&completion) {
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
    /// What it takes; the host reads it here.
    filter: Filter,
    message: std::marker::PhantomData<fn() -> T>,
}

impl<T: Receive> MailboxArm<T> {
    #[expect(clippy::new_without_default, reason = "it is made like the other arms, by the macros")]
    pub fn new() -> MailboxArm<T> {
        MailboxArm { wait: None, envelope: None, filter: T::selected(), message: std::marker::PhantomData }
    }
}

impl<T: Receive> Arm for MailboxArm<T> {
    fn attempt(&mut self) -> bool {
        self.envelope = host::receive(&[self.filter], AT_ONCE).ok();
        self.envelope.is_some()
    }

    fn park(&mut self, owner: Owner) {
        self.wait = Some(MessageWait::start(self.filter, owner));
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

    fn direct(&mut self) -> Option<flower_abi::Arm> {
        if host::is_kept(&self.filter) {
            return None;
        }
        let body = host::address(&self.filter);
        Some(flower_abi::Arm { kind: flower_abi::Arm::MAILBOX, body, body_len: 1, ..Default::default() })
    }

    /// A completion that a task waits for is none of its messages.
    fn settle_remote(&mut self, message: Envelope) -> bool {
        self.envelope = host::claimed(message);
        self.envelope.is_some()
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

    fn direct(&mut self) -> Option<flower_abi::Arm> {
        self.as_mut()?.direct()
    }

    fn settle_remote(&mut self, completion: Envelope) -> bool {
        self.as_mut().is_some_and(|arm| arm.settle_remote(completion))
    }
}

impl<A: Done> Done for Option<A> {
    type Output = A::Output;

    fn done(self) -> A::Output {
        self.expect("an arm that is left out is not done").done()
    }
}
