//! Envelopes: a message as it arrived, before anybody has decided what is in it.

use std::fmt;

use flower_abi::{Codec, MessageInfo};

use crate::buffer::Buffer;
use crate::clock::Instant;
use crate::handle::Arrived;
use crate::message::{self, DecodeError, Message};
use crate::{Pid, Reply};

/// A received message: who sent it, and its bytes with what the header says about them.
///
/// It may be decoded as often as one likes, as one type after the other.
pub struct Envelope {
    /// The header and, behind it, the body: what the host wrote, as it wrote it.
    frame: Buffer,
    /// What travelled with it.
    handles: Arrived,
}

impl Envelope {
    /// Of a buffer that holds a header at least.
    pub(crate) fn new(frame: Buffer) -> Envelope {
        debug_assert!(frame.len() >= MessageInfo::SIZE);
        let handles = match header(&frame).handle_count {
            0 => Arrived::default(),
            count => Arrived::fetch(count),
        };
        Envelope { frame, handles }
    }

    /// Fetches what travels with it, if it could be looked at before it was taken.
    pub(crate) fn note_taken(&mut self) {
        if self.info().handle_count > 0 {
            self.handles = Arrived::fetch(self.info().handle_count);
        }
    }

    /// Reads what may hold handles that came with it.
    pub(crate) fn reading<R>(&self, read: impl FnOnce() -> R) -> R {
        if self.info().handle_count == 0 { read() } else { self.handles.reading(read) }
    }

    /// Of a header and a body, as if they had come.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn of(info: &MessageInfo, body: &[u8]) -> Envelope {
        let mut header = [0; MessageInfo::SIZE];
        MessageInfo { len: body.len() as u32, ..*info }.write_to(&mut header);
        let mut frame = Buffer::incoming();
        frame.extend_from_slice(&header);
        frame.extend_from_slice(body);
        Envelope::new(frame)
    }

    /// The header.
    #[inline]
    pub(crate) fn info(&self) -> MessageInfo {
        header(&self.frame)
    }

    /// Who sent it: a pid to send to and to monitor. The host fills it in; it cannot be forged.
    pub fn sender(&self) -> Pid {
        Pid(self.info().sender)
    }

    /// The body as it arrived.
    pub fn bytes(&self) -> &[u8] {
        &self.frame[MessageInfo::SIZE..]
    }

    /// The same bytes, to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes().to_vec()
    }

    /// How the body is written.
    pub fn codec(&self) -> Codec {
        Codec(self.info().codec)
    }

    /// The fingerprint of the body's type, or 0.
    pub fn fingerprint(&self) -> u64 {
        self.info().fingerprint
    }

    /// Whether the fingerprint says that the body is a `T`.
    pub fn is<T: Message>(&self) -> bool {
        self.info().fingerprint == T::fingerprint()
    }

    /// Reads the body.
    ///
    /// # Errors
    /// [`DecodeError::TypeMismatch`] when the fingerprint names another type; the others when the
    /// bytes are not a `T`.
    pub fn decode<T: Message>(&self) -> Result<T, DecodeError> {
        self.reading(|| message::decode(self.codec(), self.info().fingerprint, self.bytes()))
    }

    /// The token to answer with, if the sender waits for an answer.
    pub fn reply(&self) -> Option<Reply> {
        let asked = self.info().flags & MessageInfo::REQUEST != 0;
        asked.then(|| Reply::new(&self.info()))
    }

    /// Whether others waited in the mailbox when it was received.
    pub(crate) fn says_more(&self) -> bool {
        self.info().flags & MessageInfo::MORE != 0
    }

    /// Until when the sender has a use for it, if it said so.
    pub fn deadline(&self) -> Option<Instant> {
        let deadline = self.info().deadline;
        (deadline != 0).then_some(Instant(deadline))
    }

    /// The number of this message among those of its sender.
    pub fn id(&self) -> u64 {
        self.info().id
    }
}

/// The header that a frame begins with.
#[inline]
pub(crate) fn header(frame: &[u8]) -> MessageInfo {
    let (header, _) = frame.split_first_chunk().expect("a frame begins with a header");
    MessageInfo::from_bytes(header)
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("sender", &self.sender())
            .field("codec", &self.codec())
            .field("fingerprint", &format_args!("{:016x}", self.fingerprint()))
            .field("len", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Binary;
    use serde_json::{Value, json};

    /// What arrives when `message` is sent.
    pub(crate) fn arrived<M: Message + ?Sized>(message: &M) -> Envelope {
        let (body, options) = message::outgoing(message).unwrap();
        let info =
            MessageInfo { codec: options.codec, fingerprint: options.fingerprint, ..MessageInfo::EMPTY };
        Envelope::of(&info, &body)
    }

    /// The same with another header.
    pub(crate) fn with_info(envelope: &Envelope, change: impl FnOnce(&mut MessageInfo)) -> Envelope {
        let mut info = envelope.info();
        change(&mut info);
        Envelope::of(&info, envelope.bytes())
    }

    #[test]
    fn text_is_received_as_a_string() {
        assert_eq!(arrived("hello").decode(), Ok("hello".to_owned()));
    }

    #[test]
    fn another_type_is_a_mismatch() {
        let envelope = arrived(&5_u32);
        let got = flower_abi::fingerprint("u32");
        let expected = DecodeError::TypeMismatch { expected: "u64", got };
        assert_eq!(envelope.decode::<u64>(), Err(expected));
        assert!(envelope.is::<u32>());
    }

    #[test]
    fn a_dynamic_value_goes_both_ways() {
        assert_eq!(arrived(&5_u32).decode(), Ok(json!(5)));
        assert_eq!(arrived(&json!(5)).decode(), Ok(5_u32));
        assert!(arrived(&json!("x")).decode::<u32>().is_err());
        assert_eq!(arrived(&Value::Null).fingerprint(), 0);
    }

    #[test]
    fn the_receiver_need_not_know_the_codec() {
        let message = ("x".to_owned(), vec![Some(1), None]);
        let envelope = arrived(&Binary(message.clone()));
        assert_eq!(envelope.codec(), Codec::BINARY);
        assert_eq!(envelope.decode(), Ok(message));
    }

    #[test]
    fn decoding_again_is_fine() {
        let envelope = arrived(&1_u8);
        assert_eq!((envelope.decode::<u8>(), envelope.decode::<u8>()), (Ok(1), Ok(1)));
        assert_eq!(envelope.into_bytes(), b"1");
    }
}
