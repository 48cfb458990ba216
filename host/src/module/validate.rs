//! Checks a module before anything is compiled: limits, features, validity, and what it imports and
//! exports.
//!
//! One walk over the sections does the first three ([`walk`]), so that a number over its limit is
//! refused before anything is allocated for it; [`contract`] does the rest on the types that the
//! walk found. The time is proportional to the bytes, nothing recurses, and no input makes it panic.

use flower_abi::VERSION;
use serde::{Deserialize, Serialize};
use wasmparser::WasmFeatures;

use super::contract;
use super::entry::EntrySignature;
use super::error::LoadError;
use super::features::{self, features};
use super::walk::{Fault, walk};

/// Bytes of a module, or of its text: reading, hashing and checking it take time and memory for each.
pub(crate) const MODULE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Functions defined and imported: the engine keeps tables of them, and compiles each.
pub(crate) const FUNCTIONS_MAX: u64 = 100_000;
/// Bytes of one function's body: the compiler's time and memory grow faster than it.
pub(crate) const BODY_BYTES_MAX: u64 = 1024 * 1024;
/// Loops of one function: each is a place where it can be preempted, and the compiler's time grows
/// with the square of their number (10,000 of them, in 70 KB, take it 8 s).
pub(crate) const LOOPS_MAX: u64 = 2_000;
/// Loops inside one another: the compiler's time grows with more than the square of that.
pub(crate) const LOOP_DEPTH_MAX: u64 = 200;
/// Function types: the engine keeps each for as long as the module lives.
pub(crate) const TYPES_MAX: u64 = 10_000;
/// Imports: each is looked up at link time and has a slot in every instance.
pub(crate) const IMPORTS_MAX: u64 = 1_000;
/// Exports: the host keeps those that can be entered, by name.
pub(crate) const EXPORTS_MAX: u64 = 10_000;
/// Bytes of an import's or export's name, which appears in errors and logs.
pub(crate) const NAME_BYTES_MAX: u64 = 1_024;
/// Globals: each takes 16 bytes in every instance.
pub(crate) const GLOBALS_MAX: u64 = 10_000;
/// Tables: each is an allocation in every instance.
pub(crate) const TABLES_MAX: u64 = 16;
/// Elements that the tables have from the start, all together: 8 bytes each in every instance.
pub(crate) const TABLE_ELEMENTS_MAX: u64 = 100_000;
/// Element segments: active ones are copied into the tables of every instance.
pub(crate) const ELEMENT_SEGMENTS_MAX: u64 = 10_000;
/// Elements of all segments together: one byte of a module becomes 4 to 16 bytes of the engine.
pub(crate) const ELEMENTS_MAX: u64 = 200_000;
/// Data segments: active ones are copied into the memory of every instance.
pub(crate) const DATA_SEGMENTS_MAX: u64 = 10_000;
/// Exception tags: each takes room in every instance.
pub(crate) const TAGS_MAX: u64 = 1_000;

/// Raised with every change of what this stage refuses, or of [`Shape`]: artifacts that were checked
/// by older rules are made again.
pub(crate) const RULES_VERSION: u32 = 2;

// A limit that exceeds wasmparser's own would never be the one that is named.
const _: () = assert!(BODY_BYTES_MAX < MODULE_BYTES_MAX && BODY_BYTES_MAX < 7_654_321);
const _: () = assert!(IMPORTS_MAX < FUNCTIONS_MAX && NAME_BYTES_MAX < 100_000);

/// What the host has to know of a checked module; kept beside its compiled code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// The functions that it can be entered by.
    pub(crate) entries: Vec<(String, EntrySignature)>,
    /// It exports `_initialize`.
    pub(crate) initialize: bool,
    /// It exports `flower_initialize`.
    pub(crate) flower_initialize: bool,
    /// It exports `flower_inbox`.
    pub(crate) inbox: bool,
    /// Why its actors could not be snapshotted.
    pub(crate) snapshot_obstacle: Option<String>,
    /// From where to where its data is put into each actor's memory.
    pub(crate) data: Option<(u32, u32)>,
    /// That data, if it was lifted out of the code; beside the rest in an artifact, and not in it.
    #[serde(skip)]
    pub(crate) image: Box<[u8]>,
}

/// Checks a module; nothing is compiled, and nothing of it is kept but its shape.
pub(crate) fn inspect(module: &[u8]) -> Result<Shape, LoadError> {
    check_magic(module)?;
    let walked = walk(module, features()).map_err(|fault| blame(module, fault))?;
    if walked.abi_version > VERSION {
        return Err(LoadError::AbiVersion { asked: walked.abi_version });
    }
    let found = contract::check(walked.types.as_ref())?;
    Ok(Shape {
        entries: found.entries,
        initialize: found.initialize,
        flower_initialize: found.flower_initialize,
        inbox: found.inbox,
        snapshot_obstacle: walked.obstacle,
        data: walked.data,
        image: Box::default(),
    })
}

fn check_magic(module: &[u8]) -> Result<(), LoadError> {
    const MAGIC: &[u8] = b"\0asm";
    if !module.is_empty() && module.starts_with(&MAGIC[..module.len().min(MAGIC.len())]) {
        return Ok(());
    }
    let what = match module {
        [] => "the file is empty",
        [0x7f, b'E', b'L', b'F', ..] => "it is an ELF file; if the host compiled it, load it as an artifact",
        [b'(' | b';', ..] => "it looks like WebAssembly text; name the file .wat",
        _ => "it does not begin with \\0asm; build a program for wasm32-wasip1",
    };
    Err(LoadError::NotWasm { what })
}

/// The error that says what was wrong with `module`.
fn blame(module: &[u8], fault: Fault) -> LoadError {
    match fault {
        Fault::Truncated => LoadError::Truncated { len: module.len() },
        Fault::Refused(error) => error,
        Fault::Wasm(error) => match missing_feature(module, &error) {
            Some(feature) => LoadError::Feature { feature: features::name_of(feature) },
            None => LoadError::Invalid { message: error.message().to_owned(), offset: error.offset() },
        },
    }
}

/// The feature without which `error` came up, if it was one.
///
/// Where the validator does not say, each refused feature is tried: the right one lets the walk
/// pass the place of the error.
fn missing_feature(module: &[u8], error: &wasmparser::Error) -> Option<WasmFeatures> {
    let moves = |feature: &WasmFeatures| match walk(module, features().union(*feature)) {
        Err(Fault::Wasm(other)) => other.offset() > error.offset(),
        _ => true,
    };
    error.missing_wasm_feature().or_else(|| features::REFUSED.iter().map(|(feature, _)| *feature).find(moves))
}
