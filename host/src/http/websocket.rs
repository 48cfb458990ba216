//! WebSocket: a connection that has become an actor. What the client sends are messages to the actor that agreed to
//! it; what is sent to the connection goes to the client; its end is the connection's.
//!
//! Nothing is lost on the way to a full mailbox: the connection reads no further until there is room.

use std::sync::Arc;

use flower_abi::{Codec, HTTP_FRAME, Kind, Status};
use futures_util::{SinkExt, StreamExt};
use hyper::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use hyper::http::request::Parts;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::Server;
use super::message::{self, Blob, Frame};
use crate::native::{Mailbox, Received};
use crate::pid::ActorId;

/// The one version that there is.
pub(super) const VERSION: &str = "13";

/// Whether a request asks for a WebSocket; an error if it does in a way that nobody can agree to.
pub(super) fn wanted<B>(request: &Request<B>) -> Result<bool, (StatusCode, &'static str)> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let has = |name, word: &str| text(name).split(',').any(|part| part.trim().eq_ignore_ascii_case(word));
    if request.method() != hyper::Method::GET || !has(CONNECTION, "upgrade") || !has(UPGRADE, "websocket") {
        return Ok(false);
    }
    if text(SEC_WEBSOCKET_VERSION).trim() != VERSION {
        return Err((StatusCode::UPGRADE_REQUIRED, "the version of WebSocket here is 13"));
    }
    if !is_key(text(SEC_WEBSOCKET_KEY)) {
        return Err((StatusCode::BAD_REQUEST, "sec-websocket-key is not sixteen bytes in base64"));
    }
    Ok(true)
}

fn is_key(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = text.trim().strip_suffix("==").unwrap_or_default();
    digits.len() == 22 && digits.bytes().all(is_digit)
}

/// Adds what makes a response agree to the request.
pub(super) fn accept(request: &Parts, headers: &mut HeaderMap) {
    let key = request.headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    let accepted = HeaderValue::try_from(derive_accept_key(key)).expect("base64 is text");
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

/// A connection that speaks WebSocket, and the actor that it speaks with.
pub(super) struct Talk {
    server: Arc<Server>,
    mailbox: Mailbox,
    to: ActorId,
    /// A frame that has found no room, as a message.
    waiting: Option<Vec<u8>>,
}

/// What happens next to a connection.
enum Event {
    /// The client sent something, or is gone.
    Frame(Option<Result<Message, tungstenite::Error>>),
    /// An actor sent something.
    Message(Received),
}

/// Whether the talk goes on.
enum Next {
    GoOn,
    /// The connection is told why it ends.
    Close(CloseFrame),
    /// It is gone.
    Gone,
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

impl Talk {
    pub(super) fn new(server: Arc<Server>, mailbox: Mailbox, to: ActorId) -> Talk {
        Talk { server, mailbox, to, waiting: None }
    }

    /// Talks until one side has ended.
    pub(super) async fn run(mut self, upgrade: OnUpgrade) {
        self.mailbox.monitor_actor(self.to);
        let Ok(upgraded) = upgrade.await else { return };
        let bytes_max = Some(self.server.options.body_bytes_max);
        let config = WebSocketConfig::default().max_message_size(bytes_max).max_frame_size(bytes_max);
        let io = TokioIo::new(upgraded);
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        loop {
            let next = match self.next(&mut socket).await {
                Event::Frame(frame) => self.take_frame(frame),
                Event::Message(message) => self.take_message(message, &mut socket).await,
            };
            match next {
                Next::GoOn => {}
                Next::Close(why) => {
                    let _ = timeout(self.server.options.timeout, socket.close(Some(why))).await;
                    return;
                }
                Next::Gone => return,
            }
        }
    }

    /// Looks at the client only if there is room for what it sends.
    async fn next(&mut self, socket: &mut Socket) -> Event {
        let has_room = self.waiting.is_none();
        tokio::select! {
            message = self.mailbox.receive() => Event::Message(message),
            frame = socket.next(), if has_room => Event::Frame(frame),
        }
    }

    fn take_frame(&mut self, frame: Option<Result<Message, tungstenite::Error>>) -> Next {
        let frame = match frame {
            Some(Ok(Message::Text(text))) => Frame::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => Frame::Binary(Blob(bytes.into())),
            Some(Ok(Message::Close(_))) => return self.tell_end(1000, ""),
            // Answered by the library itself.
            Some(Ok(_)) => return Next::GoOn,
            Some(Err(error)) => return self.fail(&error),
            None => return self.tell_end(1006, "the connection was lost"),
        };
        self.deliver(message::encode(&frame))
    }

    /// What the client sent is no frame, or it is gone: both sides are told.
    fn fail(&mut self, error: &tungstenite::Error) -> Next {
        let code = match error {
            tungstenite::Error::Capacity(_) => CloseCode::Size,
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => CloseCode::Abnormal,
            tungstenite::Error::Protocol(_) => CloseCode::Protocol,
            tungstenite::Error::Utf8(_) => CloseCode::Invalid,
            _ => CloseCode::Abnormal,
        };
        let gone = self.tell_end(code.into(), &error.to_string());
        if code == CloseCode::Abnormal { gone } else { close(code, error.to_string()) }
    }

    /// The last thing that the actor hears, if its mailbox has room for it; its monitors hear of the end in any case.
    fn tell_end(&mut self, code: u16, why: &str) -> Next {
        let end = message::encode(&Frame::Close(code, why.to_owned()));
        let _ = self.mailbox.post(self.to, Codec::BINARY, HTTP_FRAME, &end);
        Next::Gone
    }

    fn deliver(&mut self, body: Vec<u8>) -> Next {
        match self.mailbox.post_or_wait(self.to, Codec::BINARY, HTTP_FRAME, body) {
            Ok(()) => Next::GoOn,
            Err((Status::MAILBOX_FULL, body)) => {
                self.waiting = Some(body);
                Next::GoOn
            }
            Err((status, _)) => close(CloseCode::Away, status.to_string()),
        }
    }

    async fn take_message(&mut self, message: Received, socket: &mut Socket) -> Next {
        match message.kind {
            Kind::Message if message.fingerprint == HTTP_FRAME => self.send(&message, socket).await,
            Kind::Room => self.waiting.take().map_or(Next::GoOn, |body| self.deliver(body)),
            Kind::Down => close(CloseCode::Away, "the actor has ended".into()),
            Kind::Stop => close(CloseCode::Normal, String::new()),
            _ => Next::GoOn,
        }
    }

    async fn send(&mut self, message: &Received, socket: &mut Socket) -> Next {
        let frame = match message::decode(message.codec, &message.body) {
            Ok(Frame::Text(text)) => Message::text(text),
            Ok(Frame::Binary(Blob(bytes))) => Message::binary(bytes),
            Ok(Frame::Close(code, why)) => return close(CloseCode::from(code), why),
            Err(error) => {
                tracing::warn!(target: "flower", "http: actor {} sent what is no frame: {error}", message.sender);
                return Next::GoOn;
            }
        };
        // Who does not read does not keep what is written for it.
        match timeout(self.server.options.timeout, socket.send(frame)).await {
            Ok(Ok(())) => Next::GoOn,
            Ok(Err(_)) | Err(_) => self.tell_end(1006, "the client does not read"),
        }
    }
}

/// A reason may have 123 bytes.
fn close(code: CloseCode, mut why: String) -> Next {
    let fits = (0..=why.len().min(123)).rev().find(|len| why.is_char_boundary(*len)).unwrap_or(0);
    why.truncate(fits);
    Next::Close(CloseFrame { code, reason: why.into() })
}
