//! The host calls as safe functions: the only place where a Rust value becomes pointer and length.
//!
//! Every `unsafe` block here rests on one rule: a pointer passed to the host comes from a reference
//! that lives across the call, its length is the one of what it points to, and the host neither
//! keeps it nor writes through one that came from a shared reference.

#[allow(dead_code, reason = "channels between actors are made of these")]
mod channel;
mod handle;
mod net;

pub(crate) use net::*;

use std::cell::Cell;

use flower_abi::group::Progress;
use flower_abi::{AT_ONCE, Filter, MessageInfo, Pid, RefKind, Rights, SendOptions, SpawnOptions, Status};

use crate::buffer::Buffer;
use crate::envelope::{self, Envelope};
use crate::imports;

#[allow(unused_imports, reason = "as above")]
pub(crate) use channel::*;
pub(crate) use handle::*;

/// Away from wasm, an actor under test is answered by the world that records what it does.
macro_rules! recorded {
    (|$world:ident| $effect:expr) => {
        #[cfg(not(target_family = "wasm"))]
        if let Some(result) = crate::testing::recorded(|$world| $effect) {
            return result;
        }
    };
}

thread_local! {
    /// Whether others waited when the last message was received.
    static MORE: Cell<bool> = const { Cell::new(false) };
    /// Whether this is a handler, which may not park, not even where it would not have to.
    static HANDLES: Cell<bool> = const { Cell::new(false) };
    /// There in an actor that has tasks.
    static HOOKS: Cell<Option<&'static Hooks>> = const { Cell::new(None) };
}

/// Where a value lies in linear memory.
pub(crate) fn address<T: ?Sized>(value: &T) -> u32 {
    std::ptr::from_ref(value).cast::<u8>() as usize as u32
}

/// The same for what the host writes to.
fn address_mut<T: ?Sized>(value: &mut T) -> u32 {
    std::ptr::from_mut(value).cast::<u8>() as usize as u32
}

/// A length as the ABI has it; a wasm memory holds nothing longer.
pub(crate) fn length<T>(slice: &[T]) -> u32 {
    slice.len() as u32
}

fn done(status: i32) -> Result<(), Status> {
    number(status.into()).map(drop)
}

fn number(result: i64) -> Result<u64, Status> {
    Status::check(result)
}

fn pid(call: impl FnOnce(u32) -> i32) -> Result<Pid, Status> {
    let mut pid = Pid::NONE;
    done(call(address_mut(&mut pid)))?;
    Ok(pid)
}

/// Makes a call that fills a buffer and a header, and fetches what the buffer had no room for.
fn incoming(call: impl FnOnce(u32, u32, u32) -> i32) -> (Status, Envelope) {
    let mut frame = Buffer::incoming();
    let room = frame.capacity() - MessageInfo::SIZE;
    let header = frame.as_mut_ptr() as usize as u32;
    let status = call(header + MessageInfo::SIZE as u32, room as u32, header);
    if status == Status::OK.0 || status == Status::ACTOR_DIED.0 {
        // SAFETY: the host wrote a header, and behind it the body's first `room` bytes, or all of it.
        unsafe { frame.set_len(MessageInfo::SIZE) };
        let len = envelope::header(&frame).len as usize;
        // SAFETY: as above.
        unsafe { frame.set_len(MessageInfo::SIZE + len.min(room)) };
        read_rest(&mut frame, len);
    } else {
        frame.resize(MessageInfo::SIZE, 0);
    }
    (Status(status), Envelope::new(frame))
}

/// Whether this is a handler, which may not park.
pub(crate) fn is_handler() -> bool {
    HANDLES.get()
}

/// The event whose body has `len` bytes: in the inbox, where the host has put it, or fetched from the
/// host when there was none.
pub(crate) fn event(inbox: Option<Vec<u8>>, len: usize) -> Envelope {
    HANDLES.set(true);
    let was_put = inbox.is_some();
    let mut frame = inbox.map_or_else(Buffer::incoming, Buffer::from_inner);
    if !was_put {
        // SAFETY: see the module.
        unsafe { imports::message_info(frame.as_mut_ptr() as usize as u32) };
    }
    // SAFETY: the host wrote a header, there or here.
    unsafe { frame.set_len(MessageInfo::SIZE) };
    if was_put && len <= frame.capacity() - MessageInfo::SIZE {
        // SAFETY: behind the header it wrote the whole body, which has room.
        unsafe { frame.set_len(MessageInfo::SIZE + len) };
    }
    read_rest(&mut frame, len);
    Envelope::new(frame)
}

