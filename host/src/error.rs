//! Errors of the embedder's API, one enum for each boundary. Those of loading stand in
//! [`module`](crate::module).

use std::io;
use std::path::PathBuf;

use flower_abi::Status;

use crate::module::LoadError;

/// Why a host could not be made. The embedder, or the machine, is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The embedder asked for no workers.
    #[error("a host needs at least one worker")]
    NoWorkers,
    /// The embedder asked for more workers than any machine has processors.
    #[error("a host may have {} workers at most", crate::limits::WORKERS_MAX)]
    TooManyWorkers,
    /// The engine does not work on this machine, or its configuration is wrong.
    #[error("the WebAssembly engine could not be made: {0:#}")]
    Engine(wasmtime::Error),
    /// The folder for compiled modules cannot be used.
    #[error(transparent)]
    Cache(#[from] LoadError),
    /// The folder for crash reports cannot be used.
    #[error("cannot write crash reports to {}: {error}; name a folder that can be made and written to", path.display())]
    CrashFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The certificates or the key for TLS are of no use.
    #[error("TLS: {0}; give certificates, and for servers their key, in PEM")]
    Tls(String),
    /// The operating system refused a thread or a descriptor.
    #[error("the operating system refused a thread or a descriptor: {0}")]
    Io(#[from] io::Error),
}

/// Why an actor could not be spawned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The module was not loaded into this host: the embedder is at fault.
    #[error("no module {name:?} is loaded in this host: load it here first")]
    UnknownModule {
        /// The name of the module.
        name: String,
    },
    /// The module has no such entry: whoever named it is at fault.
    #[error(transparent)]
    Entry(#[from] LoadError),
    /// The host refused it.
    #[error("the host refused it: {status}")]
    Refused {
        /// Why.
        status: Status,
    },
}

impl From<Status> for SpawnError {
    fn from(status: Status) -> SpawnError {
        SpawnError::Refused { status }
    }
}
