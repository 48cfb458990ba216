//! Why a module cannot be loaded: one line with the cause and the remedy.
//!
//! The doc comment of a variant says who caused it. Names that come from a module are printed
//! quoted and escaped, so that a hostile one cannot break a log line.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use flower_abi::VERSION;

use super::artifact::ArtifactFault;

/// Why a module was refused, or could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The module ends in the middle: whoever copied it, or its build, stopped too early.
    #[error("the module is truncated: it ends after {len} bytes, before its end; copy or build it again")]
    Truncated {
        /// Bytes that are there.
        len: usize,
    },

    /// The bytes are something else: whoever named the file.
    #[error("not a WebAssembly module: {what}")]
    NotWasm {
        /// What they look like, and what to do with that.
        what: &'static str,
    },

    /// A component, where a core module is needed: whoever built it.
    #[error(
        "this is a component, and the host runs core modules: build for wasm32-wasip1, without componentizing"
    )]
    Component,

    /// Not valid WebAssembly: the file was damaged, or its compiler is at fault.
    #[error("the module is not valid WebAssembly: {message} (at byte {offset:#x}); build it again")]
    Invalid {
        /// What the validator found.
        message: String,
        /// Where it found it.
        offset: usize,
    },

    /// A feature of WebAssembly that the host does not accept: how the module was built.
    #[error("the module uses {feature}, which the host does not accept: build it without")]
    Feature {
        /// What the feature is called.
        feature: String,
    },

    /// No linear memory: whoever wrote the module.
    #[error("the module has no memory: define one and export it as \"memory\"")]
    NoMemory,

    /// A memory that the host cannot reach: whoever wrote or linked the module.
    #[error("the module does not export its memory: export it as \"memory\"")]
    MemoryNotExported,

    /// An import that is not a function: how the module was linked.
    #[error(
        "the module imports the {kind} {name:?} of {module:?}, and the host provides functions only: let the module define its own"
    )]
    ImportedEntity {
        /// Memory, table, global or tag.
        kind: &'static str,
        /// The module it is imported from.
        module: String,
        /// Its name there.
        name: String,
    },

    /// A host call that this host does not have: a guest built for another version, or a misspelt name.
    #[error(
        "the module imports the unknown host call {name:?} of \"flower\": this host speaks ABI version {VERSION}; build the module for it, or use a newer host"
    )]
    UnknownCall {
        /// The call's name.
        name: String,
    },

    /// A WASI function that is not in preview 1: how the module was built.
    #[error(
        "the module imports the unknown WASI function {name:?}: the host has WASI preview 1; build for wasm32-wasip1"
    )]
    UnknownWasi {
        /// The function's name.
        name: String,
    },

    /// An import from a module that the host does not provide: how the module was built or linked.
    #[error(
        "the module imports {name:?} of the unknown module {module:?}: the host provides \"flower\" and \"wasi_snapshot_preview1\"; link the rest into the module"
    )]
    UnknownImport {
        /// The module it is imported from.
        module: String,
        /// Its name there.
        name: String,
    },

    /// A host call imported with another signature than it has: whoever declared it in the guest.
    #[error(
        "the module imports the host call {name:?} as {found}, but it is {expected}: correct its declaration"
    )]
    ImportSignature {
        /// The call's name.
        name: String,
        /// Its signature.
        expected: String,
        /// The signature it was imported with.
        found: String,
    },

    /// Nothing an actor could be entered by: whoever wrote or linked the module.
    #[error(
        "the module exports nothing to run: export _start, or a function () -> (), (i32) -> () or (i32) -> i32"
    )]
    NothingToRun,

    /// An export that the host looks for is not what it has to be: whoever wrote the module.
    #[error("the module exports {name:?} as {found}, but it has to be {expected}")]
    ExportSignature {
        /// The export's name.
        name: String,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: String,
    },

    /// There is no such entry: whoever asked for it.
    #[error("the module has no entry {name:?}: it has {known}")]
    NoEntry {
        /// The name asked for.
        name: String,
        /// The entries that there are.
        known: String,
    },

    /// The export asked for cannot be entered: whoever asked for it, or wrote it.
    #[error(
        "{name:?} cannot be an entry, because it is {found}: an entry is a function () -> (), (i32) -> () or (i32) -> i32"
    )]
    EntrySignature {
        /// The export's name.
        name: String,
        /// What it is.
        found: String,
    },

    /// Larger than the host compiles: whoever wrote or built the module.
    #[error("{what} is {value}, over the limit of {max}: make the module smaller")]
    Limit {
        /// What is limited.
        what: String,
        /// How much the module has.
        value: u64,
        /// How much it may have.
        max: u64,
    },

    /// Built for a newer host: whoever runs it here.
    #[error("the module needs ABI version {asked}, and this host speaks version {VERSION}: use a newer host")]
    AbiVersion {
        /// The version that the module declares.
        asked: u32,
    },

    /// The declaration of the ABI version cannot be read: whoever wrote the module.
    #[error("the custom section \"flower.abi\" has {len} bytes, but it has to hold numbers of 4 bytes each")]
    AbiSection {
        /// Its length.
        len: usize,
    },

    /// Not valid WebAssembly text: whoever wrote it.
    #[error("the WebAssembly text is not valid: {message}")]
    Wat {
        /// What the parser found, with line and column.
        message: String,
    },

    /// Valid, but the engine cannot compile it: an implementation limit or a bug of the engine.
    #[error("the engine cannot compile the module: {message}")]
    Compile {
        /// What the engine says.
        message: String,
    },

    /// Too costly to compile, in a process that has limits: whoever wrote or built the module.
    #[error("compiling the module took {what}: make the module smaller, or give the compiler more")]
    CompilerLimit {
        /// What it took more of than it has.
        what: String,
    },

    /// A file or folder could not be read or written: its owner, or whoever named it.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },

    /// A compiled artifact that cannot be used: whoever made, copied or named it.
    #[error("cannot use the compiled artifact {}: {fault}", path.display())]
    Artifact {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: ArtifactFault,
    },

    /// The cache folder could be written by somebody else: whoever set its rights.
    #[error("cannot keep compiled modules in {}: {why}; what is loaded from there is run without further checks", path.display())]
    CacheFolder {
        /// Which folder.
        path: PathBuf,
        /// What is wrong with it, and the remedy.
        why: &'static str,
    },
}

impl LoadError {
    /// An I/O error that names its file; made for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LoadError {
        move |error| LoadError::Io { action, path: path.to_owned(), error }
    }

    /// Refuses `value` when it is over `max`; `what` is written out only then.
    pub(crate) fn check_limit(what: impl fmt::Display, value: u64, max: u64) -> Result<(), LoadError> {
        if value <= max {
            return Ok(());
        }
        Err(LoadError::Limit { what: what.to_string(), value, max })
    }
}
