//! Compiled artifacts: a module's compiled code in a file, sealed.
//!
//! The file is the engine's own object file, which can be mapped as it is, followed by the module's
//! [`Shape`] as JSON, by the image of its memory, and by a seal of fixed size:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `FLOWERCW` |
//! | 4 | version of this format |
//! | 4 | length of the shape and the image |
//! | 8 | length of the code |
//! | 32 | hash of the module's bytes |
//! | 32 | compatibility: engine, transform stage, rules, ABI |
//! | 32 | BLAKE3 of all that stands before |
//!
//! The compatibility says whether this host would have made the same code. The checksum says that
//! the file is what its writer wrote: it finds damage and truncation. It is *not* a signature, since
//! whoever can write the file can write a new seal. So an artifact is loaded only from a place where
//! nobody else can write ([`Cache`](super::Cache)), or in the name of a caller who vouches for it
//! ([`TrustedArtifact`]). A file is never changed after it got its name, since the code is mapped.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use wasmtime::Engine;

use super::contract::HOST_CALLS;
use super::error::LoadError;
use super::source::ModuleHash;
use super::transform;
use super::validate::{RULES_VERSION, Shape};
use crate::instance::MemoryEngine;

const MAGIC: [u8; 8] = *b"FLOWERCW";

/// Version of the layout above.
const FORMAT: u32 = 3;

/// Bytes of the seal.
const SEAL_BYTES: usize = 120;

/// Bytes of the seal that its checksum covers.
const SEALED_BYTES: usize = SEAL_BYTES - 32;

/// Bytes of a shape; a damaged length would make the host allocate.
const SHAPE_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// Bytes that are read and hashed at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// What is wrong with a compiled artifact.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactFault {
    /// The file has no seal, or not all of it: it is something else, or was copied in part.
    #[error("it is not an artifact, or is truncated; compile the module again")]
    NotSealed,
    /// Written by a host with another format.
    #[error("it has format {found}, and this host has format {FORMAT}; compile the module again")]
    Format {
        /// The format of the file.
        found: u32,
    },
    /// Compiled by another version of the host or the engine, or for other settings or another machine.
    #[error(
        "it was compiled by another version or configuration of the host, or for another machine; compile the module again"
    )]
    Foreign,
    /// It is the artifact of another module than the one looked for.
    #[error("it belongs to another module")]
    OtherModule,
    /// Its content does not match its checksum.
    #[error("it is damaged: its content does not match its checksum; compile the module again")]
    Damaged,
    /// The engine refuses it.
    #[error("the engine refuses it: {message}")]
    Refused {
        /// What the engine says.
        message: String,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Says whether two hosts make the same artifact from the same module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Compatibility([u8; 32]);

impl Compatibility {
    /// The compatibility of what this host makes with `engine`, whose memories are of this kind.
    pub(crate) fn of(engine: &Engine, memory_engine: MemoryEngine) -> Compatibility {
        let mut hasher = Fingerprint(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        memory_engine.hash(&mut hasher);
        [FORMAT, transform::VERSION, RULES_VERSION, flower_abi::VERSION].hash(&mut hasher);
        HOST_CALLS.hash(&mut hasher);
        Compatibility(hasher.0.finalize().into())
    }

    /// A part that is long enough to tell file names apart.
    pub(crate) fn short(&self) -> u64 {
        u64::from_be_bytes(*self.0.first_chunk().expect("32 bytes have a first 8"))
    }
}

/// Lets what can be hashed be hashed with BLAKE3, which is as strong as SHA-256 and several times as fast.
struct Fingerprint(blake3::Hasher);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("only the digest behind it is used")
    }
}

/// The fields of a seal.
#[derive(Clone, Copy)]
struct Seal {
    shape_len: u32,
    code_len: u64,
    hash: ModuleHash,
    compatibility: Compatibility,
}

impl Seal {
    /// The part that the checksum covers.
    fn to_bytes(self) -> [u8; SEALED_BYTES] {
        let mut bytes = [0; SEALED_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.shape_len.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.code_len.to_le_bytes());
        bytes[24..56].copy_from_slice(self.hash.as_bytes());
        bytes[56..88].copy_from_slice(&self.compatibility.0);
        bytes
    }