fn received((status, envelope): (Status, Envelope)) -> Result<Envelope, Status> {
    if status == Status::OK { Ok(envelope) } else { Err(status) }
}

/// Appends what is missing of the current message, whose body has `len` bytes.
fn read_rest(frame: &mut Vec<u8>, len: usize) {
    let at = frame.len() - MessageInfo::SIZE;
    if len <= at {
        return;
    }
    frame.reserve_exact(len - at);
    let room = &mut frame.spare_capacity_mut()[..len - at];
    let (pointer, room_len) = (room.as_mut_ptr() as usize as u32, room.len());
    // SAFETY: see the module.
    let read = unsafe { imports::message_read(at as u32, pointer, room_len as u32) };
    let read = room_len.min(read.max(0) as usize);
    // SAFETY: the host wrote that many bytes there.
    unsafe { frame.set_len(MessageInfo::SIZE + at + read) };
}

pub(crate) fn send(to: Pid, body: &[u8], options: &SendOptions) -> Result<(), Status> {
    recorded!(|world| world.send(to, body, options));
    // SAFETY: see the module.
    done(unsafe { imports::send(address(&to), address(body), length(body), address(options)) })
}

pub(crate) fn send_named(name: &str, body: &[u8], options: &SendOptions) -> Result<(), Status> {
    recorded!(|world| world.send_named(name, body, options));
    let (name, name_len) = (address(name), length(name.as_bytes()));
    // SAFETY: see the module.
    done(unsafe { imports::send_named(name, name_len, address(body), length(body), address(options)) })
}

pub(crate) fn send_wait(
    to: Pid,
    body: &[u8],
    options: &SendOptions,
    deadline: impl FnOnce() -> u64,
) -> Result<(), Status> {
    recorded!(|world| world.send(to, body, options));
    // What need not wait is cheaper by a call that cannot, and without a look at the clock.
    if !HANDLES.get() {
        match send(to, body, options) {
            Err(Status::MAILBOX_FULL) => {}
            done => return done,
        }
    }
    let (body, len) = (address(body), length(body));
    // SAFETY: see the module.
    done(unsafe { imports::send_wait(address(&to), body, len, address(options), deadline()) })
}

pub(crate) fn notify_room(to: Pid) -> Result<u64, Status> {
    recorded!(|world| world.notify_room(to));
    // SAFETY: see the module.
    number(unsafe { imports::notify_room(address(&to)) })
}

/// What is asked about messages in an actor whose tasks wait for some.
pub(crate) struct Hooks {
    /// Whether there is such a message.
    pub(crate) is_kept: fn(&Filter) -> bool,
    /// A message that came before, and nobody wanted then.
    pub(crate) kept: fn(&[Filter]) -> Option<Envelope>,
    /// Gives an envelope to the task that it is for, or back.
    pub(crate) claim: fn(Envelope) -> Option<Envelope>,
}

/// Has the tasks asked from now on.
pub(crate) fn set_hooks(hooks: &'static Hooks) {
    HOOKS.set(Some(hooks));
}

/// Whether a message that came before is one of these.
pub(crate) fn is_kept(filter: &Filter) -> bool {
    HOOKS.get().is_some_and(|hooks| (hooks.is_kept)(filter))
}

/// Gives an envelope to the task that it is for, or back.
pub(crate) fn claimed(envelope: Envelope) -> Option<Envelope> {
    match HOOKS.get() {
        Some(hooks) => (hooks.claim)(envelope),
        None => Some(envelope),
    }
}

