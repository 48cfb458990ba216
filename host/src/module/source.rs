//! The bytes of a module before anything is known of them, and the hash that names them.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::LoadError;
use super::validate::MODULE_BYTES_MAX;

/// The SHA-256 of a module's bytes, as they were before any transformation. `Display` is hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModuleHash([u8; 32]);

impl ModuleHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> ModuleHash {
        ModuleHash(Sha256::digest(bytes).into())
    }

    /// The hash that these 32 bytes are.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> ModuleHash {
        ModuleHash(bytes)
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ModuleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ModuleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModuleHash({self})")
    }
}

/// The bytes of a module with their hash, computed once. Only their number has been checked.
#[derive(Clone)]
pub struct Source<'a> {
    bytes: Cow<'a, [u8]>,
    hash: ModuleHash,
}

impl<'a> Source<'a> {
    /// A WebAssembly binary.
    pub fn from_bytes(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Source<'a>, LoadError> {
        let bytes = bytes.into();
        check_len(bytes.len() as u64)?;
        let hash = ModuleHash::of(&bytes);
        Ok(Source { bytes, hash })
    }

    /// WebAssembly text. The hash is that of the binary it stands for.
    pub fn from_wat(text: &str) -> Result<Source<'static>, LoadError> {
        check_len(text.len() as u64)?;
        match wat::parse_str(text) {
            Ok(bytes) => Source::from_bytes(bytes),
            Err(error) => Err(LoadError::Wat { message: one_line(&error.to_string()) }),
        }
    }

    /// A file with a WebAssembly binary or, when its name ends in `.wat`, text.
    pub fn from_file(path: &Path) -> Result<Source<'static>, LoadError> {
        let bytes = read(path)?;
        if path.extension().is_none_or(|extension| extension != "wat") {
            return Source::from_bytes(bytes);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Source::from_wat(&text),
            Err(error) => Err(LoadError::Wat { message: error.to_string() }),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their hash.
    pub fn hash(&self) -> ModuleHash {
        self.hash
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} bytes, {})", self.bytes.len(), self.hash)
    }
}

/// Reads a file, and no more of it than a module may have: it may be endless, or grow.
fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(LoadError::io("open", path))?;
    let reserve = file.metadata().map_or(0, |file| file.len().min(MODULE_BYTES_MAX) as usize);
    bytes.reserve_exact(reserve + 1);
    file.take(MODULE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(LoadError::io("read", path))?;
    Ok(bytes)
}

fn check_len(len: u64) -> Result<(), LoadError> {
    LoadError::check_limit("the number of the module's bytes", len, MODULE_BYTES_MAX)
}

/// The parser of text draws the place of an error over several lines; a log wants one.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
