//! Select: the first of several operations that can go ahead, and none of the others.
//!
//! Its arms are tried in a random order, and where none can go ahead, each waits at its channel. They share a
//! `Claim`: whoever serves one of them takes it first, and who finds it taken goes on to the next who waits. When the
//! owner runs again, it leaves the other places.

mod arm;
mod list;

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use flower_abi::{NEVER, Status};

use super::remote::{Started, TOO_MANY, arm_of};
use super::{Claim, Owner};
use crate::clock::{Instant, deadline};
use crate::host;
use crate::task::{self, Sleep};

pub use arm::{Arm, Done, MailboxArm, RecvArm, SendArm};
pub use list::Select;

/// What a select has done when it did none of its arms: the time was over, or there was nothing to do at once.
pub const NO_ARM: usize = usize::MAX;

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
        let done = if task::is_alone() { self.wait_direct() } else { None };
        done.or_else(|| self.attempt())
            .unwrap_or_else(|| task::wait(self, "`select_async!` or `wait_async().await`"))
    }

    /// The same in one host call, where no task could run meanwhile and all arms are for the host.
    fn wait_direct(&mut self) -> Option<usize> {
        let deadline = match self.otherwise {
            Otherwise::Wait => NEVER,
            Otherwise::After(time) if !time.is_zero() => deadline(time),
            // Nothing that never waits has to be asked for by a call that may: a handler cannot make one.
            _ => return None,
        };
        let (indexes, arms) = self.direct_arms()?;
        let flags = if self.biased { flower_abi::Arm::BIASED } else { 0 };
        loop {
            match host::select(&arms, flags, deadline) {
                Ok((arm, brought)) => {
                    let winner = indexes[arm];
                    if self.arms[winner].settle_remote(brought) {
                        return Some(winner);
                    }
                }
                Err(Status::TIMED_OUT) => return Some(NO_ARM),
                // Each arm says for itself what is wrong with it.
                Err(_) => return None,
            }
        }
    }

    /// The arms as the host has them, and which those are; `None` where one is not for the host, or none is of a channel.
    fn direct_arms(&mut self) -> Option<(Vec<usize>, Vec<flower_abi::Arm>)> {
        let enabled = self.arms.iter_mut().enumerate().filter(|(_, arm)| arm.is_enabled());
        let all: Option<(Vec<usize>, Vec<flower_abi::Arm>)> =
            enabled.map(|(index, arm)| Some((index, arm.direct()?))).collect();
        all.filter(|(_, arms)| arms.iter().any(|arm| arm.kind != flower_abi::Arm::MAILBOX))
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
            Err(Status::LIMIT) => panic!("{TOO_MANY} ({:?})", Status::LIMIT),
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
            return self.arms[winner].settle_remote(completion).then_some(winner);
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
        if self.arms[winner].settle_remote(completion) { winner } else { NO_ARM }
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
