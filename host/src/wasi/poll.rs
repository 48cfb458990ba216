//! `poll_oneoff`: waits for clocks, and says that streams and files are ready.
//!
//! Files are always ready, and so are the standard streams: who prints or reads waits in `fd_write` or `fd_read` if it must.
//! So only a poll that has nothing but clocks ahead of it parks, until the first of them; a poll of
//! no subscriptions would wait for ever, and is `EINVAL`.

use smallvec::SmallVec;
use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::clocks::Clock;
use super::{Failure, Outcome, PRINT_BYTES_MAX, SUBSCRIPTIONS_MAX, Wasi, WasiActor, split};

/// Bytes of a subscription and of an event in guest memory.
const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;

/// The tags of both.
const CLOCK: u8 = 0;
const FD_READ: u8 = 1;
const FD_WRITE: u8 = 2;

/// One thing that the guest asks about.
#[derive(Clone, Copy, Debug)]
struct Subscription {
    userdata: u64,
    tag: u8,
    state: State,
}

/// How one of them stands.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Comes at this time of the monotonic clock.
    At(u64),
    /// Is here, and this many bytes can be moved.
    Ready(u64),
    /// Can never come.
    Failed(Errno),
}

/// What one call asks about.
struct Poll(SmallVec<[Subscription; 4]>);

/// Waits until something is ready, and writes the events of all that is.
pub(super) async fn poll_oneoff<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    input: u32,
    events: u32,
    count: u32,
    out: u32,
) -> Outcome {
    let poll = Poll::read(caller, input, events, count)?;
    let mut now = caller.data().monotonic_ns();
    if let Some(deadline) = poll.first_deadline(now) {
        caller.data_mut().park_until(deadline).await?;
        now = caller.data().monotonic_ns().max(deadline);
    }
    poll.write_events(caller, now, events, out)
}

/// The same where nothing may wait: traps if nothing is ready.
pub(super) fn poll_oneoff_in_handler<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    input: u32,
    events: u32,
    count: u32,
    out: u32,
) -> Outcome {
    let poll = Poll::read(caller, input, events, count)?;
    let now = caller.data().monotonic_ns();
    match poll.first_deadline(now) {
        Some(_) => Err(Failure::End(caller.data().parked_in_handler("poll_oneoff"))),
        None => poll.write_events(caller, now, events, out),
    }
}

impl Poll {
    /// Reads the subscriptions, and checks that as many events have room.
    fn read<T: WasiActor>(
        caller: &mut Caller<'_, T>,
        input: u32,
        events: u32,
        count: u32,
    ) -> Result<Poll, Failure> {
        let (memory, actor) = split(caller)?;
        if count == 0 || count > SUBSCRIPTIONS_MAX {
            return Err(Errno::Inval.into());
        }
        memory.check(events, u64::from(count) * EVENT as u64)?;
        let bytes = memory.read(input, count * SUBSCRIPTION as u32)?;
        let subscriptions = bytes.chunks_exact(SUBSCRIPTION);
        Ok(Poll(subscriptions.map(|bytes| Subscription::read(bytes, actor)).collect()))
    }

    /// When the first clock is due; `None` if anything is ready at `now`.
    fn first_deadline(&self, now: u64) -> Option<u64> {
        let first = self.0.iter().map(Subscription::due).min();
        first.filter(|deadline| *deadline > now)
    }

    /// Writes an event for everything that is ready at `now`, and their number to `out`.
    fn write_events<T: WasiActor>(
        &self,
        caller: &mut Caller<'_, T>,
        now: u64,
        events: u32,
        out: u32,
    ) -> Outcome {
        let (mut memory, _) = split(caller)?;
        let mut written = 0;
        for ready in self.0.iter().filter(|subscription| subscription.due() <= now) {
            memory.write_all(events + written * EVENT as u32, &ready.event())?;
            written += 1;
        }
        Ok(memory.write_all(out, &written.to_le_bytes())?)
    }
}

impl Subscription {
    fn read<T: WasiActor>(bytes: &[u8], actor: &mut T) -> Subscription {
        let (userdata, tag) = (long(bytes, 0), bytes[8]);
        let fd = word(bytes, 16);
        let state = match tag {
            CLOCK => clock(bytes, actor),
            FD_READ => file(actor.wasi(), fd, fd == 0 || fd >= 3),
            FD_WRITE => file(actor.wasi(), fd, fd != 0),
            _ => State::Failed(Errno::Inval),
        };
        Subscription { userdata, tag, state }
    }

    /// When it comes, on the monotonic clock.
    fn due(&self) -> u64 {
        match self.state {
            State::At(deadline) => deadline,
            State::Ready(_) | State::Failed(_) => 0,
        }
    }

    /// Its event, as it lies in guest memory.
    fn event(&self) -> [u8; EVENT] {
        let (errno, bytes) = match self.state {
            State::At(_) => (Errno::Success, 0),
            State::Ready(bytes) => (Errno::Success, bytes),
            State::Failed(errno) => (errno, 0),
        };
        // Only a stdin that was not granted has nothing to move: its other end hung up.
        let hangup = self.tag == FD_READ && errno == Errno::Success && bytes == 0;
        let mut event = [0; EVENT];
        event[0..8].copy_from_slice(&self.userdata.to_le_bytes());
        event[8..10].copy_from_slice(&(errno as u16).to_le_bytes());
        event[10] = self.tag;
        event[16..24].copy_from_slice(&bytes.to_le_bytes());
        event[24] = u8::from(hangup);
        event
    }
}

/// A clock's deadline; a relative one counts from now.
fn clock<T: WasiActor>(bytes: &[u8], actor: &T) -> State {
    let (timeout, flags) = (long(bytes, 24), word(bytes, 40) as u16);
    let Some(clock) = Clock::from_number(word(bytes, 16)).filter(|_| flags <= 1) else {
        return State::Failed(Errno::Inval);
    };
    let absolute = flags == 1;
    let left = if absolute { timeout.saturating_sub(clock.now(actor)) } else { timeout };
    State::At(actor.monotonic_ns().saturating_add(left))
}

/// Whether a descriptor is there, and made for this `direction`.
fn file(wasi: &Wasi, fd: u32, direction: bool) -> State {
    match wasi.may_be_open(fd) && direction {
        true if fd == 0 && !wasi.granted.policy.allows_stdin() => State::Ready(0),
        true => State::Ready(PRINT_BYTES_MAX.into()),
        false => State::Failed(Errno::Badf),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("the slice has just this length"))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("the slice has just this length"))
}
