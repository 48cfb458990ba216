//! A server on a stream of its own: for actors that have sockets.

use std::io::{self, Read, Write};

use super::wire::{self, Chunks, Incoming, Length};
use super::{Limits, Request, Response, WireError};

/// Where the answer to one request goes.
pub struct Answer<'a, S: Write> {
    stream: &'a mut S,
    asked: Asked,
    /// What became of it.
    outcome: &'a mut Outcome,
}

/// What matters of a request to its answer.
#[derive(Clone, Copy)]
struct Asked {
    /// The client wants the connection to be kept.
    keeps: bool,
    is_head: bool,
    /// The client understands chunks, and keeps connections unless it says otherwise.
    is_1_1: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    NotGiven,
    /// The connection is kept for the next request.
    Kept,
    /// The end of the connection is the end of the answer.
    Closed,
}

/// Serves the requests of a connection, one after the other, until it ends.
///
/// ```no_run
/// use flower::http::{self, Limits, Response};
/// use flower::net::TcpStream;
///
/// fn connection(stream: TcpStream) {
///     let _ended = http::serve_stream(stream, "", &Limits::default(), |request, answer| {
///         answer.send(&Response::text(format!("you asked for {}\n", request.path())))
///     });
/// }
/// ```
///
/// `peer` is what the requests will have as [`Request::peer`]. What is too long, too slow or no HTTP is answered with 431, 413, 408
/// or 400.
///
/// # Errors
/// Why the connection did not end between two requests; and what the function says, which ends it too.
pub fn serve_stream<S: Read + Write>(
    stream: S,
    peer: &str,
    limits: &Limits,
    mut respond: impl FnMut(Request, Answer<'_, S>) -> io::Result<()>,
) -> Result<(), WireError> {
    let mut incoming = Incoming::new(stream);
    loop {
        let (request, asked) = match next(&mut incoming, peer, limits) {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(()),
            Err(error) => {
                refuse(&mut incoming.stream, &error);
                return Err(error);
            }
        };
        let (stream, mut outcome) = (&mut incoming.stream, Outcome::NotGiven);
        respond(request, Answer { stream, asked, outcome: &mut outcome })?;
        if outcome == Outcome::NotGiven {
            Answer { stream: &mut incoming.stream, asked, outcome: &mut outcome }
                .send(&Response::text("no answer\n").with_status(500))?;
        }
        if outcome == Outcome::Closed {
            return Ok(());
        }
    }
}

/// The next request.
fn next<S: Read + Write>(
    incoming: &mut Incoming<S>,
    peer: &str,
    limits: &Limits,
) -> Result<Option<(Request, Asked)>, WireError> {
    let Some(head) = incoming.head(limits, wire::request_head)? else { return Ok(None) };
    let (keeps, is_1_1, is_head) = (wire::is_kept(&head), head.is_1_1, head.line.0 == "HEAD");
    let length = wire::length(&head.headers, Length::Known(0))?;
    let expects = head.headers.iter().any(|(name, value)| name == "expect" && value.0 == b"100-continue");
    let is_welcome = !matches!(length, Length::Known(len) if len == 0 || len > limits.body_bytes_max);
    if expects && is_welcome {
        incoming.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = incoming.body(length, limits)?;
    let ((method, target), headers) = (head.line, head.headers);
    Ok(Some((
        Request { method, target, headers, body, peer: peer.to_owned() },
        Asked { keeps, is_head, is_1_1 },
    )))
}

/// Tells a client that cannot be served why, if it still listens.
fn refuse(stream: &mut impl Write, error: &WireError) {
    let status = match error {
        WireError::HeaderTooLong => 431,
        WireError::BodyTooLong => 413,
        WireError::TooSlow => 408,
        WireError::Malformed(_) | WireError::CutOff => 400,
        WireError::Io(_) => return,
    };
    let asked = Asked { keeps: false, is_head: false, is_1_1: true };
    let answer = Answer { stream, asked, outcome: &mut Outcome::NotGiven };
    let _ = answer.send(&Response::text(format!("{error}\n")).with_status(status));
}

impl<S: Write> Answer<'_, S> {
    /// Answers with a body that is at hand.
    ///
    /// # Errors
    /// What the stream says, and `InvalidInput` for a header that is none.
    pub fn send(mut self, response: &Response) -> io::Result<()> {
        let mut bytes = self.head(response, self.asked.keeps)?;
        // These have no body, whatever their length would be.
        if !matches!(response.status, 204 | 304) {
            bytes.extend_from_slice(format!("content-length: {}\r\n", response.body.0.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        if !self.asked.is_head && !matches!(response.status, 204 | 304) {
            bytes.extend_from_slice(&response.body.0);
        }
        self.stream.write_all(&bytes)
    }

    /// Answers with status and headers, and then by and by with what is written; the response's own body is left out.
    ///
    /// ```no_run
    /// # use flower::http::{Answer, Response};
    /// # use std::io::Write;
    /// # fn stream<S: Write>(answer: Answer<'_, S>) -> std::io::Result<()> {
    /// answer.stream(&Response::new(200), |body| (0..1000).try_for_each(|n| writeln!(body, "{n}")))
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Answer::send`], and what the function says: then the client sees that the body is not whole.
    pub fn stream(
        mut self,
        response: &Response,
        write: impl FnOnce(&mut Chunks<'_, S>) -> io::Result<()>,
    ) -> io::Result<()> {
        // Without chunks the end of the connection is the end of the body.
        let Asked { keeps, is_head, is_1_1 } = self.asked;
        let mut bytes = self.head(response, keeps && is_1_1)?;
        bytes.extend_from_slice(if is_1_1 { b"transfer-encoding: chunked\r\n\r\n" } else { b"\r\n" });
        self.stream.write_all(&bytes)?;
        if is_head {
            return Ok(());
        }
        let mut chunks = Chunks { stream: self.stream, is_plain: !is_1_1 };
        write(&mut chunks)?;
        chunks.finish()
    }

    fn head(&mut self, response: &Response, keeps: bool) -> io::Result<Vec<u8>> {
        *self.outcome = if keeps { Outcome::Kept } else { Outcome::Closed };
        let mut bytes = format!("HTTP/1.1 {} \r\n", response.status).into_bytes();
        wire::write_headers(&mut bytes, &response.headers)?;
        match (keeps, self.asked.is_1_1) {
            (false, _) => bytes.extend_from_slice(b"connection: close\r\n"),
            // Older clients do not know it unless it is said.
            (true, false) => bytes.extend_from_slice(b"connection: keep-alive\r\n"),
            (true, true) => {}
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_CLOCK: Limits = Limits { header_bytes_max: 1000, body_bytes_max: 10, time_max: None };

    /// A stream whose peer has said all that it will say.
    struct Said<'a>(&'a [u8], Vec<u8>);

    impl Read for Said<'_> {
        /// By the byte, so that nothing depends on how much comes at once.
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    impl Write for Said<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a server says to these bytes, and how the connection ends.
    fn served(bytes: &[u8]) -> (String, Result<(), WireError>) {
        let mut stream = Said(bytes, Vec::new());
        let ended = serve_stream(&mut stream, "peer", &NO_CLOCK, |request, answer| {
            let text =
                format!("{} {} {}", request.method, request.target, String::from_utf8_lossy(&request.body.0));
            match request.path() {
                "/chunks" => answer.stream(&Response::new(200), |body| {
                    body.write_all(b"one").and_then(|()| body.write_all(b"two"))
                }),
                "/silent" => Ok(()),
                "/none" => answer.send(&Response::new(204).with_body("x")),
                _ => answer.send(&Response::new(200).with_body(text)),
            }
        });
        (String::from_utf8(stream.1).expect("text"), ended)
    }

    #[test]
    fn requests_are_served_one_after_the_other() {
        let (said, ended) =
            served(b"GET /a HTTP/1.1\r\nhost: h\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
        let answer = |body: &str| format!("HTTP/1.1 200 \r\ncontent-length: {}\r\n\r\n{body}", body.len());
        assert_eq!(said, answer("GET /a ") + &answer("POST /b hi"));
        assert!(ended.is_ok());
    }

    #[test]
    fn bodies_come_and_go_in_chunks() {
        let (said, _) = served(b"POST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n1\r\n!\r\n0\r\nx: y\r\n\r\n");
        assert!(said.ends_with("POST /b hi!"), "{said}");
        let (said, _) = served(b"GET /chunks HTTP/1.1\r\n\r\n");
        assert!(said.ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), "{said}");
    }

    #[test]
    fn a_connection_is_closed_when_somebody_wants_it() {
        for request in [
            &b"GET / HTTP/1.0\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nconnection: x, Close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
        ] {
            let (said, ended) = served(request);
            assert_eq!((said.matches("HTTP/1.1 200").count(), ended.is_ok()), (1, true));
            assert!(said.contains("connection: close\r\n"), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_served_is_told() {
        let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(2000));
        let cases: [(&[u8], &str); 8] = [
            (long.as_bytes(), "431"),
            (b"POST / HTTP/1.1\r\ncontent-length: 11\r\n\r\n", "413"),
            (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nb\r\n", "413"),
            (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", "400"),
            (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "400"),
            (b"POST / HTTP/1.1\r\ncontent-length: +1\r\n\r\n", "400"),
            (b"\x16\x03\x01\x00", "400"),
            (b"GET /silent HTTP/1.1\r\nconnection: close\r\n\r\n", "500"),
        ];
        for (request, status) in cases {
            let (said, _) = served(request);
            assert_eq!(said.get(9..12), Some(status), "{}: {said}", String::from_utf8_lossy(request));
        }
        let (said, _) = served(b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 11\r\n\r\n");
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "who sends too much is not asked to go on: {said}");
        for cut_off in [&b"GET / HTTP/1.1\r\n"[..], b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nh"] {
            let (said, ended) = served(cut_off);
            assert!(said.contains(" 400 ") && matches!(ended, Err(WireError::CutOff)), "{said}");
        }
    }

    #[test]
    fn older_clients_are_told_what_they_understand() {
        let (said, _) = served(b"GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
        let answer = |body: &str, keeps: &str| {
            format!("HTTP/1.1 200 \r\nconnection: {keeps}\r\ncontent-length: 7\r\n\r\n{body}")
        };
        assert_eq!(said, answer("GET /a ", "keep-alive") + &answer("GET /b ", "close"));
        let (said, _) = served(b"GET /chunks HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
        assert_eq!(said, "HTTP/1.1 200 \r\nconnection: close\r\n\r\nonetwo");
    }

    #[test]
    fn what_has_no_body_gets_none() {
        let (said, _) = served(b"GET /none HTTP/1.1\r\n\r\n");
        assert_eq!(said, "HTTP/1.1 204 \r\n\r\n");
    }

    #[test]
    fn no_header_brings_another_along() {
        let mut stream = Said(b"GET / HTTP/1.1\r\n\r\n", Vec::new());
        let ended = serve_stream(&mut stream, "", &NO_CLOCK, |_, answer| {
            answer.send(&Response::new(200).with_header("x", "y\r\nz: w"))
        });
        assert!(matches!(ended, Err(WireError::Io(error)) if error.kind() == io::ErrorKind::InvalidInput));
    }
}
