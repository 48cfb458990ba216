//! A client on a stream of its own.

use std::io::{Read, Write};

use super::wire::{self, Incoming, Length};
use super::{Limits, Response, WireError};
use crate::net::{NetError, TcpStream, Tls};

/// A connection to a server, for one request after the other.
pub struct Client<S = TcpStream> {
    incoming: Incoming<S>,
    host: String,
    limits: Limits,
    is_open: bool,
}

impl Client {
    /// Connects to `HOST:PORT`.
    ///
    /// # Errors
    /// As [`TcpStream::connect`].
    pub fn connect(address: &str) -> Result<Client, NetError> {
        Ok(Client::over(TcpStream::connect(address)?, address))
    }

    /// The same with TLS, for a server whose certificate is for the host's name.
    ///
    /// # Errors
    /// As [`TcpStream::connect`] and [`TcpStream::into_tls`].
    pub fn connect_tls(address: &str) -> Result<Client, NetError> {
        let name = address.rsplit_once(':').map_or(address, |(name, _)| name);
        let stream = TcpStream::connect(address)?.into_tls(&Tls::Client { name, roots: &[] })?;
        Ok(Client::over(stream, address))
    }
}

impl<S: Read + Write> Client<S> {
    /// Speaks over a stream that is connected, to a host of this name.
    pub fn over(stream: S, host: &str) -> Client<S> {
        Client {
            incoming: Incoming::new(stream),
            host: host.to_owned(),
            limits: Limits::default(),
            is_open: true,
        }
    }

    /// Bounds what the server may answer.
    pub fn limits(mut self, limits: Limits) -> Client<S> {
        self.limits = limits;
        self
    }

    /// Whether the server will take another request.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Asks with `GET`.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn get(&mut self, target: &str) -> Result<Response, WireError> {
        self.request("GET", target, &[], &[])
    }

    /// Asks, and waits for the whole response.
    ///
    /// # Errors
    /// What the stream says, and what is wrong with the answer.
    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, WireError> {
        let has_space = |text: &str| text.bytes().any(|byte| byte <= b' ' || byte == 127);
        if method.is_empty() || target.is_empty() || has_space(method) || has_space(target) {
            return Err(WireError::Malformed(format!("{method:?} {target:?} is no request")));
        }
        let mut bytes = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n", self.host).into_bytes();
        let owned =
            |(name, value): &(&str, &str)| ((*name).to_owned(), crate::Bytes(value.as_bytes().to_vec()));
        wire::write_headers(&mut bytes, &headers.iter().map(owned).collect())?;
        if !body.is_empty() || !matches!(method, "GET" | "HEAD") {
            bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        self.incoming.stream.write_all(&bytes)?;
        self.response(method)
    }

    fn response(&mut self, method: &str) -> Result<Response, WireError> {
        // Until it has been read as a whole nobody knows where the next would begin.
        self.is_open = false;
        let head = loop {
            let head = self.incoming.head(&self.limits, wire::response_head)?.ok_or(WireError::CutOff)?;
            if !(100..200).contains(&head.line) {
                break head;
            }
        };
        let has_body = method != "HEAD" && !matches!(head.line, 204 | 304);
        let length = if has_body { wire::length(&head.headers, Length::Rest)? } else { Length::Known(0) };
        let body = self.incoming.body(length, &self.limits)?;
        self.is_open = wire::is_kept(&head) && length != Length::Rest;
        Ok(Response { status: head.line, headers: head.headers, body })
    }
}
