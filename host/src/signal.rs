//! Signals: all that one actor can do to another, in one ordered queue per receiver.
//!
//! Messages and system signals share the queue, so that what A sends to B arrives in the order
//! sent (as in OTP, see "Signals" in the Erlang reference manual, and `erl_proc_sig_queue.h`). They
//! are different kinds of thing all the same: no bytes that a guest sends can become a system signal.

use std::net::SocketAddr;
use std::sync::Arc;

use flower_abi::{Kind, MessageInfo, SocketEvent};
use smallvec::SmallVec;
use tokio::sync::oneshot;

use crate::budget::HeldBytes;
use crate::exit::ExitReason;
use crate::handle::Attached;
use crate::net::NetResult;
use crate::pid::ActorId;

/// A message's bytes; small ones stand in the envelope.
pub(crate) type Body = SmallVec<[u8; 40]>;

/// A message or completion on its way, and in the mailbox.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) kind: Kind,
    /// Whether the sender waits for a reply to `reference`.
    pub(crate) request: bool,
    /// Whether others waited in the mailbox when it was taken out.
    pub(crate) more: bool,
    /// Of a `Selected`: what became of the arm.
    pub(crate) outcome: Outcome,
    /// Of a `Selected`: which arm of its select.
    pub(crate) arm: u8,
    pub(crate) codec: u32,
    pub(crate) sender: ActorId,
    /// The tag of the sender's pid as others see it; 0 when it is not at hand.
    pub(crate) sender_tag: u64,
    pub(crate) reference: u64,
    pub(crate) fingerprint: u64,
    pub(crate) id: u64,
    pub(crate) body: Body,
    /// The charge for a large body.
    pub(crate) held: Option<Box<HeldBytes>>,
    pub(crate) extra: Option<Box<Extra>>,
}

/// What became of an operation on a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Outcome {
    /// The value was sent.
    #[default]
    Sent,
    /// A value was received: this one.
    Received,
    /// The channel is closed.
    Closed,
}

/// The header fields that few messages have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extra {
    pub(crate) deadline: u64,
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) reason: Option<Arc<ExitReason>>,
    /// Of an `Exit`: a link brought it, and so an `unlink` takes it back.
    pub(crate) by_link: bool,
    /// What travels with it.
    pub(crate) handles: Attached,
    /// Of a `Socket`: what it tells, and how long the address at the end of the body is.
    pub(crate) socket: Option<(SocketEvent, u32)>,
}

impl Envelope {
    /// A system message without a body.
    pub(crate) fn system(kind: Kind, sender: ActorId, reference: u64) -> Box<Envelope> {
        Box::new(Envelope {
            kind,
            request: false,
            more: false,
            outcome: Outcome::Sent,
            arm: 0,
            codec: 0,
            sender,
            sender_tag: 0,
            reference,
            fingerprint: 0,
            id: 0,
            body: Body::new(),
            held: None,
            extra: None,
        })
    }

    /// The end of a monitored or called actor.
    pub(crate) fn down(sender: ActorId, reference: u64, reason: Arc<ExitReason>) -> Box<Envelope> {
        let mut envelope = Envelope::system(Kind::Down, sender, reference);
        envelope.extra = Some(Box::new(Extra { reason: Some(reason), ..Extra::default() }));
        envelope
    }

    /// An exit signal as who traps it sees it.
    pub(crate) fn exit(sender: ActorId, reason: Arc<ExitReason>, by_link: bool) -> Box<Envelope> {
        let mut envelope = Envelope::system(Kind::Exit, sender, 0);
        envelope.extra = Some(Box::new(Extra { reason: Some(reason), by_link, ..Extra::default() }));
        envelope
    }

    /// Word of a socket, or of a lookup, that it is worth trying again.
    pub(crate) fn ready(reference: u64, handle: u64, event: SocketEvent) -> Box<Envelope> {
        let mut envelope = Envelope::system(Kind::Ready, ActorId::HOST, reference);
        envelope.id = handle;
        envelope.extra = Some(Box::new(Extra { socket: Some((event, 0)), ..Extra::default() }));
        envelope
    }

    /// The completion of a select that has no value.
    pub(crate) fn selected(owner: ActorId, reference: u64, arm: u8, outcome: Outcome) -> Box<Envelope> {
        let mut envelope = Envelope::system(Kind::Selected, owner, 0);
        envelope.select(reference, arm, outcome);
        envelope
    }

