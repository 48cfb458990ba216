//! One connection: its requests become messages, one at a time, and their replies responses.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use flower_abi::{Codec, HTTP_REQUEST, Kind, Status};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION};
use hyper::http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::message::{self, BadAnswer};
use super::target::NoActor;
use super::{Server, websocket};
use crate::exit::ExitReason;
use crate::native::{CallError, Mailbox, Received};

/// A connection, and the mailbox by which it calls actors.
pub(super) struct Connection {
    server: Arc<Server>,
    peer: String,
    /// Made for the first request; gone once the connection speaks WebSocket.
    mailbox: Mutex<Option<Mailbox>>,
}

/// A request that has no response of an actor.
struct Failed {
    status: StatusCode,
    why: String,
    /// The id of the line in the log that says more.
    id: Option<String>,
}

impl Connection {
    pub(super) fn new(server: Arc<Server>, peer: SocketAddr) -> Arc<Connection> {
        Arc::new(Connection { server, peer: peer.to_string(), mailbox: Mutex::new(None) })
    }

    /// The response to a request, whatever becomes of it.
    pub(super) async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let line = format!("{} {}", request.method(), request.uri().path());
        match self.ask(request).await {
            Ok(response) => response,
            Err(failed) => {
                let Failed { status, why, id } = &failed;
                match id {
                    Some(id) => tracing::warn!(target: "flower", "http {id}: {line}: {status}: {why}"),
                    None => tracing::debug!(target: "flower", "http: {line}: {status}: {why}"),
                }
                failed.response()
            }
        }
    }

    async fn ask(&self, mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failed> {
        let wanted = websocket::wanted(&request).map_err(|(status, why)| Failed::new(status, why.into()))?;
        let upgrade = wanted.then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let body = self.body(body).await?;
        let message = message::encode_request(&parts, &body, &self.peer);
        let mut place = self.mailbox.lock().await;
        let mailbox = match &mut *place {
            Some(mailbox) => mailbox,
            None => place.insert(self.open_mailbox()?),
        };
        let answer = self.call(mailbox, message).await?;
        let (status, response) = self.read(&answer)?;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let mailbox = place.take().expect("it has just been used");
            return self.switch(&parts, upgrade, mailbox, &answer, response);
        }
        Ok(response)
    }

    fn open_mailbox(&self) -> Result<Mailbox, Failed> {
        let mailbox = Mailbox::open(&self.server.shared);
        mailbox.map_err(|error| Failed::unavailable(&error.to_string()))
    }

    /// The whole body, if it is not too long and comes in time.
    async fn body(&self, body: Incoming) -> Result<Bytes, Failed> {
        let options = &self.server.options;
        let too_long = || {
            Failed::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body has more than {} bytes", options.body_bytes_max),
            )
        };
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        if body.size_hint().lower() > options.body_bytes_max as u64 {
            return Err(too_long());
        }
        match timeout(options.timeout, Limited::new(body, options.body_bytes_max).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
            Ok(Err(error)) => {
                Err(Failed::new(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}")))
            }
            Err(_) => Err(Failed::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time".into())),
        }
    }

    async fn call(&self, mailbox: &mut Mailbox, message: Vec<u8>) -> Result<Received, Failed> {
        let to = self
            .server
            .target
            .next(&self.server.shared)
            .map_err(|no| Failed::unavailable(&no.to_string()))?;
        let called = mailbox.call_actor(to, Codec::BINARY, HTTP_REQUEST, message);
        match timeout(self.server.options.timeout, called).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(CallError::Refused(Status::TOO_LARGE))) => Err(Failed::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the request is longer than a message may be".into(),
            )),
            Ok(Err(CallError::Refused(status))) => {
                Err(Failed::unavailable(NoActor::status(status).unwrap_or(status.meaning())))
            }
            Ok(Err(CallError::Died { reason })) if *reason == ExitReason::NoProcess => {
                Err(Failed::unavailable("the actor has just ended"))
            }
            Ok(Err(error)) => Err(self.bad_gateway(&format!("actor <0.{}>: {error}", to.serial))),
            Err(_) => Err(Failed::new(StatusCode::GATEWAY_TIMEOUT, "no answer came in time".into())),
        }
    }

    /// The actor's answer as a response.
    fn read(&self, answer: &Received) -> Result<(StatusCode, Response<Full<Bytes>>), Failed> {
        let wrong = |error: BadAnswer| {
            let why = format!("the answer of actor {} is no response: {error}", answer.sender);
            self.bad_gateway(&why)
        };
        debug_assert_eq!(answer.kind, Kind::Reply);
        let mut read: message::Response = message::decode(answer.codec, &answer.body).map_err(wrong)?;
        let status = StatusCode::from_u16(read.status).ok();
        let status = status.filter(|status| !status.is_informational() || status.as_u16() == 101);
        let status = status.ok_or_else(|| wrong(BadAnswer::Status(read.status)))?;
        let headers = read.header_map().map_err(wrong)?;
        let mut response = Response::new(Full::from(read.body.0));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok((status, response))
    }

    /// Speaks WebSocket from now on, with the actor that agreed to it.
    fn switch(
        &self,
        parts: &Parts,
        upgrade: Option<OnUpgrade>,
        mailbox: Mailbox,
        answer: &Received,
        mut response: Response<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, Failed> {
        let Some(upgrade) = upgrade else {
            return Err(self.bad_gateway("the actor answered 101 to a request that asks for no WebSocket"));
        };
        let to = self.server.shared.resolve(&answer.sender, flower_abi::Rights::SEND);
        let to = to.map_err(|status| self.bad_gateway(&status.to_string()))?;
        websocket::accept(parts, response.headers_mut());
        let talk = websocket::Talk::new(self.server.clone(), mailbox, to);
        self.server.shared.tokio.spawn(talk.run(upgrade));
        Ok(response)
    }

    /// The actor is at fault: the log says how, under an id.
    fn bad_gateway(&self, why: &str) -> Failed {
        let id = format!("{:016x}", self.server.shared.outside.random());
        Failed { status: StatusCode::BAD_GATEWAY, why: why.to_owned(), id: Some(id) }
    }
}

impl Failed {
    fn new(status: StatusCode, why: String) -> Failed {
        Failed { status, why, id: None }
    }

    fn unavailable(why: &str) -> Failed {
        Failed::new(StatusCode::SERVICE_UNAVAILABLE, why.to_owned())
    }

    /// What the client sees: of what is the actor's own no more than an id.
    fn response(self) -> Response<Full<Bytes>> {
        let text = match self.id {
            Some(id) => format!("the actor failed: crash {id}\n"),
            None => format!("{}\n", self.why),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => headers.insert(RETRY_AFTER, HeaderValue::from_static("1")),
            StatusCode::UPGRADE_REQUIRED => {
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(websocket::VERSION))
            }
            _ => None,
        };
        response
    }
}