/// Takes the next message that no task waits for in particular.
pub(crate) fn receive(filters: &[Filter], deadline: u64) -> Result<Envelope, Status> {
    let Some(hooks) = HOOKS.get() else { return receive_next(filters, deadline) };
    if let Some(envelope) = (hooks.kept)(filters) {
        return Ok(envelope);
    }
    loop {
        if let Some(envelope) = (hooks.claim)(receive_next(filters, deadline)?) {
            return Ok(envelope);
        }
    }
}

/// Takes a message that has come, without the price of parking where that is likely; else parks.
pub(crate) fn receive_next(filters: &[Filter], deadline: u64) -> Result<Envelope, Status> {
    let (filters, count) = (address(filters), length(filters));
    let received = received(incoming(|buffer, capacity, info| {
        if (MORE.get() || deadline == AT_ONCE) && !HANDLES.get() {
            // SAFETY: see the module.
            match Status(unsafe { imports::poll(filters, count, buffer, capacity, info) }) {
                Status::NONE if deadline == AT_ONCE => return Status::TIMED_OUT.0,
                Status::NONE => {}
                other => return other.0,
            }
        }
        // SAFETY: see the module.
        unsafe { imports::receive(filters, count, buffer, capacity, info, deadline) }
    }));
    MORE.set(received.as_ref().is_ok_and(Envelope::says_more));
    received
}

pub(crate) fn scan(deadline: u64) -> Result<Envelope, Status> {
    received(incoming(|buffer, capacity, info| {
        // SAFETY: see the module.
        unsafe { imports::scan(buffer, capacity, info, deadline) }
    }))
}

pub(crate) fn scan_end(take: bool) {
    // SAFETY: see the module.
    unsafe { imports::scan_end(take.into()) };
}

pub(crate) fn flush() -> u64 {
    // SAFETY: see the module.
    unsafe { imports::flush() as u64 }
}

pub(crate) fn mailbox_len() -> u64 {
    // SAFETY: see the module.
    unsafe { imports::mailbox_len() as u64 }
}

/// With `ACTOR_DIED` the envelope holds the reason.
pub(crate) fn call(to: Pid, body: &[u8], options: &SendOptions, deadline: u64) -> (Status, Envelope) {
    recorded!(|world| world.call(to, body, options));
    let (body, len, options) = (address(body), length(body), address(options));
    incoming(|buffer, capacity, info| {
        // SAFETY: see the module.
        unsafe { imports::call(address(&to), body, len, options, buffer, capacity, info, deadline) }
    })
}

pub(crate) fn request(
    to: Pid,
    body: &[u8],
    options: &SendOptions,
    delivery: flower_abi::Delivery,
    deadline: u64,
) -> Result<u64, Status> {
    recorded!(|world| world.request(to, body, options));
    let (body, len, options) = (address(body), length(body), address(options));
    // SAFETY: see the module.
    number(unsafe { imports::request(address(&to), body, len, options, delivery as u32, deadline) })
}

pub(crate) fn reply(
    token: &[u8; MessageInfo::TOKEN_SIZE],
    body: &[u8],
    options: &SendOptions,
) -> Result<(), Status> {
    recorded!(|world| world.reply(token, body, options));
    // SAFETY: see the module.
    done(unsafe { imports::reply(address(token), address(body), length(body), address(options)) })
}

pub(crate) fn wait(reference: u64, deadline: u64) -> Result<Envelope, Status> {
    recorded!(|world| world.wait());
    received(incoming(|buffer, capacity, info| {
        // SAFETY: see the module.
        unsafe { imports::wait(reference, buffer, capacity, info, deadline) }
    }))
}

pub(crate) fn cancel(reference: u64) -> bool {
    recorded!(|world| world.cancel(reference));
    // SAFETY: see the module.
    unsafe { imports::cancel(reference) == 1 }
}

/// Fills `found` as far as it goes, and returns how many there are.
pub(crate) fn references(kind: RefKind, found: &mut [u64]) -> u64 {
    let count = length(found);
    // SAFETY: see the module.
    unsafe { imports::references(kind as u32, address_mut(found), count) as u64 }
}