    /// Makes it the completion of a select.
    pub(crate) fn select(&mut self, reference: u64, arm: u8, outcome: Outcome) {
        self.kind = Kind::Selected;
        (self.reference, self.arm, self.outcome) = (reference, arm, outcome);
    }

    /// Says that it is accepted, so that what moves with it does not come back to its sender.
    pub(crate) fn commit_handles(&mut self) {
        if let Some(extra) = &mut self.extra {
            extra.handles.commit();
        }
    }

    /// How many handles travel with it.
    pub(crate) fn handle_count(&self) -> usize {
        self.extra.as_ref().map_or(0, |extra| extra.handles.0.len())
    }

    /// Takes out what travels with it.
    pub(crate) fn take_handles(&mut self) -> Attached {
        self.extra.as_mut().map(|extra| std::mem::take(&mut extra.handles)).unwrap_or_default()
    }

    /// Whether a link with this actor brought it.
    pub(crate) fn is_link_exit(&self, from: ActorId) -> bool {
        self.sender == from && self.extra.as_ref().is_some_and(|extra| extra.by_link)
    }

    /// Bytes that it takes in a mailbox.
    pub(crate) fn size(&self) -> u64 {
        self.body.len() as u64
    }

    /// Whether the accounting counts it: what an actor sent, as against what the host says.
    pub(crate) fn is_counted(&self) -> bool {
        match self.kind {
            Kind::Message | Kind::Reply | Kind::Timer | Kind::Socket => true,
            Kind::Selected => self.outcome == Outcome::Received,
            _ => false,
        }
    }

    /// The exit reason that it tells of.
    pub(crate) fn reason(&self) -> Option<&Arc<ExitReason>> {
        self.extra.as_ref()?.reason.as_ref()
    }

    /// The bytes that the receiver sees: the body, or the detail of an exit reason.
    pub(crate) fn bytes(&self) -> std::borrow::Cow<'_, [u8]> {
        match self.reason() {
            None => self.body.as_slice().into(),
            Some(reason) => reason.wire().2.into(),
        }
    }

    /// Whether the sender waits for a reply, which its receiver then owes.
    pub(crate) fn wants_reply(&self) -> bool {
        self.request && self.kind == Kind::Message
    }

    /// The flags of its [`MessageInfo`].
    pub(crate) fn flags(&self) -> u32 {
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        let is_closed = self.kind == Kind::Selected && self.outcome == Outcome::Closed;
        flag(self.request, MessageInfo::REQUEST)
            | flag(self.more, MessageInfo::MORE)
            | flag(is_closed, MessageInfo::CLOSED)
    }
}

/// One thing that happens to an actor.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A user's message.
    Message(Box<Envelope>),
    /// The reply to one of its requests.
    Reply(Box<Envelope>),
    /// A timer fired; the envelope is what it was started with, and comes again if it repeats.
    Timer { envelope: Box<Envelope>, repeats: bool },
    /// Its timer has sent its message to another actor, and is done.
    TimerDone { reference: u64 },
    /// The deadline of its request passed.
    Timeout { reference: u64 },
    /// A select of its is done: the one of this reference, or, without one, that which it is parked in.
    Selected(Box<Envelope>),
    /// A mailbox it asked about has room.
    Room { reference: u64, of: ActorId },
    /// The lookup of a name that it has begun is over.
    Resolved { reference: u64, found: Box<NetResult<Vec<SocketAddr>>> },
    /// Somebody asks it to stop.
    Stop { from: ActorId },
    /// Somebody, or one of its links when there is a link id, ended or wants it to end.
    Exit { from: ActorId, reason: Arc<ExitReason>, link: Option<u64> },
    /// It ends now.
    Kill,
    /// `from` has linked itself with it.
    Link { from: ActorId, id: u64 },
    /// `from` has removed the links with these ids.
    Unlink { from: ActorId, ids: SmallVec<[u64; 1]> },
    /// `from` wants to know of its end.
    Monitor { from: ActorId, reference: u64 },
    /// `from` does not want to know any more.
    Demonitor { from: ActorId, reference: u64 },
    /// An actor that it watches, or waits for, has ended.
    Down { from: ActorId, reference: u64, reason: Arc<ExitReason> },
    /// Something has come to its active socket, or its socket is ready as it wanted to know.
    Ready { handle: u64 },
    /// Native code wants to know of its end.
    Watch(oneshot::Sender<Arc<ExitReason>>),
}

impl Signal {
    /// Whether a running actor has to look at it before its slice is over.
    pub(crate) fn is_urgent(&self) -> bool {
        matches!(self, Signal::Kill | Signal::Exit { .. })
    }
}
