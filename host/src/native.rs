//! Native code as an actor: a mailbox with a pid, to send from and to receive with.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use flower_abi::{Codec, Kind, Pid, Rights, Status};
use tokio::sync::Notify;

use crate::actor::Cell;
use crate::error::SpawnError;
use crate::exit::ExitReason;
use crate::instance::Ended;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::shared::Shared;
use crate::signal::{Body, Envelope, Signal};

/// A mailbox of native code. To actors it is an actor like any other; it ends when dropped.
pub struct Mailbox {
    shared: Arc<Shared>,
    id: ActorId,
    woken: Arc<Notify>,
    /// Numbers its messages; a plain cell, as what it owns is touched by one thread at a time: it may
    /// move to another, but is not shared.
    last_message_id: std::cell::Cell<u64>,
}

/// A message that native code received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// What it is.
    pub kind: Kind,
    /// Who sent it; may be sent to and monitored.
    pub sender: Pid,
    /// How to read the bytes.
    pub codec: Codec,
    /// The fingerprint of what they are, or 0.
    pub fingerprint: u64,
    /// The bytes.
    pub body: Vec<u8>,
    /// Why the sender ended, when that is what it tells.
    pub reason: Option<Arc<ExitReason>>,
    /// What a request has to be answered with.
    pub reply: Option<ReplyTo>,
}

/// The right to answer one request.
#[derive(Clone, Copy, Debug)]
pub struct ReplyTo {
    caller: ActorId,
    reference: u64,
}

impl Mailbox {
    pub(crate) fn open(shared: &Arc<Shared>) -> Result<Mailbox, SpawnError> {
        let woken = Arc::new(Notify::new());
        let id = shared.occupy_native(woken.clone()).ok_or(SpawnError::Refused { status: Status::LIMIT })?;
        shared.natives.fetch_add(1, Ordering::AcqRel);
        Ok(Mailbox { shared: shared.clone(), id, woken, last_message_id: Default::default() })
    }

    /// Its pid, with all rights.
    pub fn pid(&self) -> Pid {
        self.shared.mint.mint(self.id, Rights::ALL)
    }

    /// Registers the mailbox under a name.
    pub fn register(&self, name: &str) -> Result<(), Status> {
        self.shared.register(name, self.id, Rights::PEER)
    }

    /// Makes the mailbox a member of a group.
    pub fn join_group(&self, name: &str) -> Result<(), Status> {
        self.shared.join_group(name, self.id, Rights::PEER)
    }

    /// Sends a message; never waits.
    pub fn send(&self, to: Pid, codec: Codec, body: &[u8]) -> Result<(), Status> {
        let to = self.shared.resolve(&to, Rights::SEND)?;
        self.shared.send(to, self.envelope(Kind::Message, codec, body)?)
    }

    /// Answers a request.
    pub fn reply(&self, to: ReplyTo, codec: Codec, body: &[u8]) -> Result<(), Status> {
        let mut envelope = self.envelope(Kind::Reply, codec, body)?;
        envelope.reference = to.reference;
        self.cell().owned().watchers.remove(&(to.caller, to.reference));
        self.shared.reply(to.caller, envelope)
    }

    /// Sends a request and waits for the reply. The callee's end is an error with its reason.
    pub async fn call(&mut self, to: Pid, codec: Codec, body: &[u8]) -> Result<Received, CallError> {
        let envelope = self.envelope(Kind::Message, codec, body)?;
        self.ask(to, envelope).await
    }