/// Returns the pid and the reference of a monitor, if one was asked for.
pub(crate) fn spawn(options: &SpawnOptions, args: &[u8]) -> Result<(Pid, u64), Status> {
    let mut reference = 0_u64;
    let pid = pid(|pid| {
        let (options, args, len) = (address(options), address(args), length(args));
        // SAFETY: see the module.
        unsafe { imports::spawn(options, args, len, pid, address_mut(&mut reference)) }
    })?;
    Ok((pid, reference))
}

/// What was not granted last, in a sentence.
pub(crate) fn refusal() -> String {
    recorded!(|_world| String::new());
    let mut sentence = vec![0; 256];
    loop {
        let (buffer, capacity) = (address_mut(&mut sentence[..]), length(&sentence));
        // SAFETY: see the module.
        let len = number(unsafe { imports::refusal(buffer, capacity) }).unwrap_or(0) as usize;
        let has_all = len <= sentence.len();
        sentence.resize(len, 0);
        if has_all {
            return String::from_utf8_lossy(&sentence).into_owned();
        }
    }
}

pub(crate) fn start_args() -> Envelope {
    // SAFETY: see the module.
    incoming(|buffer, capacity, info| unsafe { imports::start_args(buffer, capacity, info) }).1
}

pub(crate) fn self_pid() -> Pid {
    recorded!(|world| world.self_pid());
    // SAFETY: see the module.
    pid(|pid| unsafe { imports::self_pid(pid) }).unwrap_or(Pid::NONE)
}

pub(crate) fn parent() -> Option<Pid> {
    recorded!(|world| world.parent());
    // SAFETY: see the module.
    pid(|pid| unsafe { imports::parent(pid) }).ok()
}

pub(crate) fn restrict(of: Pid, rights: Rights) -> Result<Pid, Status> {
    recorded!(|_world| Ok(flower_abi::Pid { rights: of.rights.intersection(rights), ..of }));
    // SAFETY: see the module.
    pid(|pid| unsafe { imports::restrict(address(&of), rights.0.into(), pid) })
}

pub(crate) fn is_alive(pid: Pid) -> bool {
    recorded!(|_world| true);
    // SAFETY: see the module.
    unsafe { imports::is_alive(address(&pid)) == 1 }
}

pub(crate) fn exit(tag: u32, codec: u32, detail: &[u8]) -> ! {
    // SAFETY: see the module.
    unsafe { imports::exit(tag, codec, address(detail), length(detail)) };
    // The host does not return from that.
    std::process::abort()
}

pub(crate) fn exit_signal(to: Pid, tag: u32, codec: u32, detail: &[u8]) -> Result<(), Status> {
    // SAFETY: see the module.
    done(unsafe { imports::exit_signal(address(&to), tag, codec, address(detail), length(detail)) })
}

pub(crate) fn kill(pid: Pid) -> Result<(), Status> {
    recorded!(|world| world.kill(pid));
    // SAFETY: see the module.
    done(unsafe { imports::kill(address(&pid)) })
}

pub(crate) fn stop(pid: Pid) -> Result<(), Status> {
    recorded!(|world| world.stop(pid));
    // SAFETY: see the module.
    done(unsafe { imports::stop(address(&pid)) })
}

pub(crate) fn trap_stop(on: bool) -> bool {
    recorded!(|world| world.trap_stop(on));
    // SAFETY: see the module.
    unsafe { imports::trap_stop(on.into()) == 1 }
}

pub(crate) fn trap_exit(on: bool) -> bool {
    recorded!(|world| world.trap_exit(on));
    // SAFETY: see the module.
    unsafe { imports::trap_exit(on.into()) == 1 }
}

pub(crate) fn link(pid: Pid) -> Result<(), Status> {
    recorded!(|world| world.link(pid));
    // SAFETY: see the module.
    done(unsafe { imports::link(address(&pid)) })
}

pub(crate) fn unlink(pid: Pid) -> Result<(), Status> {
    recorded!(|world| world.unlink(pid));
    // SAFETY: see the module.
    done(unsafe { imports::unlink(address(&pid)) })
}

pub(crate) fn monitor(pid: Pid, delivery: flower_abi::Delivery) -> Result<u64, Status> {
    recorded!(|world| world.monitor(pid));
    // SAFETY: see the module.
    number(unsafe { imports::monitor(address(&pid), delivery as u32) })
}

