//! HTTP/1.1 on a stream: heads are parsed by `httparse`, bodies are read by what the head says of them.

use std::io::{self, Read, Write};

use super::{Limits, WireError};
use crate::{Bytes, Instant};

/// Header lines of one head.
const HEADERS_MAX: usize = 100;

/// Names in small letters, and values.
pub(super) type Headers = Vec<(String, Bytes)>;

/// How long a body is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Length {
    Known(usize),
    Chunked,
    /// Until the stream ends.
    Rest,
}

/// What a head begins with: method and target, or a status; and whether it is of HTTP/1.1.
pub(super) struct Head<T> {
    pub(super) line: T,
    pub(super) is_1_1: bool,
    pub(super) headers: Headers,
}

/// Bytes that came and are not used yet.
pub(super) struct Incoming<S> {
    pub(super) stream: S,
    buffer: Vec<u8>,
    /// Something has begun to come, and when it has to be there.
    begun: Option<Begun>,
}

#[derive(Clone, Copy)]
struct Begun {
    until: Option<Instant>,
}

impl<S: Read> Incoming<S> {
    pub(super) fn new(stream: S) -> Incoming<S> {
        Incoming { stream, buffer: Vec::new(), begun: None }
    }

    /// Reads more; 0 at the end.
    fn fill(&mut self) -> Result<usize, WireError> {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk).map_err(|error| match self.begun {
            Some(_) if error.kind() == io::ErrorKind::TimedOut => WireError::TooSlow,
            _ => WireError::Io(error),
        })?;
        self.buffer.extend_from_slice(&chunk[..read]);
        match self.begun {
            Some(Begun { until: Some(until) }) if Instant::now() > until => Err(WireError::TooSlow),
            _ => Ok(read),
        }
    }

    /// The next head; `None` when the stream has ended before it.
    pub(super) fn head<T>(
        &mut self,
        limits: &Limits,
        parse: impl Fn(&[u8]) -> Result<Option<(Head<T>, usize)>, httparse::Error>,
    ) -> Result<Option<Head<T>>, WireError> {
        self.begun = None;
        loop {
            if self.begun.is_none() && !self.buffer.is_empty() {
                self.begun = Some(Begun { until: limits.time_max.map(|time| Instant::now() + time) });
            }
            if let Some((head, len)) = parse(&self.buffer)? {
                self.buffer.drain(..len);
                return Ok(Some(head));
            }
            if self.buffer.len() >= limits.header_bytes_max {
                return Err(WireError::HeaderTooLong);
            }
            if self.fill()? == 0 {
                let is_between = self.buffer.is_empty();
                return if is_between { Ok(None) } else { Err(WireError::CutOff) };
            }
        }
    }

    /// The whole body.
    pub(super) fn body(&mut self, length: Length, limits: &Limits) -> Result<Bytes, WireError> {
        let max = limits.body_bytes_max;
        match length {
            Length::Known(len) if len > max => Err(WireError::BodyTooLong),
            Length::Known(len) => self.take(len).map(Bytes),
            Length::Chunked => self.chunks(max),
            Length::Rest => loop {
                if self.buffer.len() > max {
                    return Err(WireError::BodyTooLong);
                }
                if self.fill()? == 0 {
                    return Ok(Bytes(std::mem::take(&mut self.buffer)));
                }
            },
        }
    }

    fn take(&mut self, len: usize) -> Result<Vec<u8>, WireError> {
        while self.buffer.len() < len {
            if self.fill()? == 0 {
                return Err(WireError::CutOff);
            }
        }
        Ok(self.buffer.drain(..len).collect())
    }

    fn chunks(&mut self, max: usize) -> Result<Bytes, WireError> {
        let mut body = Vec::new();
        loop {
            let size = self.chunk_size()?;
            if size == 0 {
                return self.trailer().map(|()| Bytes(body));
            }
            if size > max as u64 - body.len() as u64 {
                return Err(WireError::BodyTooLong);
            }
            body.extend(self.take(size as usize)?);
            if self.take(2)? != b"\r\n" {
                return Err(WireError::Malformed("a chunk does not end where it says".to_owned()));
            }
        }
    }

    fn chunk_size(&mut self) -> Result<u64, WireError> {
        loop {
            let parsed = httparse::parse_chunk_size(&self.buffer);
            match parsed.map_err(|_| WireError::Malformed("a chunk has no length".to_owned()))? {
                httparse::Status::Complete((line, size)) => {
                    self.buffer.drain(..line);
                    return Ok(size);
                }
                httparse::Status::Partial if self.buffer.len() > 100 => {
                    return Err(WireError::Malformed("the length of a chunk has no end".to_owned()));
                }
                httparse::Status::Partial if self.fill()? == 0 => return Err(WireError::CutOff),
                httparse::Status::Partial => {}
            }
        }
    }

    /// Lines behind the last chunk, which say nothing here, up to an empty one.
    fn trailer(&mut self) -> Result<(), WireError> {
        for _ in 0..=HEADERS_MAX {
            loop {
                if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.buffer.drain(..=end).collect();
                    if line == b"\r\n" || line == b"\n" {
                        return Ok(());
                    }
                    break;
                }
                if self.buffer.len() > 8192 {
                    return Err(WireError::HeaderTooLong);
                }
                if self.fill()? == 0 {
                    return Err(WireError::CutOff);
                }
            }
        }
        Err(WireError::HeaderTooLong)
    }
}

