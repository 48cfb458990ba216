//! Typed actors: what stands behind [`#[flower::actor]`](macro@crate::actor).
//!
//! The macro turns an `impl` block into an [`Actor`], a client with a method for each message, and an
//! entry by which the host starts it. Everything that need not know the methods is here: the life of
//! such an actor, the serving of calls, and the client's side of them.

mod protocol;

mod client;
mod named;
mod serve;

use std::cell::Cell;

pub use client::{ActorRef, Call};
pub use named::{call_method, cast_method};
pub(crate) use protocol::Failure;
pub use protocol::{BadCall, NoSuchMethod, Protocol, ProtocolMismatch, Version};
#[doc(hidden)]
pub use serve::{Invocation, NoArgs};
#[cfg(not(target_family = "wasm"))]
pub(crate) use {
    client::OPTIONS, client::read, named::request as named_request, protocol::CALL, serve::HEAD_SIZE,
};

use crate::handler::Flow;
use crate::{Event, ExitReason, Message, Pid, exit, parent, receive_any, trap_stop};

/// A typed actor, made by [`#[flower::actor]`](macro@crate::actor), which tells about its hooks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no typed actor",
    note = "write `#[flower::actor]` above the `impl {Self}` block with its methods"
)]
pub trait Actor: Sized + 'static {
    /// What it is spawned with: the arguments of its `init`, as a tuple.
    type Args: Message;
    /// Who holds one can call it.
    type Client: From<Pid>;

    /// Its name and its methods.
    const PROTOCOL: Protocol;

    #[doc(hidden)]
    const HOOKS: Hooks;

    #[doc(hidden)]
    fn begin(args: Self::Args) -> Result<Self, ExitReason>;

    #[doc(hidden)]
    fn dispatch(&mut self, method: usize, invocation: Invocation<'_>);

    #[doc(hidden)]
    fn info(&mut self, event: Event) -> Flow {
        unexpected::<Self>(&event);
        Flow::Continue
    }

    #[doc(hidden)]
    fn timeout(&mut self, timer: crate::TimerRef) -> Flow {
        self.info(Event::Timer(timer))
    }

    #[doc(hidden)]
    fn end(&mut self, _reason: ExitReason) {}
}

/// Which hooks an actor has beside `init`.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Hooks {
    /// `terminate`, so that a stop comes as an event.
    pub terminate: bool,
    /// `on_failure`.
    pub failure: Option<fn(ExitReason)>,
}

/// What `init` may return: the actor, or why there is none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`init` returns the actor or a `Result` of it, not `{Self}`",
    note = "write `fn init(..) -> Self`, or `-> Result<Self, E>` with an `E` that is a message"
)]
pub trait Init<A> {
    fn begun(self) -> Result<A, ExitReason>;
}

impl<A: Actor> Init<A> for A {
    fn begun(self) -> Result<A, ExitReason> {
        Ok(self)
    }
}

impl<A: Actor, E: Message> Init<A> for Result<A, E> {
    fn begun(self) -> Result<A, ExitReason> {
        self.map_err(|error| ExitReason::error(&error))
    }
}

/// What `handle_info` and `on_timeout` may return: nothing, or whether to go on.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this hook returns nothing or a `flower::Flow`, not `{Self}`",
    label = "returns neither nothing nor a `Flow`"
)]
pub trait AfterEvent {
    fn flow(self) -> Flow;
}

impl AfterEvent for () {
    fn flow(self) -> Flow {
        Flow::Continue
    }
}

impl AfterEvent for Flow {
    fn flow(self) -> Flow {
        self
    }
}

/// Makes the actor, in its own instance.
#[doc(hidden)]
pub fn start<A: Actor>(args: A::Args) -> A {
    if A::HOOKS.terminate {
        trap_stop(true);
    }
    FAILURE.set(A::HOOKS.failure);
    match A::begin(args) {
        Ok(actor) => actor,
        Err(reason) => exit(reason),
    }
}

/// The whole life of one in the process style.
#[doc(hidden)]
pub fn run<A: Actor>(args: A::Args) {
    let mut actor = start::<A>(args);
    while handle(&mut actor, receive_any()) == Flow::Continue {}
}

/// Lets it have one event. Both styles do the same.
#[doc(hidden)]
pub fn handle<A: Actor>(actor: &mut A, event: Event) -> Flow {
    let flow = match event {
        Event::Message(envelope) if envelope.fingerprint() == protocol::CALL => {
            serve::serve(actor, &envelope);
            return Flow::Continue;
        }
        Event::Timer(timer) => actor.timeout(timer),
        Event::Stop if A::HOOKS.terminate => end(actor, ExitReason::shutdown()),
        Event::Exit(signal) if Some(signal.pid) == parent() => end(actor, signal.reason),
        other => actor.info(other),
    };
    if flow == Flow::Stop {
        actor.end(ExitReason::Normal(Default::default()));
    }
    flow
}

fn end<A: Actor>(actor: &mut A, reason: ExitReason) -> ! {
    actor.end(reason.clone());
    exit(reason)
}

/// What happens without a `handle_info`: who waits for an answer is told that none comes.
fn unexpected<A: Actor>(event: &Event) {
    let failure = Failure::bad_call(&A::PROTOCOL, "handle_info", "it takes calls of its methods only");
    match event {
        Event::Message(envelope) => serve::fail(envelope, &failure),
        other => eprintln!("{failure}, and this is lost: {other:?}"),
    }
}

thread_local! {
    /// What an actor does when it panics.
    static FAILURE: Cell<Option<fn(ExitReason)>> = const { Cell::new(None) };
}

/// Calls the hook of the actor that is panicking, if it has one.
pub(crate) fn failed(message: &str, location: &str) {
    if let Some(hook) = FAILURE.take() {
        hook(ExitReason::Panic { message: message.to_owned(), location: location.to_owned() });
    }
}

/// What the generated `spawn` functions share.
#[doc(hidden)]
pub mod spawning {
    use super::Actor;
    use crate::spawn::started;
    use crate::{MonitorRef, Spawn};

    /// With all that can be chosen.
    pub fn options<'a, A: Actor>(args: A::Args) -> Spawn<'a, ()> {
        Spawn::entry(A::PROTOCOL.actor, args)
    }

    /// On its own.
    #[track_caller]
    pub fn spawn<A: Actor>(args: A::Args) -> A::Client {
        started(options::<A>(args).spawn()).into()
    }

    /// Linked.
    #[track_caller]
    pub fn spawn_link<A: Actor>(args: A::Args) -> A::Client {
        started(options::<A>(args).link().spawn()).into()
    }

    /// Monitored.
    #[track_caller]
    pub fn spawn_monitor<A: Actor>(args: A::Args) -> (A::Client, MonitorRef) {
        let (pid, monitor) = started(options::<A>(args).spawn_monitor());
        (pid.into(), monitor)
    }
}

/// Checks at compile time that a value of this type can travel.
#[doc(hidden)]
pub const fn travels<T: serde::Serialize + serde::de::DeserializeOwned>() {}