pub(crate) fn register(name: &str, pid: Pid) -> Result<(), Status> {
    recorded!(|world| world.register(name, pid));
    // SAFETY: see the module.
    done(unsafe { imports::register(address(name), length(name.as_bytes()), address(&pid)) })
}

pub(crate) fn unregister(name: &str) -> Result<(), Status> {
    recorded!(|world| world.unregister(name));
    // SAFETY: see the module.
    done(unsafe { imports::unregister(address(name), length(name.as_bytes())) })
}

pub(crate) fn whereis(name: &str) -> Result<Pid, Status> {
    recorded!(|world| world.whereis(name));
    // SAFETY: see the module.
    pid(|pid| unsafe { imports::whereis(address(name), length(name.as_bytes()), pid) })
}

/// Fills `names` as far as it goes, and returns how many bytes there are.
pub(crate) fn names_of(pid: Pid, names: &mut [u8]) -> Result<u64, Status> {
    let capacity = length(names);
    // SAFETY: see the module.
    number(unsafe { imports::names_of(address(&pid), address_mut(names), capacity) })
}

pub(crate) fn group_join(name: &str, pid: Pid, rights: Rights) -> Result<(), Status> {
    recorded!(|world| world.group_join(name, pid));
    let (name, len) = (address(name), length(name.as_bytes()));
    // SAFETY: see the module.
    done(unsafe { imports::group_join(name, len, address(&pid), rights.0.into()) })
}

pub(crate) fn group_leave(name: &str, pid: Pid) -> Result<(), Status> {
    recorded!(|world| world.group_leave(name, pid));
    // SAFETY: see the module.
    done(unsafe { imports::group_leave(address(name), length(name.as_bytes()), address(&pid)) })
}

/// Fills `members` with those behind the serial `after`, and returns how many there were.
pub(crate) fn group_members(name: &str, after: u64, members: &mut [Pid]) -> usize {
    recorded!(|world| world.group_members(name, after, members));
    let (name, len, count) = (address(name), length(name.as_bytes()), length(members));
    // SAFETY: see the module.
    let found = unsafe { imports::group_members(name, len, after, address_mut(members), count) };
    found.max(0) as usize
}

/// Sends to some more members, and says whether there may be others.
pub(crate) fn group_broadcast(
    name: &str,
    body: &[u8],
    options: &SendOptions,
    progress: &mut Progress,
) -> Result<bool, Status> {
    recorded!(|world| world.group_broadcast(name, body, options, progress));
    let (name, name_len, progress) = (address(name), length(name.as_bytes()), address_mut(progress));
    let (body, len, options) = (address(body), length(body), address(options));
    // SAFETY: see the module.
    let more = number(unsafe { imports::group_broadcast(name, name_len, body, len, options, progress) })?;
    Ok(more != 0)
}

pub(crate) fn sleep(deadline: u64) {
    recorded!(|world| world.sleep(deadline));
    // SAFETY: see the module.
    unsafe { imports::sleep(deadline) };
}

pub(crate) fn yield_now() {
    recorded!(|_world| ());
    // SAFETY: see the module.
    unsafe { imports::yield_now() };
}

/// A timer to the actor itself is one without `to`.
pub(crate) fn timer_start(
    deadline: u64,
    period: u64,
    to: Option<Pid>,
    body: &[u8],
    options: &SendOptions,
) -> Result<u64, Status> {
    recorded!(|world| world.timer_start(deadline, period, to, body, options));
    let to = to.as_ref().map_or(0, address);
    let (body, len) = (address(body), length(body));
    // SAFETY: see the module.
    number(unsafe { imports::timer_start(deadline, period, to, body, len, address(options)) })
}

pub(crate) fn now() -> u64 {
    recorded!(|world| world.now());
    // SAFETY: see the module.
    unsafe { imports::now() }
}

pub(crate) fn panic_note(message: &str, location: &str) {
    let (location, location_len) = (address(location), length(location.as_bytes()));
    // SAFETY: see the module.
    unsafe { imports::panic_note(address(message), length(message.as_bytes()), location, location_len) };
}
