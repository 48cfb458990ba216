//! Frames on top of a stream: cut and made by the codecs of [`tokio-util`](tokio_util::codec), or by any that implement the
//! same traits.
//!
//! [`LinesCodec`] is for lines of text, [`AnyDelimiterCodec`] for parts with delimiters between them, [`LengthDelimitedCodec`] for
//! parts behind their length. Give each of them a bound: without one, a peer may send a frame without end.
//!
//! ```no_run
//! use flower::net::TcpStream;
//! use flower::net::framing::{Framed, LinesCodec, LinesCodecError};
//!
//! # fn main() -> Result<(), LinesCodecError> {
//! let stream = TcpStream::connect("127.0.0.1:7").map_err(std::io::Error::from)?;
//! let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(80));
//! lines.write_frame("hello")?;
//! assert_eq!(lines.read_frame()?.as_deref(), Some("hello"));
//! # Ok(())
//! # }
//! ```

use std::io::{Read, Write};

use tokio_util::bytes::BytesMut;

use super::stream::{TcpStream, UnixStream};

pub use tokio_util::bytes;
pub use tokio_util::codec::{
    AnyDelimiterCodec, AnyDelimiterCodecError, BytesCodec, Decoder, Encoder, LengthDelimitedCodec,
    LengthDelimitedCodecError, LinesCodec, LinesCodecError,
};

/// Bytes that one read asks for.
const CHUNK: usize = 4096;

/// A stream of frames.
#[derive(Debug)]
pub struct Framed<S, C> {
    stream: S,
    codec: C,
    /// What has come and is not yet given out.
    came: BytesMut,
    /// What is about to be written.
    made: BytesMut,
}

impl<S, C> Framed<S, C> {
    /// Frames as this codec has them. `()` is a stream for those who [`feed`](Self::feed) it.
    pub fn new(stream: S, codec: C) -> Framed<S, C> {
        Framed { stream, codec, came: BytesMut::new(), made: BytesMut::new() }
    }

    /// The stream beneath.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The codec, which may be told something new between two frames.
    pub fn codec_mut(&mut self) -> &mut C {
        &mut self.codec
    }

    /// Takes it apart: the stream, and what has come and was not given out.
    pub fn into_parts(self) -> (S, BytesMut) {
        (self.stream, self.came)
    }

    /// Adds bytes that came otherwise, as from an active socket.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.came.extend_from_slice(bytes);
    }

    /// What is to be written for a frame.
    fn make<I>(&mut self, frame: I) -> Result<(), C::Error>
    where
        C: Encoder<I>,
    {
        self.made.clear();
        self.codec.encode(frame, &mut self.made)
    }
}

impl<S, C: Decoder> Framed<S, C> {
    /// The next whole frame of what has come.
    ///
    /// # Errors
    /// What the codec says, as of a frame that is too long.
    pub fn take(&mut self) -> Result<Option<C::Item>, C::Error> {
        self.codec.decode(&mut self.came)
    }

    /// The next frame when nothing more comes: what the codec makes of a rest.
    ///
    /// # Errors
    /// What the codec says, as of a frame that is cut off.
    pub fn take_last(&mut self) -> Result<Option<C::Item>, C::Error> {
        self.codec.decode_eof(&mut self.came)
    }
}

impl<S: Read, C: Decoder> Framed<S, C> {
    /// Waits for the next frame; `None` at the end.
    ///
    /// # Errors
    /// What the stream and the codec say.
    pub fn read_frame(&mut self) -> Result<Option<C::Item>, C::Error> {
        loop {
            if let Some(frame) = self.take()? {
                return Ok(Some(frame));
            }
            let mut chunk = [0; CHUNK];
            match self.stream.read(&mut chunk)? {
                0 => return self.take_last(),
                read => self.feed(&chunk[..read]),
            }
        }
    }
}

impl<S: Write, C> Framed<S, C> {
    /// Writes a frame.
    ///
    /// # Errors
    /// What the stream and the codec say.
    pub fn write_frame<I>(&mut self, frame: I) -> Result<(), C::Error>
    where
        C: Encoder<I>,
    {
        self.make(frame)?;
        Ok(self.stream.write_all(&self.made)?)
    }
}

/// Gives frames of streams what they do in tasks.
macro_rules! in_tasks {
    ($($stream:ident)*) => {$(
        impl<C> Framed<$stream, C> {
            /// Waits for the next frame in a task: the others go on meanwhile.
            ///
            /// # Errors
            /// As [`read_frame`](Self::read_frame).
            pub async fn read_frame_async(&mut self) -> Result<Option<C::Item>, C::Error>
            where
                C: Decoder,
            {
                loop {
                    if let Some(frame) = self.take()? {
                        return Ok(Some(frame));
                    }
                    let mut chunk = [0; CHUNK];
                    match self.stream.read_async(&mut chunk).await.map_err(std::io::Error::from)? {
                        0 => return self.take_last(),
                        read => self.feed(&chunk[..read]),
                    }
                }
            }

            /// Writes a frame in a task: the others go on meanwhile.
            ///
            /// # Errors
            /// As [`write_frame`](Self::write_frame).
            pub async fn write_frame_async<I>(&mut self, frame: I) -> Result<(), C::Error>
            where
                C: Encoder<I>,
            {
                self.make(frame)?;
                Ok(self.stream.write_all_async(&self.made).await.map_err(std::io::Error::from)?)
            }
        }
    )*};
}

in_tasks! { TcpStream UnixStream }
