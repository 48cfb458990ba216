//! Frames on top of a stream: lines, parts between delimiters, and parts behind their length.
//!
//! A [`Framed`] keeps what has come and is not yet a whole frame, and refuses a frame that is longer than it may be before
//! it has kept all of it.

use std::io::{self, Read, Write};

/// How frames are told from one another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// Each ends with this byte, which is not a part of it.
    Delimiter(u8),
    /// Each ends with a newline, or a carriage return and a newline.
    Lines,
    /// Each stands behind its length: four bytes, the highest first.
    LengthPrefixed,
}

/// A stream of frames.
#[derive(Debug)]
pub struct Framed<S> {
    stream: S,
    framing: Framing,
    len_max: usize,
    /// What has come, from `start` on not yet given out.
    buffer: Vec<u8>,
    start: usize,
    /// Up to here there is no delimiter.
    searched: usize,
}

impl<S> Framed<S> {
    /// Frames of at most `len_max` bytes.
    pub fn new(stream: S, framing: Framing, len_max: usize) -> Framed<S> {
        Framed { stream, framing, len_max, buffer: Vec::new(), start: 0, searched: 0 }
    }

    /// The stream beneath.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Adds bytes that came otherwise, as from an active socket.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame of what has come.
    ///
    /// # Errors
    /// `InvalidData` for a frame that is too long.
    pub fn take(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.framing {
            Framing::Delimiter(end) => self.take_until(end),
            Framing::Lines => Ok(self.take_until(b'\n')?.map(without_return)),
            Framing::LengthPrefixed => self.take_counted(),
        }
    }

    fn take_until(&mut self, end: u8) -> io::Result<Option<Vec<u8>>> {
        let found = self.buffer[self.searched..].iter().position(|byte| *byte == end);
        let end_at = found.map(|at| at + self.searched);
        if end_at.unwrap_or(self.buffer.len()) - self.start > self.len_max {
            return Err(self.too_long());
        }
        self.searched = end_at.map_or(self.buffer.len(), |at| at + 1);
        Ok(end_at.map(|at| self.give(at, 1)))
    }

    fn take_counted(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some((length, rest)) = self.buffer[self.start..].split_first_chunk::<4>() else {
            return Ok(None);
        };
        let len = u32::from_be_bytes(*length) as usize;
        if len > self.len_max {
            return Err(self.too_long());
        }
        if rest.len() < len {
            return Ok(None);
        }
        self.start += 4;
        self.searched = self.start + len;
        Ok(Some(self.give(self.start + len, 0)))
    }

    fn give(&mut self, end: usize, delimiter: usize) -> Vec<u8> {
        let frame = self.buffer[self.start..end].to_vec();
        self.start = end + delimiter;
        frame
    }

    fn too_long(&self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("a frame has more than {} bytes", self.len_max))
    }
}

impl<S: Read> Framed<S> {
    /// Waits for the next frame; `None` at the end.
    ///
    /// # Errors
    /// What the stream says; `InvalidData` for a frame that is too long, `UnexpectedEof` for one that is cut off.
    pub fn read_frame(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(frame) = self.take()? {
                return Ok(Some(frame));
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk)? {
                0 if self.start == self.buffer.len() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.feed(&chunk[..read]),
            }
        }
    }
}

impl<S: Write> Framed<S> {
    /// Writes a frame.
    ///
    /// # Errors
    /// What the stream says; `InvalidData` for a frame that is too long, or has a delimiter in it.
    pub fn write_frame(&mut self, frame: &[u8]) -> io::Result<()> {
        if frame.len() > self.len_max {
            return Err(self.too_long());
        }
        let mut bytes = Vec::with_capacity(frame.len() + 4);
        let end = match self.framing {
            Framing::Delimiter(end) => Some(end),
            Framing::Lines => Some(b'\n'),
            Framing::LengthPrefixed => None,
        };
        match end {
            Some(end) if frame.contains(&end) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame has a delimiter in it"));
            }
            Some(end) => {
                bytes.extend_from_slice(frame);
                bytes.push(end);
            }
            None => {
                bytes.extend_from_slice(&(frame.len() as u32).to_be_bytes());
                bytes.extend_from_slice(frame);
            }
        }
        self.stream.write_all(&bytes)
    }
}

fn without_return(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of these bytes, fed in parts of every length.
    fn frames(framing: Framing, bytes: &[u8]) -> Vec<Vec<u8>> {
        let all = |part: usize| {
            let mut framed = Framed::new((), framing, 10);
            let mut frames = Vec::new();
            for part in bytes.chunks(part) {
                framed.feed(part);
                while let Some(frame) = framed.take().expect("short frames") {
                    frames.push(frame);
                }
            }
            frames
        };
        let whole = all(bytes.len());
        for part in 1..bytes.len() {
            assert_eq!(all(part), whole, "in parts of {part}");
        }
        whole
    }

    #[test]
    fn frames_are_the_same_however_they_come() {
        assert_eq!(frames(Framing::Lines, b"one\r\n\ntwo\nrest"), [&b"one"[..], b"", b"two"]);
        assert_eq!(frames(Framing::Delimiter(0), b"a\0\0bc\0d"), [&b"a"[..], b"", b"bc"]);
        assert_eq!(
            frames(Framing::LengthPrefixed, b"\0\0\0\x02hi\0\0\0\0\0\0\0\x01x\0"),
            [&b"hi"[..], b"", b"x"]
        );
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_before_it_is_whole() {
        for (framing, bytes) in
            [(Framing::Lines, &b"01234567890"[..]), (Framing::LengthPrefixed, b"\0\0\0\x0b")]
        {
            let mut framed = Framed::new((), framing, 10);
            framed.feed(bytes);
            assert_eq!(framed.take().expect_err("too long").kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for framing in [Framing::Lines, Framing::Delimiter(b';'), Framing::LengthPrefixed] {
            let mut out = Framed::new(Vec::new(), framing, 10);
            out.write_frame(b"hello").expect("it is short");
            out.write_frame(b"").expect("it is short");
            assert!(out.write_frame(&[b'x'; 11]).is_err());
            let bytes = out.get_ref().clone();
            let mut back = Framed::new(&bytes[..], framing, 10);
            assert_eq!(back.read_frame().expect("a frame"), Some(b"hello".to_vec()));
            assert_eq!(back.read_frame().expect("a frame"), Some(Vec::new()));
            assert_eq!(back.read_frame().expect("the end"), None);
        }
        let mut cut = Framed::new(&b"x"[..], Framing::Lines, 10);
        assert_eq!(cut.read_frame().expect_err("cut off").kind(), io::ErrorKind::UnexpectedEof);
    }
}
