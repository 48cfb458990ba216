//! Testing typed actors natively, with `cargo test`: without wasm, without a host, without a scheduler.
//!
//! A [`TestActor`] holds the state of one actor. It is called through the client of the actor, and
//! whatever the actor does to the world while it runs is recorded as an [`Effect`] and happens to nobody.
//! The clock stands still unless it is [moved](TestActor::advance). The module is there natively only.
//!
//! ```
//! use flower::testing::{Effect, TestActor};
//! use flower::{Pid, send};
//!
//! struct Greeter {
//!     greeted: u32,
//! }
//!
//! #[flower::actor]
//! impl Greeter {
//!     fn init() -> Self {
//!         Greeter { greeted: 0 }
//!     }
//!
//!     fn greet(&mut self, whom: Pid) -> u32 {
//!         self.greeted += 1;
//!         let _gone = send(whom, "hello");
//!         self.greeted
//!     }
//! }
//!
//! let mut greeter = TestActor::<Greeter>::start(());
//! let whom = flower::testing::pid(7);
//! assert_eq!(greeter.call(greeter.client().greet(whom)), Ok(1));
//! assert_eq!(greeter.state().greeted, 1);
//! let [Effect::Sent { to, message }, Effect::Replied { .. }] = &greeter.effects()[..] else { panic!("it sends once") };
//! assert_eq!((to.clone(), message.decode::<String>()), (whom.into(), Ok("hello".to_owned())));
//! ```

mod context;
mod effect;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use flower_abi::{Kind, MessageInfo, Rights, SendOptions};

pub use effect::{Effect, Recipient, Recorded};

use crate::actor::{self, Actor};
use crate::envelope::Envelope;
use crate::reference::RequestRef;
use crate::{Call, CallError, Event, ExitReason, Flow, Message, Pid};
use context::{Context, Exited, with_context};
pub(crate) use context::{SpawnRecord, exiting, recorded, signalled};

/// A pid for tests, which names nobody; `serial` tells it from others.
pub fn pid(serial: u64) -> Pid {
    let rights = Rights::ALL;
    Pid(flower_abi::Pid { serial, rights, version: flower_abi::Pid::VERSION, ..flower_abi::Pid::NONE })
}

/// The pid of the actor under test.
const OWN: u64 = 1;

/// The pid of who spawned it, and who calls it.
const PARENT: u64 = 0x1000;

/// One actor, alone in a world that records what it does.
pub struct TestActor<A> {
    /// Gone once it has ended.
    actor: Option<A>,
    ended: Option<ExitReason>,
    context: Context,
}

impl<A: Actor> TestActor<A> {
    /// Starts it: its `init` runs. Whether it came to life is what [`ended`](TestActor::ended) tells.
    pub fn start(args: A::Args) -> TestActor<A> {
        let context = Context::new(pid(OWN), pid(PARENT));
        let mut test = TestActor { actor: None, ended: None, context };
        test.actor = test.run(|| actor::start::<A>(args));
        test
    }

    /// The client to make calls with, for [`call`](TestActor::call) and [`cast`](TestActor::cast).
    pub fn client(&self) -> A::Client {
        pid(OWN).into()
    }

    /// Its pid.
    pub fn pid(&self) -> Pid {
        pid(OWN)
    }

    /// The pid that spawned it and calls it.
    pub fn parent(&self) -> Pid {
        pid(PARENT)
    }

    /// Has it serve a call, and gives the answer, as the caller would see it.
    ///
    /// # Errors
    /// [`CallError::Died`] when it ended instead; [`CallError::NoActor`] when it had ended;
    /// [`CallError::Timeout`] when it returned without an answer.
    pub fn call<R: serde::de::DeserializeOwned>(&mut self, call: Call<A, R>) -> Result<R, CallError> {
        let body = call.into_body();
        let request = header(Kind::Message, MessageInfo::REQUEST, &actor::OPTIONS);
        let answer = self.exchange(Envelope::of(&request, &body?))?;
        actor::read::<A, R>(&answer)
    }

    /// The same by name, as [`call_method`](crate::call_method).
    ///
    /// # Errors
    /// As [`call`](TestActor::call), and [`CallError::NoSuchMethod`].
    pub fn call_method<R: serde::de::DeserializeOwned>(
        &mut self,
        method: &str,
        args: &impl serde::Serialize,
    ) -> Result<R, CallError> {
        let (body, options) = actor::named_request(method, args)?;
        let request = Envelope::of(&header(Kind::Message, MessageInfo::REQUEST, &options), &body);
        let answer = self.exchange(request)?;
        crate::call::read_untyped(&answer)
    }

    /// Has it serve a call whose caller wants no answer.
    ///
    /// # Errors
    /// [`CallError::Died`] when it ended; [`CallError::NoActor`] when it had ended before.
    pub fn cast<R: serde::de::DeserializeOwned>(&mut self, call: Call<A, R>) -> Result<(), CallError> {
        let body = call.into_body();
        self.event(Event::Message(Envelope::of(&header(Kind::Message, 0, &actor::OPTIONS), &body?)))
    }

