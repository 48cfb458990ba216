//! Pending answers: what is asked now and waited for later, and what can be made of it before it is there.

use std::fmt;
use std::time::Duration;

use flower_abi::{AT_ONCE, NEVER};

use crate::CallError;
use crate::clock::deadline;
use crate::envelope::Envelope;
use crate::event::answer;
use crate::reference::Held;

/// An answer under way. Dropping it gives it up: it is never seen.
///
/// ```no_run
/// # use flower::{Pending, Pid, request};
/// # fn ask(storages: Vec<Pid>) -> Result<(), flower::CallError> {
/// let sizes = storages.into_iter().map(|storage| request::<_, u64>(storage, "size?"));
/// let sum = Pending::all(sizes).reduce(0, |sum, size| sum + size);
/// println!("{}", sum.wait()?);
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it gives the request up"]
pub struct Pending<T> {
    source: Source<T>,
    /// Nobody waits for it beyond this.
    deadline: u64,
    /// What has come and was not taken yet.
    kept: Option<Result<T, CallError>>,
}

/// Where the answer comes from.
enum Source<T> {
    Refused(CallError),
    Asked(Held, Read<T>),
    Made(Box<dyn Make<T>>),
}

/// How an answer becomes a value.
type Read<T> = fn(&Envelope) -> Result<T, CallError>;

/// A value that is made of other answers. What it has given once is [`CallError::Taken`] afterwards.
trait Make<T> {
    fn until(&mut self, deadline: u64) -> Option<Result<T, CallError>>;
}

impl<T> Pending<T> {
    pub(crate) fn new(asked: Result<u64, CallError>, read: Read<T>) -> Pending<T> {
        Pending::of(match asked {
            Ok(reference) => Source::Asked(Held::new(reference), read),
            Err(refused) => Source::Refused(refused),
        })
    }

    /// A value that is there already.
    pub fn ready(value: T) -> Pending<T> {
        Pending { kept: Some(Ok(value)), ..Pending::of(Source::Refused(CallError::Taken)) }
    }

    fn of(source: Source<T>) -> Pending<T> {
        Pending { source, deadline: NEVER, kept: None }
    }

    /// Parks the actor until the answer.
    ///
    /// # Errors
    /// As [`call`](crate::call()), and [`CallError::Timeout`] only after a deadline of its own.
    pub fn wait(mut self) -> Result<T, CallError> {
        self.until(NEVER).unwrap_or(Err(CallError::Timeout))
    }

    /// Parks the actor until the answer, no longer than `timeout`; the request goes on after that.
    ///
    /// # Errors
    /// [`CallError::Timeout`] when there is none yet; [`CallError::Taken`] when it was taken before;
    /// else as [`call`](crate::call()).
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<T, CallError> {
        self.until(deadline(timeout)).unwrap_or(Err(CallError::Timeout))
    }

    /// The answer, if it is there. Never waits.
    pub fn poll(&mut self) -> Option<Result<T, CallError>> {
        self.until(AT_ONCE)
    }

    /// Parks the actor until the answer and keeps it, so that it can be looked at again.
    ///
    /// # Errors
    /// As [`wait`](Pending::wait); the same error again, too.
    pub fn get(&mut self) -> Result<&T, CallError> {
        match self.keep(NEVER) {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(error.clone()),
            None => Err(CallError::Timeout),
        }
    }

    /// Gives it a deadline, `timeout` from now: no wait is longer.
    pub fn within(self, timeout: Duration) -> Pending<T> {
        self.by(deadline(timeout))
    }

    pub(crate) fn by(self, deadline: u64) -> Pending<T> {
        Pending { deadline: self.deadline.min(deadline), ..self }
    }

    fn until(&mut self, deadline: u64) -> Option<Result<T, CallError>> {
        if self.kept.is_some() {
            return self.kept.take();
        }
        let deadline = deadline.min(self.deadline);
        match &mut self.source {
            Source::Refused(refused) => Some(Err(refused.clone())),
            Source::Asked(held, read) => held.wait(deadline).map(|completion| read(&answer(completion?)?)),
            Source::Made(made) => made.until(deadline),
        }
    }

    /// Lets the answer be kept here, if it comes by then.
    fn keep(&mut self, deadline: u64) -> Option<&Result<T, CallError>> {
        if self.kept.is_none() {
            self.kept = self.until(deadline);
        }
        self.kept.as_ref()
    }
}

impl<T: 'static> Pending<T> {
    /// What `f` makes of the answer, once it is there.
    pub fn map<U: 'static>(self, f: impl FnOnce(T) -> U + 'static) -> Pending<U> {
        Pending::of(Source::Made(Box::new(Map { inner: self, f: Some(f) })))
    }

    /// Both answers, once both are there.
    pub fn and<U: 'static>(self, other: Pending<U>) -> Pending<(T, U)> {
        Pending::of(Source::Made(Box::new(And(self, other))))
    }

    /// All answers in the order of the requests, whichever came first; or the first failure.
    pub fn all(pending: impl IntoIterator<Item = Pending<T>>) -> Pending<Vec<T>> {
        Pending::settled(pending).flatten(|results| results.into_iter().collect())
    }

    /// Every answer or failure in the order of the requests, once all have come.
    pub fn settled(pending: impl IntoIterator<Item = Pending<T>>) -> Pending<Vec<Result<T, CallError>>> {
        let pending: Vec<Pending<T>> = pending.into_iter().collect();
        Pending::of(Source::Made(Box::new(Settled(Some(pending)))))
    }

    fn flatten<U: 'static>(self, f: impl FnOnce(T) -> Result<U, CallError> + 'static) -> Pending<U> {
        Pending::of(Source::Made(Box::new(Flat(self.map(f)))))
    }
}

