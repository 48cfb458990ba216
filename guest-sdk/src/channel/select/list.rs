//! A select over a list of operations that is known at run time only.

use std::time::Duration;

use super::{Arm, Done, MailboxArm, NO_ARM, Otherwise, RecvArm, Selecting, SendArm};
use crate::ReceiveError;
use crate::channel::{Owner, Receiver, SendError, Sender};
use crate::envelope::Envelope;
use crate::receive::Receive;

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

    fn direct(&mut self) -> Option<flower_abi::Arm> {
        self.arm.direct()
    }

    fn return_remote(&mut self, completion: &Envelope) {
        self.arm.return_remote(completion);
    }

    fn settle_remote(&mut self, completion: Envelope) -> bool {
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

    /// Does something with a socket: `stream.read_arm(&mut buffer)`, `listener.accept_arm()` and the like.
    pub fn socket<A: Arm + Done + 'a>(self, arm: A, f: impl FnOnce(A::Output) -> R + 'a) -> Self {
        self.arm(arm, f)
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