/// A head and its length, once all of it is there.
type Parsed<L> = Result<Option<(Head<L>, usize)>, httparse::Error>;

/// The head of a request: method and target.
pub(super) fn request_head(bytes: &[u8]) -> Parsed<(String, String)> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(len) = request.parse(bytes)? else { return Ok(None) };
    let line = (request.method.unwrap_or_default().to_owned(), request.path.unwrap_or_default().to_owned());
    Ok(Some((Head { line, is_1_1: request.version == Some(1), headers: owned(request.headers) }, len)))
}

/// The head of a response: its status.
pub(super) fn response_head(bytes: &[u8]) -> Parsed<u16> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(len) = response.parse(bytes)? else { return Ok(None) };
    let line = response.code.unwrap_or_default();
    Ok(Some((Head { line, is_1_1: response.version == Some(1), headers: owned(response.headers) }, len)))
}

fn owned(headers: &[httparse::Header<'_>]) -> Headers {
    headers.iter().map(|header| (header.name.to_ascii_lowercase(), Bytes(header.value.to_vec()))).collect()
}

/// All values of a header, as text.
fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a str> {
    let all = headers.iter().filter(move |(known, _)| known == name);
    all.map(|(_, value)| std::str::from_utf8(&value.0).unwrap_or_default())
}

/// What the head says of the body; without a word it is `other`. Who says it twice, or in two ways, is refused: one
/// behind the other could understand it differently.
pub(super) fn length(headers: &Headers, other: Length) -> Result<Length, WireError> {
    let malformed = |text: &str| Err(WireError::Malformed(text.to_owned()));
    let mut lengths = values(headers, "content-length");
    let mut codings = values(headers, "transfer-encoding");
    match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
        (None, _, None, _) => Ok(other),
        (None, _, Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(Length::Chunked),
        (Some(len), None, None, _) if !len.is_empty() && len.bytes().all(|byte| byte.is_ascii_digit()) => {
            len.parse().map(Length::Known).map_err(|_| WireError::BodyTooLong)
        }
        _ => malformed("how long the body is cannot be told"),
    }
}

/// Whether the stream is used again.
pub(super) fn is_kept<T>(head: &Head<T>) -> bool {
    let says = |word: &str| {
        values(&head.headers, "connection")
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    !says("close") && (head.is_1_1 || says("keep-alive"))
}

/// Writes header lines; a value with a line's end in it is refused, since it would begin a header of its own.
pub(super) fn write_headers(out: &mut Vec<u8>, headers: &Headers) -> io::Result<()> {
    for (name, value) in headers {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_sound = !name.is_empty() && name.bytes().all(is_token);
        if !is_sound || value.0.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no header")));
        }
        // What belongs to the connection is not the caller's.
        if !["connection", "content-length", "transfer-encoding"]
            .contains(&name.to_ascii_lowercase().as_str())
        {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(&value.0);
            out.extend_from_slice(b"\r\n");
        }
    }
    Ok(())
}

/// A body of unknown length, in chunks. [`Chunks::finish`] ends it: dropped without, the peer sees that it is not whole.
pub struct Chunks<'a, S: Write> {
    pub(super) stream: &'a mut S,
    /// For a peer that knows no chunks, and takes the end of the connection for the end of the body.
    pub(super) is_plain: bool,
}

impl<S: Write> Chunks<'_, S> {
    /// Says that this was all.
    ///
    /// # Errors
    /// What the stream says.
    pub fn finish(self) -> io::Result<()> {
        if self.is_plain { Ok(()) } else { self.stream.write_all(b"0\r\n\r\n") }
    }
}

impl<S: Write> Write for Chunks<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_plain {
            return self.stream.write(bytes);
        }
        // An empty chunk would be the last.
        if !bytes.is_empty() {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(bytes);
            chunk.extend_from_slice(b"\r\n");
            self.stream.write_all(&chunk)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