    fn parse(bytes: &[u8; SEAL_BYTES], file_len: u64) -> Result<Seal, ArtifactFault> {
        if field(bytes, 0) != MAGIC {
            return Err(ArtifactFault::NotSealed);
        }
        let found = u32::from_le_bytes(field(bytes, 8));
        if found != FORMAT {
            return Err(ArtifactFault::Format { found });
        }
        let seal = Seal {
            shape_len: u32::from_le_bytes(field(bytes, 12)),
            code_len: u64::from_le_bytes(field(bytes, 16)),
            hash: ModuleHash::from_bytes(field(bytes, 24)),
            compatibility: Compatibility(field(bytes, 56)),
        };
        seal.check_lengths(file_len).map(|()| seal)
    }

    fn check_lengths(&self, file_len: u64) -> Result<(), ArtifactFault> {
        let rest = u64::from(self.shape_len) + SEAL_BYTES as u64;
        let fits = self.shape_len <= SHAPE_BYTES_MAX && self.code_len.checked_add(rest) == Some(file_len);
        fits.then_some(()).ok_or(ArtifactFault::NotSealed)
    }
}

/// The `N` bytes at `start`.
fn field<const N: usize>(bytes: &[u8; SEAL_BYTES], start: usize) -> [u8; N] {
    bytes[start..start + N].try_into().expect("the range has N bytes")
}

/// The code alone, of a module that may have been mapped out of a file together with its seal.
pub(crate) fn unsealed(mut code: Vec<u8>) -> Vec<u8> {
    let sealed = code.last_chunk().and_then(|seal| Seal::parse(seal, code.len() as u64).ok());
    if let Some(seal) = sealed {
        code.truncate(seal.code_len as usize);
    }
    code
}

/// What follows the code in a file: the shape, the image and the seal.
pub(crate) fn seal(code: &[u8], shape: &Shape, hash: ModuleHash, compatibility: Compatibility) -> Vec<u8> {
    let mut trailer = serde_json::to_vec(shape).expect("a shape has string keys and plain values");
    trailer.extend_from_slice(&shape.image);
    let seal = Seal {
        shape_len: trailer.len().try_into().expect("a checked module has a small shape"),
        code_len: code.len() as u64,
        hash,
        compatibility,
    };
    trailer.extend_from_slice(&seal.to_bytes());
    let checksum = blake3::Hasher::new().update(code).update(&trailer).finalize();
    trailer.extend_from_slice(checksum.as_bytes());
    trailer
}

/// The code and the shape of an artifact in memory, if it is whole, made from this module, and for this host.
pub(crate) fn unseal(
    mut bytes: Vec<u8>,
    hash: ModuleHash,
    ours: Compatibility,
) -> Result<(Vec<u8>, Shape), ArtifactFault> {
    let last: &[u8; SEAL_BYTES] = bytes.last_chunk().ok_or(ArtifactFault::NotSealed)?;
    let (seal, checksum) = (Seal::parse(last, bytes.len() as u64)?, field(last, SEALED_BYTES));
    if seal.compatibility != ours {
        return Err(ArtifactFault::Foreign);
    }
    if seal.hash != hash {
        return Err(ArtifactFault::OtherModule);
    }
    if blake3::hash(&bytes[..bytes.len() - 32]) != blake3::Hash::from_bytes(checksum) {
        return Err(ArtifactFault::Damaged);
    }
    let code_len = seal.code_len as usize;
    let shape = parse_shape(&bytes[code_len..code_len + seal.shape_len as usize])?;
    bytes.truncate(code_len);
    Ok((bytes, shape))
}

/// The shape and the image that stand between the code and the seal.
fn parse_shape(bytes: &[u8]) -> Result<Shape, ArtifactFault> {
    let mut json = serde_json::Deserializer::from_slice(bytes).into_iter::<Shape>();
    let shape = json.next().and_then(Result::ok).ok_or(ArtifactFault::Damaged)?;
    let image: Box<[u8]> = bytes[json.byte_offset()..].into();
    let data_len = shape.data.map_or(0, |(start, end)| end.saturating_sub(start) as usize);
    let fits = image.is_empty() || image.len() == data_len;
    fits.then_some(Shape { image, ..shape }).ok_or(ArtifactFault::Damaged)
}

/// An open artifact whose seal has been read, and nothing else of it.
pub(crate) struct Artifact {
    file: File,
    seal: Seal,
    checksum: [u8; 32],
}

impl Artifact {
    /// Reads the seal at the end of a file.
    pub(crate) fn open(file: File) -> Result<Artifact, ArtifactFault> {
        let len = file.metadata()?.len();
        let start = len.checked_sub(SEAL_BYTES as u64).ok_or(ArtifactFault::NotSealed)?;
        let mut bytes = [0; SEAL_BYTES];
        file.read_exact_at(&mut bytes, start)?;
        let seal = Seal::parse(&bytes, len)?;
        Ok(Artifact { file, seal, checksum: field(&bytes, SEALED_BYTES) })
    }

