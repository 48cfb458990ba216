//! Worker pools: a function run by several actors at once, with a bounded queue before them.
//!
//! A pool is an actor that hands items to idle workers, in turn, and keeps those that have to wait. A
//! worker that dies takes its item along and nothing else: whoever submitted the item is told why, and
//! another worker takes the place. Workers are linked with the pool, and the pool with who started it, so
//! that nothing is left behind.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use flower_abi::{AT_ONCE, Delivery, NEVER, SendOptions, Status};
use serde::{Deserialize, Serialize};

use crate::clock::deadline;
use crate::event::answer;
use crate::function::Function;
use crate::message::outgoing;
use crate::reference::Held;
use crate::{
    Answer, CallError, Envelope, Event, ExitReason, ExitSignal, Message, Pid, PidError, Reply, Request,
    RequestRef, Spawn, SpawnError, call, exit, exit_signal, host, receive, receive_any, stop, trap_exit,
    trap_stop,
};

/// Items that wait in the queue of a pool that was not told another number.
const QUEUE_MAX: u32 = 1024;

/// Several actors that run one function, and a queue before them.
///
/// A handle can be cloned and sent: others use the same workers. The pool ends with whoever started it.
///
/// ```no_run
/// use flower::Pool;
///
/// let pool = Pool::new(4, |n: u64| n * n);
/// let squares = pool.map(0..10);
/// assert!(squares.into_iter().all(|square| square.is_ok()));
/// ```
pub struct Pool<A, R> {
    pid: Pid,
    /// Items that one client has under way at a time, so that everybody works and nobody is refused.
    window: u32,
    types: PhantomData<fn(A) -> R>,
}

impl<A: Message, R: Message> Pool<A, R> {
    /// Starts a pool of `workers` that run `f`, and in which 1024 items may wait.
    ///
    /// # Panics
    /// When the host refuses, as [`spawn`](crate::spawn) does; [`start`](Self::start) gives an error instead.
    #[track_caller]
    pub fn new<F: Function<A, S, Output = R>, S: 'static>(workers: u32, f: F) -> Pool<A, R>
    where
        A: 'static,
    {
        match Pool::start(workers, QUEUE_MAX, f) {
            Ok(pool) => pool,
            Err(error) => panic!("cannot start a pool: {error}"),
        }
    }