    /// Lets it have a plain message from its parent, which comes to `handle_info`.
    ///
    /// # Errors
    /// As [`cast`](TestActor::cast).
    pub fn message<M: Message + ?Sized>(&mut self, message: &M) -> Result<(), CallError> {
        let (body, options) = crate::message::outgoing(message)?;
        self.event(Event::Message(Envelope::of(&header(Kind::Message, 0, &options), &body)))
    }

    /// Answers a request of its own, which an [`Effect::Asked`] told of.
    ///
    /// # Errors
    /// As [`cast`](TestActor::cast).
    pub fn answer<M: Message + ?Sized>(&mut self, request: RequestRef, answer: &M) -> Result<(), CallError> {
        let (body, options) = crate::message::outgoing(answer)?;
        let info = MessageInfo { reference: request.0, ..header(Kind::Reply, 0, &options) };
        self.event(Event::new(Envelope::of(&info, &body)))
    }

    /// Lets it have an event: a timer that an [`Effect::Timer`] told of, a `Down`, a `Stop`.
    ///
    /// # Errors
    /// As [`cast`](TestActor::cast).
    pub fn event(&mut self, event: Event) -> Result<(), CallError> {
        let Some(mut actor) = self.actor.take() else { return Err(CallError::NoActor) };
        let flow = self.run(|| {
            let flow = actor::handle(&mut actor, event);
            (actor, flow)
        });
        match flow {
            Some((actor, Flow::Continue)) => self.actor = Some(actor),
            Some((_, Flow::Stop)) => self.ended = Some(ExitReason::Normal(Default::default())),
            None => {}
        }
        self.ended.clone().map_or(Ok(()), |reason| Err(CallError::Died(reason)))
    }

    /// Stops it, as [`stop`](crate::stop) does, and gives the reason with which it ended, if it did.
    pub fn stop(&mut self) -> Option<&ExitReason> {
        if self.context.traps_stop {
            let _ended = self.event(Event::Stop);
        } else if let Some(actor) = self.actor.take() {
            self.run(|| drop(actor));
            self.ended = Some(ExitReason::shutdown());
        }
        self.ended()
    }

    /// Its state.
    ///
    /// # Panics
    /// When it has ended.
    pub fn state(&self) -> &A {
        match (&self.actor, &self.ended) {
            (Some(actor), _) => actor,
            (None, reason) => panic!("the actor has ended: {reason:?}"),
        }
    }

    /// Why it ended, if it did.
    pub fn ended(&self) -> Option<&ExitReason> {
        self.ended.as_ref()
    }

    /// What it has done since this was asked last, in order.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.context.effects)
    }

    /// Moves its clock.
    pub fn advance(&mut self, time: Duration) {
        self.context.advance(time);
    }

    /// What its next blocking call of somebody else gives; without one it times out.
    pub fn will_be_answered<M: Message + ?Sized>(&mut self, answer: &M) {
        let (body, options) = crate::message::outgoing(answer).expect("a test's answer can be written");
        let answer = Envelope::of(&header(Kind::Reply, 0, &options), &body);
        self.context.answers.push_back(answer);
    }

    /// Has it serve a request, and gives the answer.
    fn exchange(&mut self, request: Envelope) -> Result<Envelope, CallError> {
        self.context.answer = None;
        self.event(Event::Message(request))?;
        self.context.answer.take().ok_or(CallError::Timeout)
    }

    /// Runs code of the actor in its world; `None` when the actor ended.
    fn run<T>(&mut self, code: impl FnOnce() -> T) -> Option<T> {
        let world = std::mem::take(&mut self.context);
        let (result, context) = with_context(world, || catch_unwind(AssertUnwindSafe(code)));
        self.context = context;
        result.map_err(|payload| self.ended = Some(reason(payload))).ok()
    }
}

/// What the state holds may make host calls when it goes.
impl<A> Drop for TestActor<A> {
    fn drop(&mut self) {
        let actor = self.actor.take();
        let (_, context) = with_context(std::mem::take(&mut self.context), || drop(actor));
        self.context = context;
    }
}

/// The header of what the parent sends.
fn header(kind: Kind, flags: u32, options: &SendOptions) -> MessageInfo {
    MessageInfo {
        kind: kind as u32,
        flags,
        codec: options.codec,
        fingerprint: options.fingerprint,
        reference: 1,
        sender: pid(PARENT).0,
        ..MessageInfo::EMPTY
    }
}

/// Why the actor's code did not return.
fn reason(payload: Box<dyn Any + Send>) -> ExitReason {
    let payload = match payload.downcast::<Exited>() {
        Ok(exited) => return exited.0,
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
    ExitReason::Panic { message: message.unwrap_or_default(), location: String::new() }
}
