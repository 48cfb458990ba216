//! Events: everything that can arrive at an actor, as one enum, and the signals as types.
//!
//! A system signal is a kind of its own, marked by the host; no message can look like one.

use flower_abi::{Kind, Status};

use crate::call::read;
use crate::channel::Selected;
use crate::envelope::Envelope;
use crate::net::SocketMessage;
use crate::reference::{MonitorRef, RequestRef, RoomRef, TimerRef};
use crate::{CallError, ExitReason, Message, Pid};

/// Something that arrived: a message, or a signal of the system.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message or a request.
    Message(Envelope),
    /// The answer to a [`start_request`](crate::start_request), or why there is none.
    Answer(Answer),
    /// A monitored actor has ended.
    Down(Down),
    /// An exit signal, to an actor that [traps exits](crate::trap_exit).
    Exit(ExitSignal),
    /// A timer of [`after`](crate::after) or [`tick`](crate::tick) has fired.
    Timer(TimerRef),
    /// Somebody asked to [`stop`](crate::stop), and the actor [traps that](crate::trap_stop).
    Stop,
    /// The mailbox that [`notify_room`](crate::notify_room) asked about has room.
    Room(RoomRef),
    /// Something happened to a socket: it is [active](crate::net::TcpStream::set_active), or asked to tell.
    Socket(SocketMessage),
    /// An operation on a channel is done that was [started](crate::channel::StartSelect).
    Selected(Selected),
    /// A signal of a newer host: its kind.
    Other(u32),
}

/// How a request of [`start_request`](crate::start_request) ended.
#[derive(Debug)]
pub struct Answer {
    /// The request.
    pub request: RequestRef,
    outcome: Result<Envelope, CallError>,
}

impl Answer {
    /// Reads the answer.
    ///
    /// # Errors
    /// [`CallError::Timeout`], [`CallError::Died`], or [`CallError::Decode`] when it is not a `T`.
    pub fn decode<T: Message>(self) -> Result<T, CallError> {
        read(&self.outcome?)
    }

    /// The answer as it came.
    pub(crate) fn into_envelope(self) -> Result<Envelope, CallError> {
        self.outcome
    }
}

/// The end of a monitored actor.
#[derive(Clone, PartialEq, Debug)]
pub struct Down {
    /// Who ended.
    pub pid: Pid,
    /// The monitor that this completes.
    pub monitor: MonitorRef,
    /// Why it ended.
    pub reason: ExitReason,
}

/// An exit signal that was trapped.
#[derive(Clone, PartialEq, Debug)]
pub struct ExitSignal {
    /// Who ended, or sent the signal.
    pub pid: Pid,
    /// Why.
    pub reason: ExitReason,
}

impl Event {
    /// Sorts what arrived.
    pub(crate) fn new(envelope: Envelope) -> Event {
        let kind = envelope.info().kind;
        match Kind::from_u32(kind) {
            Some(Kind::Message | Kind::Start) => Event::Message(envelope),
            Some(Kind::Reply | Kind::Timeout) => Event::Answer(Answer::new(envelope)),
            Some(Kind::Down) if envelope.reply().is_some() => Event::Answer(Answer::new(envelope)),
            Some(Kind::Down) => Event::Down(Down::new(&envelope)),
            Some(Kind::Exit) => Event::Exit(ExitSignal::new(&envelope)),
            Some(Kind::Timer) => Event::Timer(TimerRef(envelope.info().reference)),
            Some(Kind::Stop) => Event::Stop,
            Some(Kind::Socket | Kind::Ready) => Event::Socket(SocketMessage::new(envelope)),
            Some(Kind::Room) => Event::Room(RoomRef(envelope.info().reference)),
            Some(Kind::Selected) => Event::Selected(Selected::new(envelope)),
            None => Event::Other(kind),
        }
    }
}

impl Answer {
    fn new(envelope: Envelope) -> Answer {
        let request = RequestRef(envelope.info().reference);
        Answer { request, outcome: answer(envelope) }
    }
}

/// What the completion of a request says.
pub(crate) fn answer(envelope: Envelope) -> Result<Envelope, CallError> {
    match Kind::from_u32(envelope.info().kind) {
        Some(Kind::Reply) => Ok(envelope),
        Some(Kind::Down) => Err(CallError::Died(reason(&envelope))),
        Some(Kind::Timeout) => Err(CallError::Timeout),
        _ => Err(CallError::Other(Status::INVALID)),
    }
}

/// The exit reason that a completion or signal carries.
pub(crate) fn reason(envelope: &Envelope) -> ExitReason {
    ExitReason::of(&envelope.info(), envelope.bytes())
}

impl Down {
    pub(crate) fn new(envelope: &Envelope) -> Down {
        let monitor = MonitorRef(envelope.info().reference);
        Down { pid: envelope.sender(), monitor, reason: reason(envelope) }
    }
}

impl ExitSignal {
    pub(crate) fn new(envelope: &Envelope) -> ExitSignal {
        ExitSignal { pid: envelope.sender(), reason: reason(envelope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::tests::{arrived, with_info};
    use flower_abi::{ExitTag, MessageInfo};

    fn signal(kind: Kind, flags: u32) -> Event {
        Event::new(with_info(&arrived("x"), |info| {
            info.kind = kind as u32;
            info.flags = flags;
            info.reference = 7;
            info.exit_tag = ExitTag::Killed as u32;
        }))
    }

    #[test]
    fn every_kind_has_its_event() {
        assert!(matches!(signal(Kind::Message, 0), Event::Message(_)));
        assert!(matches!(signal(Kind::Timer, 0), Event::Timer(TimerRef(7))));
        assert!(matches!(signal(Kind::Stop, 0), Event::Stop));
        assert!(matches!(signal(Kind::Room, 0), Event::Room(RoomRef(7))));
        assert!(matches!(signal(Kind::Selected, 0), Event::Selected(done) if done.select().id() == 7));
        assert!(matches!(signal(Kind::Exit, 0), Event::Exit(e) if e.reason == ExitReason::Killed));
    }

    #[test]
    fn the_end_of_a_callee_is_an_answer_and_no_down() {
        let Event::Down(down) = signal(Kind::Down, 0) else { panic!("not a down") };
        assert_eq!((down.monitor.id(), down.reason), (7, ExitReason::Killed));
        let Event::Answer(answer) = signal(Kind::Down, MessageInfo::REQUEST) else { panic!("not an answer") };
        assert_eq!(answer.decode::<String>(), Err(CallError::Died(ExitReason::Killed)));
    }

    #[test]
    fn an_answer_is_decoded() {
        let Event::Answer(answer) = signal(Kind::Reply, 0) else { panic!("not an answer") };
        assert_eq!((answer.request.id(), answer.decode::<String>()), (7, Ok("x".to_owned())));
    }

    #[test]
    fn a_kind_of_a_newer_host_is_passed_on() {
        let envelope = with_info(&arrived("x"), |info| info.kind = 99);
        assert!(matches!(Event::new(envelope), Event::Other(99)));
    }
}