    /// Starts a pool of `workers`, at least one, that run `f`, and in which `queue_max` items may wait.
    ///
    /// # Errors
    /// Why it was not started.
    pub fn start<F: Function<A, S, Output = R>, S: 'static>(
        workers: u32,
        queue_max: u32,
        f: F,
    ) -> Result<Pool<A, R>, SpawnError>
    where
        A: 'static,
    {
        let workers = workers.max(1);
        // What a closure captures here is the function, of which there is nothing but its type.
        let worker = move || Spawn::new(move || work::<F, A, S>(f), ()).label("worker").link().spawn();
        let pool = move |workers: u32, queue_max: u32| dispatch(workers, queue_max, &worker);
        let pool = Spawn::new(pool, (workers, queue_max)).label("pool").link();
        Ok(Pool { pid: pool.spawn()?, window: workers.saturating_add(queue_max), types: PhantomData })
    }

    /// The actor that hands out the items.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Hands an item to the pool and goes on; the result is [waited for](Task::wait) later.
    ///
    /// It is refused with [`PoolError::Full`], as its result, when all workers are busy and the queue is full.
    pub fn submit(&self, item: &A) -> Task<R> {
        let sent = outgoing(item).map_err(CallError::from).and_then(|(body, options)| {
            Ok(host::request(self.pid.0, &body, &options, Delivery::Held, NEVER)?)
        });
        Task { state: sent.map(Held::new).map_err(PoolError::from), result: PhantomData }
    }

    /// Runs an item and parks the caller until its result, and until there is room for it if need be.
    ///
    /// # Errors
    /// [`PoolError::Died`] with the reason of the worker that did not survive it; [`PoolError::Timeout`].
    pub fn run(&self, item: &A, timeout: Duration) -> Result<R, PoolError> {
        let until = deadline(timeout);
        loop {
            match self.submit(item).until(until).unwrap_or(Err(PoolError::Timeout)) {
                Err(PoolError::Full) => self.wait_for_room(crate::Instant(until) - crate::Instant::now())?,
                result => return result,
            }
        }
    }

    /// Runs all items, as many at once as there are workers, and gives the results in the order of the
    /// items. One that fails does not keep the others from theirs.
    ///
    /// It waits for room where it has to, and takes an item from the iterator when there is some.
    pub fn map<I: IntoIterator<Item = A>>(&self, items: I) -> Vec<Result<R, PoolError>> {
        let mut results = Vec::new();
        let mut under_way = VecDeque::new();
        for item in items {
            if under_way.len() >= self.window as usize {
                results.extend(under_way.pop_front().map(|first| self.finish(first)));
            }
            under_way.push_back((self.submit(&item), item));
        }
        results.extend(under_way.into_iter().map(|task| self.finish(task)));
        results
    }

    /// The result of an item, which others may have left no room for at first.
    fn finish(&self, (task, item): (Task<R>, A)) -> Result<R, PoolError> {
        match task.wait() {
            Err(PoolError::Full) => self.run(&item, Duration::MAX),
            result => result,
        }
    }

    /// Parks the caller until the queue has room for an item, which somebody else may then take.
    ///
    /// # Errors
    /// [`PoolError::Timeout`], or why there is no pool any more.
    pub fn wait_for_room(&self, timeout: Duration) -> Result<(), PoolError> {
        Ok(call(self.pid, &WaitForRoom, timeout)?)
    }

    /// Ends the pool and its workers, whatever they do, and parks the caller until the pool has ended.
    ///
    /// Whoever waits for a result is told that the pool [died](PoolError::Died).
    ///
    /// # Errors
    /// [`PidError::NotPermitted`] when the handle came in a message from somebody who may not either.
    pub fn stop(self) -> Result<(), PidError> {
        let mut end = Held::new(host::monitor(self.pid.0, Delivery::Held)?);
        stop(self.pid)?;
        end.wait(NEVER);
        Ok(())
    }
}

impl<A, R> Clone for Pool<A, R> {
    fn clone(&self) -> Pool<A, R> {
        Pool { pid: self.pid, window: self.window, types: PhantomData }
    }
}

impl<A, R> fmt::Debug for Pool<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.pid).finish()
    }
}

/// As its pid and what it holds.
impl<A, R> Serialize for Pool<A, R> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.pid, self.window).serialize(serializer)
    }
}

impl<'de, A, R> Deserialize<'de> for Pool<A, R> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Pool<A, R>, D::Error> {
        let (pid, window) = Deserialize::deserialize(deserializer)?;
        Ok(Pool { pid, window, types: PhantomData })
    }
}

/// Why an item has no result.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PoolError {
    /// All workers are busy, and the queue is full.
    Full,
    /// The worker ended before it was done, or the pool did.
    Died(ExitReason),
    /// There was no result in time. Nothing is cancelled.
    Timeout,
    /// The item did not reach the pool, or the result cannot be read.
    Call(CallError),
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PoolError::Full => f.write_str("All workers are busy, and the queue is full."),
            PoolError::Died(reason) => write!(f, "The worker ended before it was done: {reason}"),
            PoolError::Timeout => f.write_str("No result came in time."),
            PoolError::Call(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PoolError {}

impl From<CallError> for PoolError {
    fn from(error: CallError) -> PoolError {
        match error {
            CallError::Died(reason) => PoolError::Died(reason),
            CallError::Timeout => PoolError::Timeout,
            CallError::MailboxFull => PoolError::Full,
            other => PoolError::Call(other),
        }
    }
}

/// An item that a pool works on. Dropping it lets the pool go on and drops the result.
#[must_use = "dropping it drops the result"]
pub struct Task<R> {
    state: Result<Held, PoolError>,
    result: PhantomData<fn() -> R>,
}

impl<R: Message> Task<R> {
    /// Parks the actor until the result.
    ///
    /// # Errors
    /// Why there is none.
    pub fn wait(mut self) -> Result<R, PoolError> {
        self.until(NEVER).unwrap_or(Err(PoolError::Timeout))
    }

    /// The same, no longer than `timeout`; the pool goes on after that.
    ///
    /// # Errors
    /// [`PoolError::Timeout`] when there is none yet; else as [`wait`](Self::wait).
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<R, PoolError> {
        self.until(deadline(timeout)).unwrap_or(Err(PoolError::Timeout))
    }

    /// The result, if it is there. Never waits.
    pub fn poll(&mut self) -> Option<Result<R, PoolError>> {
        self.until(AT_ONCE)
    }

    fn until(&mut self, deadline: u64) -> Option<Result<R, PoolError>> {
        match &mut self.state {
            Ok(held) => held.wait(deadline).map(|completion| result(completion)),
            Err(refused) => Some(Err(refused.clone())),
        }
    }
}

impl<R> fmt::Debug for Task<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Task").field(&self.state.as_ref().map(Held::id)).finish()
    }
}