    /// Calls a method of a typed actor by its name, as `docs/typed-actors.md` has it. The arguments are the text of a
    /// JSON array, or nothing; the body of the answer is JSON too.
    pub async fn call_method(&mut self, to: Pid, method: &str, args: &str) -> Result<Received, CallError> {
        let args = if args.is_empty() { "[]" } else { args };
        let body = format!(r#"{{"method":{},"args":{args}}}"#, serde_json::Value::from(method));
        let mut envelope = self.envelope(Kind::Message, Codec::JSON, body.as_bytes())?;
        envelope.fingerprint = flower_abi::CALL;
        let answer = self.ask(to, envelope).await?;
        match answer.fingerprint {
            flower_abi::FAILURE => Err(CallError::not_served(&answer.body)),
            _ => Ok(answer),
        }
    }

    async fn ask(&mut self, to: Pid, envelope: Box<Envelope>) -> Result<Received, CallError> {
        let to = self.shared.resolve(&to, Rights::SEND)?;
        self.ask_actor(to, envelope).await
    }

    /// Calls an actor of this host with a body of a known type.
    pub(crate) async fn call_actor(
        &mut self,
        to: ActorId,
        codec: Codec,
        fingerprint: u64,
        body: Vec<u8>,
    ) -> Result<Received, CallError> {
        let mut envelope = self.envelope(Kind::Message, codec, &[])?;
        envelope.body = self.checked(body)?;
        envelope.fingerprint = fingerprint;
        self.ask_actor(to, envelope).await
    }

    /// Sends an actor of this host a body of a known type.
    pub(crate) fn post(
        &self,
        to: ActorId,
        codec: Codec,
        fingerprint: u64,
        body: &[u8],
    ) -> Result<(), Status> {
        let mut envelope = self.envelope(Kind::Message, codec, body)?;
        envelope.fingerprint = fingerprint;
        self.shared.send(to, envelope)
    }

    /// Asks for a message of kind `Down` at an actor's end.
    pub(crate) fn monitor_actor(&self, of: ActorId) {
        let delivery = flower_abi::Delivery::Message;
        let reference = self.cell().owned().references.open(Reference::Monitor { of, delivery });
        let from = self.id;
        if !self.shared.signal(of, Signal::Monitor { from, reference }) {
            let reason = Arc::new(ExitReason::NoProcess);
            self.shared.signal(from, Signal::Down { from: of, reference, reason });
        }
    }

    /// The same, or asks for a message of kind `Room` and gives the body back.
    pub(crate) fn post_or_wait(
        &self,
        to: ActorId,
        codec: Codec,
        fingerprint: u64,
        body: Vec<u8>,
    ) -> Result<(), (Status, Vec<u8>)> {
        let mut envelope = self.envelope(Kind::Message, codec, &[]).expect("nothing is not too large");
        envelope.fingerprint = fingerprint;
        envelope.body = Body::from_vec(body);
        let reference = self.cell().owned().references.open(Reference::Room { of: to, parked: false });
        let sent = self.shared.send_or_wait(to, envelope, (self.id, reference));
        if !matches!(sent, Err((Status::MAILBOX_FULL, _))) {
            self.cell().owned().references.close(reference);
        }
        sent.map_err(|(status, envelope)| (status, envelope.body.into_vec()))
    }

    async fn ask_actor(&mut self, to: ActorId, mut envelope: Box<Envelope>) -> Result<Received, CallError> {
        let delivery = flower_abi::Delivery::Held;
        let reference = self.cell().owned().references.open(Reference::Request { to, delivery, timer: None });
        envelope.request = true;
        envelope.reference = reference;
        let given_up = GiveUp { mailbox: self, reference };
        given_up.mailbox.shared.send(to, envelope)?;
        let answer = given_up.mailbox.next(|mailbox| mailbox.cell().owned().held.remove(&reference)).await;
        drop(given_up);
        match answer.reason.clone() {
            Some(reason) => Err(CallError::Died { reason }),
            None => Ok(answer),
        }
    }

    /// Waits for the next message.
    pub async fn receive(&mut self) -> Received {
        self.next(|mailbox| mailbox.cell().owned().mailbox.pop()).await
    }

    /// The next message if there is one.
    pub fn try_receive(&mut self) -> Option<Received> {
        self.drain();
        let message = self.cell().owned().mailbox.pop();
        if message.is_none() {
            self.shared.offer_room(self.cell());
        }
        message.map(|message| self.accept(message))
    }

    async fn next(&mut self, take: impl Fn(&Mailbox) -> Option<Box<Envelope>>) -> Received {
        loop {
            self.drain();
            if let Some(message) = take(self) {
                return self.accept(message);
            }
            self.shared.offer_room(self.cell());
            self.woken.notified().await;
        }
    }

    fn drain(&self) {
        let cell = self.cell();
        self.shared.drain(cell, &mut cell.owned());
    }

    fn accept(&self, message: Box<Envelope>) -> Received {
        let cell = self.cell();
        self.shared.note_received(cell, &message);
        let is_request = message.wants_reply();
        let reply = is_request.then_some(ReplyTo { caller: message.sender, reference: message.reference });
        if reply.is_some() {
            cell.owned().watchers.insert((message.sender, message.reference), ());
        }
        Received {
            kind: message.kind,
            sender: self.shared.mint.mint(message.sender, Rights::PEER),
            codec: Codec(message.codec),
            fingerprint: message.fingerprint,
            body: message.bytes().into_owned(),
            reason: message.reason().cloned(),
            reply,
        }
    }

    /// A body, if it is not too large for a message.
    fn checked(&self, body: Vec<u8>) -> Result<Body, Status> {
        let fits = body.len() <= self.shared.limits.message_bytes_max as usize;
        if fits { Ok(Body::from_vec(body)) } else { Err(Status::TOO_LARGE) }
    }

    fn envelope(&self, kind: Kind, codec: Codec, body: &[u8]) -> Result<Box<Envelope>, Status> {
        if body.len() > self.shared.limits.message_bytes_max as usize {
            return Err(Status::TOO_LARGE);
        }
        self.last_message_id.set(self.last_message_id.get() + 1);
        let mut envelope = Envelope::system(kind, self.id, 0);
        envelope.codec = codec.0;
        envelope.id = self.last_message_id.get();
        envelope.body = Body::from_slice(body);
        Ok(envelope)
    }

    fn cell(&self) -> &Cell {
        self.shared.table.cell(self.id.slot)
    }
}

/// Drops the reply of a call that is given up before it came.
struct GiveUp<'a> {
    mailbox: &'a mut Mailbox,
    reference: u64,
}

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        let cell = self.mailbox.cell();
        self.mailbox.shared.cancel(cell, &mut cell.owned(), self.reference);
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.shared.natives.fetch_sub(1, Ordering::AcqRel);
        if self.cell().gate.lock().serial == self.id.serial {
            self.shared.end(self.id.slot, Ended::normal());
        }
    }
}

/// Why a call from native code has no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The request was not accepted.
    #[error("the request was not accepted: {0}")]
    Refused(Status),
    /// The callee ended before it answered.
    #[error("the callee ended before it answered: {reason}")]
    Died {
        /// Why it ended.
        reason: Arc<ExitReason>,
    },
    /// A typed actor did not serve the call.
    #[error("the typed actor did not serve the call: {failure}")]
    NotServed {
        /// What it says, in JSON.
        failure: String,
    },
}

impl CallError {
    fn not_served(body: &[u8]) -> CallError {
        CallError::NotServed { failure: String::from_utf8_lossy(body).into_owned() }
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> CallError {
        CallError::Refused(status)
    }
}
