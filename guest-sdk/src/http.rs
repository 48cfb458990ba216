//! HTTP, with no socket in the guest: `flower-host run --http 127.0.0.1:8080=web` sends each request to the actor that is
//! registered as `web`, and what it answers is the response.
//!
//! ```no_run
//! use flower::http::{self, Response};
//!
//! flower::register("web", flower::self_pid())?;
//! http::serve(|request| match request.path() {
//!     "/" => Response::text("hello\n"),
//!     _ => Response::new(404),
//! })
//! # ; Ok::<(), flower::RegisterError>(())
//! ```
//!
//! A request is a [`Request`](crate::Request) like any other: a handler or a loop of `receive!` can take it beside other
//! messages, answer it later, or pass its [`Reply`] on to somebody else. The sender is the client's connection.
//! An actor that answers [`Response::web_socket`] talks with it from then on: it receives [`Frame`]s, sends some to the
//! sender of the request, and may monitor it.
//!
//! An actor that has sockets may speak HTTP itself: [`serve_stream`] serves a connection, [`Client`] is a client.

mod client;
mod server;
mod wire;

use std::time::Duration;
use std::{fmt, io};

pub use client::Client;
pub use server::{Answer, serve_stream};
pub use wire::Chunks;

use serde::{Deserialize, Serialize};

use crate::{Binary, Bytes, Reply, SendError};

/// A request of an HTTP client.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// `GET`, `POST` and so on, in capitals.
    pub method: String,
    /// Path and query, as the client wrote them.
    pub target: String,
    /// Names, in small letters, and values, in the client's order.
    pub headers: Vec<(String, Bytes)>,
    /// The whole body.
    pub body: Bytes,
    /// The client's address and port.
    pub peer: String,
}

impl Request {
    /// The target up to the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// What stands behind the `?` of the target.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Whether the client asks for a WebSocket, which [`Response::web_socket`] agrees to.
    pub fn wants_web_socket(&self) -> bool {
        let says = |name, word: &str| {
            let words = self.header(name).unwrap_or_default().split(',');
            words.map(str::trim).any(|known| known.eq_ignore_ascii_case(word))
        };
        self.method == "GET" && says("upgrade", "websocket") && says("connection", "upgrade")
    }
}

/// The answer to a [`Request`].
///
/// What belongs to the connection (`connection`, `content-length`, `transfer-encoding`, `upgrade`) is added by the host.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Response {
    /// The status, 200 to 999.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, Bytes)>,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    /// One without a body.
    pub fn new(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: Bytes::default() }
    }

    /// Text, with status 200.
    pub fn text(body: impl Into<String>) -> Response {
        let response = Response::new(200).with_header("content-type", "text/plain; charset=utf-8");
        response.with_body(body.into())
    }

    /// JSON, with status 200.
    ///
    /// # Errors
    /// What serde says of a value that JSON cannot express.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Response> {
        let body = serde_json::to_vec(value)?;
        Ok(Response::new(200).with_header("content-type", "application/json").with_body(body))
    }

    /// Agrees to a WebSocket.
    pub fn web_socket() -> Response {
        Response::new(101)
    }

    /// The same with another status.
    pub fn with_status(mut self, status: u16) -> Response {
        self.status = status;
        self
    }

    /// The same with one more header.
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Response {
        self.headers.push((name.to_ascii_lowercase(), Bytes(value.into())));
        self
    }

    /// The same with another body.
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Response {
        self.body = Bytes(body.into());
        self
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// An error becomes its text, with status 500.
impl<E: fmt::Display> From<Result<Response, E>> for Response {
    fn from(result: Result<Response, E>) -> Response {
        result.unwrap_or_else(|error| Response::text(format!("{error}\n")).with_status(500))
    }
}

fn header<'a>(headers: &'a [(String, Bytes)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(&value.0).ok()
}

/// What travels over a WebSocket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Frame {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// The end, with a code (1000 is the usual one) and a reason.
    Close(u16, String),
}

/// How much of HTTP on a stream of one's own is read into memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a header; 64 KiB. It may have 100 lines at most.
    pub header_bytes_max: usize,
    /// Bytes of a body; 1 MiB.
    pub body_bytes_max: usize,
    /// How long it may take to come, from its first byte to its last; 30 seconds. This is looked at when something comes:
    /// how long nothing may come is a matter of the stream, such as
    /// [`TcpStream::set_read_timeout`](crate::net::TcpStream::set_read_timeout).
    pub time_max: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            header_bytes_max: 64 << 10,
            body_bytes_max: 1 << 20,
            time_max: Some(Duration::from_secs(30)),
        }
    }
}

/// What goes wrong with HTTP on a stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum WireError {
    /// What the stream says.
    Io(io::Error),
    /// The stream ends in the middle.
    CutOff,
    /// A header is longer than allowed.
    HeaderTooLong,
    /// A body is longer than allowed.
    BodyTooLong,
    /// It does not come in time, although it has begun.
    TooSlow,
    /// It is no HTTP: what is wrong with it.
    Malformed(String),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Io(error) => error.fmt(f),
            WireError::CutOff => f.write_str("the connection ends in the middle"),
            WireError::HeaderTooLong => f.write_str("the header is longer than allowed"),
            WireError::BodyTooLong => f.write_str("the body is longer than allowed"),
            WireError::TooSlow => f.write_str("it did not come in time"),
            WireError::Malformed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for WireError {}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> WireError {
        WireError::Io(error)
    }
}

impl From<httparse::Error> for WireError {
    fn from(error: httparse::Error) -> WireError {
        match error {
            httparse::Error::TooManyHeaders => WireError::HeaderTooLong,
            other => WireError::Malformed(other.to_string()),
        }
    }
}

/// Answers each request with what the function returns, for ever. Other messages stay in the mailbox.
pub fn serve(mut respond: impl FnMut(Request) -> Response) -> ! {
    loop {
        let received = crate::receive! { asked: crate::Request<Request> => asked };
        // Whoever sends something else under the name of a request gets no answer.
        if let Ok(crate::Request { message, reply }) = received {
            let response = respond(message);
            // A client that has gone meanwhile misses nothing.
            let _ = answer(reply, response);
        }
    }
}

/// Answers a request.
///
/// # Errors
/// As [`Reply::send`].
pub fn answer(reply: Reply, response: Response) -> Result<(), SendError> {
    reply.send(&Binary(response))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn types_have_the_fingerprints_that_the_host_writes() {
        assert_eq!(Request::fingerprint(), flower_abi::HTTP_REQUEST);
        assert_eq!(Frame::fingerprint(), flower_abi::HTTP_FRAME);
    }

    #[test]
    fn a_request_is_read_from_the_bytes_that_the_document_says() {
        let bytes = b"\x03GET\x06/a?b=c\x01\x01x\x01y\x02hi\x091.2.3.4:5";
        let request: Request = crate::message::from_binary(bytes).expect("a request");
        assert_eq!((request.path(), request.query()), ("/a", Some("b=c")));
        assert_eq!((request.header("X"), &request.body.0[..]), (Some("y"), &b"hi"[..]));
    }

    #[test]
    fn a_response_has_the_bytes_that_the_document_says() {
        let mut bytes = Vec::new();
        let response = Response::new(201).with_header("ETag", "v").with_body("ok");
        Binary(response).encode(&mut bytes).expect("it can be written");
        assert_eq!(bytes, b"\xc9\x01\x01\x04etag\x01v\x02ok");
    }
}