    /// The hash of the module it was made from.
    pub(crate) fn hash(&self) -> ModuleHash {
        self.seal.hash
    }

    /// Refuses code that this host would not have made.
    pub(crate) fn check_compatibility(&self, ours: Compatibility) -> Result<(), ArtifactFault> {
        (self.seal.compatibility == ours).then_some(()).ok_or(ArtifactFault::Foreign)
    }

    /// Reads the whole file, and refuses it when it is not what its writer wrote.
    pub(crate) fn check_content(&self) -> Result<(), ArtifactFault> {
        let mut rest = self.seal.code_len + u64::from(self.seal.shape_len) + SEALED_BYTES as u64;
        let mut hasher = blake3::Hasher::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut offset = 0;
        while rest > 0 {
            let part = &mut chunk[..rest.min(CHUNK_BYTES as u64) as usize];
            self.file.read_exact_at(part, offset)?;
            hasher.update(&*part);
            offset += part.len() as u64;
            rest -= part.len() as u64;
        }
        (hasher.finalize() == self.checksum).then_some(()).ok_or(ArtifactFault::Damaged)
    }

    /// The shape of the module.
    pub(crate) fn shape(&self) -> Result<Shape, ArtifactFault> {
        let mut bytes = vec![0; self.seal.shape_len as usize];
        self.file.read_exact_at(&mut bytes, self.seal.code_len)?;
        parse_shape(&bytes)
    }

    /// Maps the code, or copies it where files may not be mapped as code.
    ///
    /// # Safety
    ///
    /// The file is what [`Module::compile_to_file`](super::Module::compile_to_file) or a cache wrote
    /// with the same [`Compatibility`], and nobody changes it while the module is in use.
    pub(crate) unsafe fn load(&self, engine: &Engine) -> Result<wasmtime::Module, ArtifactFault> {
        let file = self.file.try_clone()?;
        // SAFETY: this function's contract is that of the callee; what follows the code in the file
        // is outside every section of the object file.
        if let Ok(module) = unsafe { wasmtime::Module::deserialize_open_file(engine, file) } {
            return Ok(module);
        }
        let mut code = vec![0; usize::try_from(self.seal.code_len).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut code, 0)?;
        // SAFETY: as above.
        let module = unsafe { wasmtime::Module::deserialize(engine, code) };
        module.map_err(|error| ArtifactFault::Refused { message: format!("{error:#}") })
    }
}

/// An artifact trusted by the caller: a file of compiled code that somebody vouches for.
///
/// Loading it runs what is in it, without a sandbox around it if it is not what a host compiled.
pub struct TrustedArtifact {
    pub(crate) artifact: Artifact,
    pub(crate) path: PathBuf,
}

impl TrustedArtifact {
    /// Opens an artifact and reads its seal; to be loaded by [`Module::load_artifact`].
    ///
    /// # Safety
    ///
    /// The caller vouches that the file was written by [`Module::compile_to_file`], that nobody who is
    /// not trusted with the host itself could change it since, and that nobody changes it (replacing it
    /// is fine) as long as a module made from it is in use.
    ///
    /// [`Module::load_artifact`]: super::Module::load_artifact
    /// [`Module::compile_to_file`]: super::Module::compile_to_file
    pub unsafe fn open(path: &Path) -> Result<TrustedArtifact, LoadError> {
        let file = File::open(path).map_err(LoadError::io("open", path))?;
        match Artifact::open(file) {
            Ok(artifact) => Ok(TrustedArtifact { artifact, path: path.to_owned() }),
            Err(fault) => Err(LoadError::Artifact { path: path.to_owned(), fault }),
        }
    }

    /// Compares the whole content with its checksum, which costs about a millisecond for each
    /// megabyte or two; it finds damage, and no malice.
    pub fn check_content(self) -> Result<TrustedArtifact, LoadError> {
        self.artifact.check_content().map_err(|fault| self.blame(fault)).map(|()| self)
    }

    /// The hash of the module it was made from.
    pub fn hash(&self) -> ModuleHash {
        self.artifact.hash()
    }

    pub(crate) fn blame(&self, fault: ArtifactFault) -> LoadError {
        LoadError::Artifact { path: self.path.clone(), fault }
    }
}

impl std::fmt::Debug for TrustedArtifact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TrustedArtifact({})", self.path.display())
    }
}
