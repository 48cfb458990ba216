//! Requests, responses and frames as messages: the host's side of `flower::http`.
//!
//! What the host writes is in the binary codec; answers may be in JSON too. `docs/http.md` has the layout byte by byte.

use bytes::Bytes;
use flower_abi::Codec;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::request::Parts;
use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A request, borrowed from where hyper has it.
#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    target: &'a str,
    headers: Headers<'a>,
    #[serde(serialize_with = "as_bytes")]
    body: &'a [u8],
    peer: &'a str,
}

/// The bytes of a request as a message.
pub(super) fn encode_request(parts: &Parts, body: &[u8], peer: &str) -> Vec<u8> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = Headers(&parts.headers);
    encode(&Request { method: parts.method.as_str(), target, headers, body, peer })
}

/// An answer as an actor gives it.
#[derive(Deserialize)]
pub(super) struct Response {
    pub(super) status: u16,
    #[serde(default)]
    headers: Vec<(String, Blob)>,
    #[serde(default)]
    pub(super) body: Blob,
}

/// Bytes in a message: hexadecimal text in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Blob(pub(super) Vec<u8>);

/// What travels over a WebSocket.
#[derive(Serialize, Deserialize, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Blob),
    /// The end, with a code and a reason.
    Close(u16, String),
}

/// An answer that is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadAnswer {
    #[error("codec {0} is neither binary nor JSON")]
    Codec(u32),
    #[error("it cannot be read: {0}")]
    Malformed(String),
    #[error("{0} is no status of a response")]
    Status(u16),
    #[error("the header {0:?} is none")]
    Header(String),
}

impl Response {
    /// The header as hyper wants it; what belongs to the connection is the host's own business.
    pub(super) fn header_map(&mut self) -> Result<HeaderMap, BadAnswer> {
        let mut map = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in std::mem::take(&mut self.headers) {
            let parsed = HeaderName::try_from(&name)
                .ok()
                .zip(HeaderValue::from_maybe_shared(Bytes::from(value.0)).ok());
            let (known, value) = parsed.ok_or(BadAnswer::Header(name))?;
            if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE].contains(&known) {
                map.append(known, value);
            }
        }
        Ok(map)
    }
}

/// Writes a value in the binary codec.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("what the host writes can be written")
}

/// Reads what an actor sent.
pub(super) fn decode<T: DeserializeOwned>(codec: Codec, body: &[u8]) -> Result<T, BadAnswer> {
    match codec {
        Codec::BINARY => postcard::from_bytes(body).map_err(|error| BadAnswer::Malformed(error.to_string())),
        Codec::JSON => serde_json::from_slice(body).map_err(|error| BadAnswer::Malformed(error.to_string())),
        other => Err(BadAnswer::Codec(other.0)),
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Value<'a>(&'a [u8]);
        impl Serialize for Value<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(self.0)
            }
        }
        let mut all = serializer.serialize_seq(Some(self.0.len()))?;
        for (name, value) in self.0 {
            all.serialize_element(&(name.as_str(), Value(value.as_bytes())))?;
        }
        all.end()
    }
}

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        match deserializer.is_human_readable() {
            true => deserializer.deserialize_str(BlobVisitor),
            false => deserializer.deserialize_bytes(BlobVisitor),
        }
    }
}

struct BlobVisitor;

impl<'de> Visitor<'de> for BlobVisitor {
    type Value = Blob;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes, in text as pairs of hexadecimal digits")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Blob, E> {
        Ok(Blob(bytes.to_vec()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Blob, E> {
        let digit = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
        bytes.map(Blob).ok_or_else(|| E::custom("it is not pairs of hexadecimal digits"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Blob, A::Error> {
        let mut all = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            all.push(byte);
        }
        Ok(Blob(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_bytes_that_the_document_says() {
        let request = hyper::Request::get("/a?b=c").header("x", "y").body(()).expect("a request");
        let bytes = encode_request(&request.into_parts().0, b"hi", "1.2.3.4:5");
        let expected = b"\x03GET\x06/a?b=c\x01\x01x\x01y\x02hi\x091.2.3.4:5";
        assert_eq!(bytes, expected);
    }

    #[test]
    fn an_answer_is_read_in_both_codecs() {
        let mut binary: Response =
            decode(Codec::BINARY, b"\xc9\x01\x01\x04etag\x01v\x02ok").expect("a response");
        let mut json: Response =
            decode(Codec::JSON, br#"{"status":201,"headers":[["etag","76"]],"body":"6f6b"}"#)
                .expect("a response");
        assert_eq!((binary.status, &binary.body.0[..]), (201, &b"ok"[..]));
        assert_eq!((json.status, &json.body.0[..]), (201, &b"ok"[..]));
        assert_eq!(binary.header_map().expect("headers"), json.header_map().expect("headers"));
        assert!(
            decode::<Response>(Codec::RAW, b"").is_err()
                && decode::<Response>(Codec::BINARY, b"\xff").is_err()
        );
    }

    #[test]
    fn what_belongs_to_the_connection_is_not_the_actors() {
        let answer = br#"{"status":200,"headers":[["Content-Length","39"],["Upgrade","78"],["x","79"]]}"#;
        let map = decode::<Response>(Codec::JSON, answer).expect("a response").header_map().expect("headers");
        assert_eq!((map.len(), &map["x"]), (1, &HeaderValue::from_static("y")));
        let answer = br#"{"status":200,"headers":[["a b","39"]]}"#;
        assert!(decode::<Response>(Codec::JSON, answer).expect("a response").header_map().is_err());
    }

    #[test]
    fn a_frame_is_a_number_and_what_it_holds() {
        assert_eq!(encode(&Frame::Text("hi".into())), b"\x00\x02hi");
        assert_eq!(encode(&Frame::Close(1000, String::new())), b"\x02\xe8\x07\x00");
        assert_eq!(
            decode::<Frame>(Codec::JSON, br#"{"Binary":"00ff"}"#).expect("a frame"),
            Frame::Binary(Blob(vec![0, 255]))
        );
    }
}