fn result<R: Message>(completion: Result<Envelope, Status>) -> Result<R, PoolError> {
    let envelope = answer(completion.map_err(CallError::from)?)?;
    if envelope.is::<Failed>() {
        return Err(envelope.decode::<Failed>().map_err(CallError::from)?.into());
    }
    Ok(envelope.decode().map_err(CallError::from)?)
}

/// What the pool answers in place of a result, told from one by its type.
#[derive(Serialize, Deserialize)]
enum Failed {
    Full,
    Died(ExitReason),
}

impl From<Failed> for PoolError {
    fn from(failed: Failed) -> PoolError {
        match failed {
            Failed::Full => PoolError::Full,
            Failed::Died(reason) => PoolError::Died(reason),
        }
    }
}

/// Asks to be answered as soon as the queue has room.
#[derive(Serialize, Deserialize)]
struct WaitForRoom;

/// What the pool's actor runs.
fn dispatch(workers: u32, queue_max: u32, start: &dyn Fn() -> Result<Pid, SpawnError>) {
    trap_exit(true);
    trap_stop(true);
    let mut dispatcher = Dispatcher {
        start,
        workers: Vec::new(),
        next: 0,
        queue: VecDeque::new(),
        queue_max: queue_max as usize,
        waiting: Vec::new(),
    };
    for _ in 0..workers {
        let worker = Worker { pid: dispatcher.start(), state: State::Idle };
        dispatcher.workers.push(worker);
    }
    loop {
        dispatcher.handle(receive_any());
        dispatcher.assign();
    }
}

/// What a worker runs: one item after the other. An item that cannot be read ends it like any other failure.
fn work<F: Function<A, S>, A: Message, S>(f: F) {
    loop {
        let Request { message, reply }: Request<A> = receive().expect("an item of the pool's type");
        // The pool has ended when it does not want the result, and this worker with it.
        let _ = reply.send(&f.call(message));
    }
}

struct Dispatcher<'a> {
    start: &'a dyn Fn() -> Result<Pid, SpawnError>,
    workers: Vec<Worker>,
    /// Where the next idle worker is looked for.
    next: usize,
    queue: VecDeque<Item>,
    queue_max: usize,
    /// Who wants to know when the queue has room.
    waiting: Vec<Reply>,
}

struct Worker {
    pid: Pid,
    state: State,
}

enum State {
    Idle,
    /// It works on this, for who waits for it.
    Busy(RequestRef, Reply),
    /// It ended without an item, and the signal that says so is on its way.
    Ended,
}

impl State {
    fn is_idle(&self) -> bool {
        matches!(self, State::Idle)
    }
}

struct Item {
    envelope: Envelope,
    reply: Reply,
}