impl<C: IntoIterator + 'static> Pending<C>
where
    C::Item: 'static,
{
    /// The items of the answer for which `keep` is true.
    pub fn filter(self, keep: impl FnMut(&C::Item) -> bool + 'static) -> Pending<Vec<C::Item>> {
        self.map(|items| items.into_iter().filter(keep).collect())
    }

    /// The items of the answer, one after the other combined with `first`.
    pub fn reduce<B: 'static>(self, first: B, f: impl FnMut(B, C::Item) -> B + 'static) -> Pending<B> {
        self.map(|items| items.into_iter().fold(first, f))
    }
}

/// See [`Pending::map`].
struct Map<T, F> {
    inner: Pending<T>,
    f: Option<F>,
}

impl<T, U, F: FnOnce(T) -> U> Make<U> for Map<T, F> {
    fn until(&mut self, deadline: u64) -> Option<Result<U, CallError>> {
        let result = self.inner.until(deadline)?;
        Some(self.f.take().map_or(Err(CallError::Taken), |f| result.map(f)))
    }
}

/// See [`Pending::and`].
struct And<T, U>(Pending<T>, Pending<U>);

impl<T, U> Make<(T, U)> for And<T, U> {
    fn until(&mut self, deadline: u64) -> Option<Result<(T, U), CallError>> {
        self.0.keep(deadline)?;
        self.1.keep(deadline)?;
        let (one, other) = (self.0.kept.take()?, self.1.kept.take()?);
        Some(one.and_then(|one| Ok((one, other?))))
    }
}

/// See [`Pending::settled`].
struct Settled<T>(Option<Vec<Pending<T>>>);

impl<T> Make<Vec<Result<T, CallError>>> for Settled<T> {
    fn until(&mut self, deadline: u64) -> Option<Result<Vec<Result<T, CallError>>, CallError>> {
        let Some(pending) = &mut self.0 else { return Some(Err(CallError::Taken)) };
        for pending in pending {
            pending.keep(deadline)?;
        }
        let pending = self.0.take()?;
        Some(Ok(pending.into_iter().filter_map(|pending| pending.kept).collect()))
    }
}

/// A value that may be a failure itself.
struct Flat<T>(Pending<Result<T, CallError>>);

impl<T> Make<T> for Flat<T> {
    fn until(&mut self, deadline: u64) -> Option<Result<T, CallError>> {
        Some(self.0.until(deadline)?.and_then(|result| result))
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            _ if self.kept.is_some() => f.write_str("Pending(there)"),
            Source::Refused(refused) => write!(f, "Pending({refused:?})"),
            Source::Asked(held, _) => write!(f, "Pending({})", held.id()),
            Source::Made(_) => f.write_str("Pending(made of others)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that is there when somebody has looked so often.
    struct Late(u32);

    impl Make<u32> for Late {
        fn until(&mut self, _: u64) -> Option<Result<u32, CallError>> {
            let Some(left) = self.0.checked_sub(1) else { return Some(Err(CallError::Taken)) };
            self.0 = left;
            (left == 0).then_some(Ok(7))
        }
    }

    fn late(looks: u32) -> Pending<u32> {
        Pending::of(Source::Made(Box::new(Late(looks))))
    }

    fn refused() -> Pending<u32> {
        Pending::new(Err(CallError::NoActor), |_| Ok(0))
    }

    #[test]
    fn p15_map_join_filter_and_reduce() {
        assert_eq!(Pending::ready(30).map(|n| n + 10).wait(), Ok(40));
        assert_eq!(Pending::all([1, 2, 3].map(Pending::ready)).wait(), Ok(vec![1, 2, 3]));
        assert_eq!(Pending::ready(5..15).filter(|n| *n > 10).wait(), Ok(vec![11, 12, 13, 14]));
        assert_eq!(Pending::ready(vec![1, 2, 3]).reduce(5, |sum, n| sum + n).wait(), Ok(11));
        assert_eq!(Pending::ready(Vec::<u32>::new()).reduce(5, |sum, n| sum + n).wait(), Ok(5));
    }

    #[test]
    fn what_came_early_is_kept_for_the_others() {
        let mut all = Pending::all([late(1), late(3)]);
        assert_eq!((all.poll(), all.poll()), (None, None));
        assert_eq!(all.poll(), Some(Ok(vec![7, 7])));
        assert_eq!(all.poll(), Some(Err(CallError::Taken)));
    }

    #[test]
    fn p6_getting_again_gives_the_same() {
        let mut pending = late(1).map(|n| n + 1);
        assert_eq!((pending.get().copied(), pending.get().copied()), (Ok(8), Ok(8)));
        assert_eq!(
            (pending.wait_timeout(Duration::ZERO), pending.poll()),
            (Ok(8), Some(Err(CallError::Taken)))
        );
    }

    #[test]
    fn a_failure_is_in_its_place() {
        let results = Pending::settled([Pending::ready(1), refused()]).wait();
        assert_eq!(results, Ok(vec![Ok(1), Err(CallError::NoActor)]));
        assert_eq!(Pending::all([Pending::ready(1), refused()]).wait(), Err(CallError::NoActor));
        assert_eq!(Pending::ready(1).and(refused()).wait(), Err(CallError::NoActor));
        assert_eq!(Pending::ready(1).and(Pending::ready("x")).wait(), Ok((1, "x")));
    }

    #[test]
    fn a_deadline_bounds_every_wait() {
        let mut silent = late(u32::MAX).within(Duration::ZERO);
        assert_eq!(silent.get(), Err(CallError::Timeout));
        assert_eq!(silent.wait(), Err(CallError::Timeout));
    }
}