impl Dispatcher<'_> {
    fn handle(&mut self, event: Event) {
        match event {
            Event::Message(envelope) => self.asked(envelope),
            Event::Answer(answer) => self.answered(answer),
            Event::Exit(signal) => self.ended(signal),
            Event::Stop => self.stop(),
            _ => {}
        }
    }

    fn asked(&mut self, envelope: Envelope) {
        let Some(reply) = envelope.reply() else { return };
        if envelope.is::<WaitForRoom>() {
            // It has given up before, if it asks again.
            self.waiting.retain(|waiting| waiting.caller() != reply.caller());
            self.waiting.push(reply);
        } else if self.queue.len() >= self.room() {
            tell(reply, &Failed::Full);
        } else {
            self.queue.push_back(Item { envelope, reply });
        }
    }

    /// An item that an idle worker takes at once needs no place in the queue.
    fn room(&self) -> usize {
        self.queue_max + self.workers.iter().filter(|worker| worker.state.is_idle()).count()
    }

    fn answered(&mut self, answer: Answer) {
        let request = answer.request;
        let of = |worker: &&mut Worker| matches!(&worker.state, State::Busy(task, _) if *task == request);
        let Some(worker) = self.workers.iter_mut().find(of) else { return };
        let State::Busy(_, reply) = std::mem::replace(&mut worker.state, State::Idle) else { return };
        match answer.into_envelope() {
            Ok(result) => pass_on(reply, &result),
            Err(error) => tell(reply, &Failed::Died(reason(error))),
        }
    }

    /// A worker is replaced; the end of whoever started the pool is its own.
    fn ended(&mut self, signal: ExitSignal) {
        let Some(at) = self.workers.iter().position(|worker| worker.pid == signal.pid) else {
            exit(ExitReason::shutdown())
        };
        let replaced = Worker { pid: self.start(), state: State::Idle };
        if let State::Busy(request, reply) = std::mem::replace(&mut self.workers[at], replaced).state {
            request.cancel();
            tell(reply, &Failed::Died(signal.reason));
        }
    }

    /// Ends the workers, which a normal end would let live, and harms nobody who is linked with the pool.
    fn stop(&mut self) -> ! {
        let reason = ExitReason::shutdown;
        for worker in self.workers.drain(..) {
            // Who has ended already is what it shall be.
            let _ = exit_signal(worker.pid, reason());
            if let State::Busy(_, reply) = worker.state {
                tell(reply, &Failed::Died(reason()));
            }
        }
        self.queue.drain(..).for_each(|item| tell(item.reply, &Failed::Died(reason())));
        exit(ExitReason::normal(&()))
    }

    fn start(&self) -> Pid {
        (self.start)().unwrap_or_else(|error| {
            let why = format!("a pool cannot start a worker: {error}");
            exit(ExitReason::error(why.as_str()))
        })
    }

    /// Gives items to idle workers, and tells of room.
    fn assign(&mut self) {
        while let Some(at) = self.idle() {
            let Some(item) = self.queue.pop_front() else { break };
            self.give(at, item);
        }
        if self.queue.len() < self.room() {
            self.waiting.drain(..).for_each(|reply| tell(reply, &()));
        }
    }

    /// The next idle worker, in turn.
    fn idle(&self) -> Option<usize> {
        let count = self.workers.len();
        (0..count).map(|turn| (self.next + turn) % count).find(|at| self.workers[*at].state.is_idle())
    }

    fn give(&mut self, at: usize, item: Item) {
        let worker = &mut self.workers[at];
        let options = options(&item.envelope);
        match host::request(worker.pid.0, item.envelope.bytes(), &options, Delivery::Message, NEVER) {
            Ok(request) => {
                worker.state = State::Busy(RequestRef(request), item.reply);
                self.next = (at + 1) % self.workers.len();
            }
            Err(Status::NO_ACTOR) => {
                worker.state = State::Ended;
                self.queue.push_front(item);
            }
            Err(status) => tell(item.reply, &Failed::Died(reason(status.into()))),
        }
    }
}

/// The reason that an error in place of a result stands for.
fn reason(error: CallError) -> ExitReason {
    match error {
        CallError::Died(reason) => reason,
        other => ExitReason::error(other.to_string().as_str()),
    }
}

/// Who no longer waits is no error.
fn tell<M: Message>(reply: Reply, message: &M) {
    let _ = reply.send(message);
}

/// Answers with what a worker answered, as it is.
fn pass_on(reply: Reply, result: &Envelope) {
    let _ = reply.send_as(result.bytes(), &options(result));
}

/// How a message was written, for one that passes it on.
fn options(envelope: &Envelope) -> SendOptions {
    SendOptions { codec: envelope.codec().0, fingerprint: envelope.fingerprint(), ..SendOptions::RAW }
}
