//! Checks a module before anything is compiled: limits, features, validity, and what it imports and
//! exports.
//!
//! One walk over the sections does the first three, so that a number over its limit is refused
//! before anything is allocated for it; [`contract`] does the rest on the types that the walk found.
//! Every function is O(bytes), nothing recurses, and no input makes it panic.

use std::collections::BTreeSet;
use std::mem;

use flower_abi::VERSION;
use serde::{Deserialize, Serialize};
use wasmparser::types::Types;
use wasmparser::{
    Chunk, CustomSectionReader, ElementItems, ElementSectionReader, Encoding, ExportSectionReader, ExternalKind, FuncToValidate,
    FuncValidatorAllocations, FunctionBody, OperatorsReader, Parser, Payload, TableSectionReader,
    ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use super::contract;
use super::entry::EntrySignature;
use super::error::LoadError;
use super::features::{self, features};
use super::snapshot::{self, Mutations};

/// Bytes of a module, or of its text: reading, hashing and checking it take time and memory for each.
pub(crate) const MODULE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Functions defined and imported: the engine keeps tables of them, and compiles each.
pub(crate) const FUNCTIONS_MAX: u64 = 100_000;
/// Bytes of one function's body: the compiler's time and memory grow faster than it.
pub(crate) const BODY_BYTES_MAX: u64 = 1024 * 1024;
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
pub(crate) const RULES_VERSION: u32 = 1;

/// The custom section in which a module declares the ABI version that it needs.
const ABI_SECTION: &str = "flower.abi";

// The name of an entry has to fit into what an error shows, and no limit may exceed wasmparser's own.
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
}

/// Checks a module; nothing is compiled, and nothing of it is kept but its shape.
pub(crate) fn inspect(module: &[u8]) -> Result<Shape, LoadError> {
    check_magic(module)?;
    let walked = walk(module, features()).map_err(|fault| fault.blame(module))?;
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
    })
}

fn check_magic(module: &[u8]) -> Result<(), LoadError> {
    const MAGIC: &[u8] = b"\0asm";
    if !module.is_empty() && module.starts_with(&MAGIC[..module.len().min(MAGIC.len())]) {
        return Ok(());
    }
    let what = match module {
        [] => "the file is empty",
        [0x7f, b'E', b'L', b'F', ..] => {
            "it is an ELF file; if the host compiled it, load it as an artifact"
        }
        [b'(' | b';', ..] => "it looks like WebAssembly text; name the file .wat",
        _ => "it does not begin with \\0asm; build a program for wasm32-wasip1",
    };
    Err(LoadError::NotWasm { what })
}

/// What one walk over a module finds.
struct Walked {
    types: Types,
    /// The version that it declares, or 0.
    abi_version: u32,
    obstacle: Option<String>,
}

/// Why a walk stopped.
enum Fault {
    /// The bytes end too early.
    Truncated,
    /// The validator refuses it.
    Wasm(wasmparser::Error),
    /// A rule of ours refuses it.
    Refused(LoadError),
}

impl From<wasmparser::Error> for Fault {
    fn from(error: wasmparser::Error) -> Fault {
        Fault::Wasm(error)
    }
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Fault {
        Fault::Refused(error)
    }
}

impl Fault {
    /// The error that says what was wrong with `module`.
    fn blame(self, module: &[u8]) -> LoadError {
        match self {
            Fault::Truncated => LoadError::Truncated { len: module.len() },
            Fault::Refused(error) => error,
            Fault::Wasm(error) => match missing_feature(module, &error) {
                Some(feature) => LoadError::Feature { feature: features::name_of(feature) },
                None => LoadError::Invalid { message: error.message().to_owned(), offset: error.offset() },
            },
        }
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
    error
        .missing_wasm_feature()
        .or_else(|| features::REFUSED.iter().map(|(feature, _)| *feature).find(moves))
}

/// Goes over all sections, and validates every function.
fn walk(module: &[u8], features: WasmFeatures) -> Result<Walked, Fault> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut walk = Walk::new(features);
    let mut rest = module;
    loop {
        let (payload, consumed) = next_payload(&mut parser, rest)?;
        rest = &rest[consumed..];
        if let Some(types) = walk.payload(&payload)? {
            return Ok(walk.finish(types));
        }
    }
}

fn next_payload<'a>(parser: &mut Parser, rest: &'a [u8]) -> Result<(Payload<'a>, usize), Fault> {
    match parser.parse(rest, false)? {
        Chunk::Parsed { payload, consumed } => Ok((payload, consumed)),
        // The end of the file is fine between two sections and nowhere else.
        Chunk::NeedMoreData(_) => match parser.parse(rest, true) {
            Ok(Chunk::Parsed { payload, consumed }) => Ok((payload, consumed)),
            _ => Err(Fault::Truncated),
        },
    }
}

/// A walk under way.
struct Walk {
    validator: Validator,
    allocations: FuncValidatorAllocations,
    functions: u64,
    /// Functions were declared, and their bodies have not been seen yet.
    bodies_awaited: bool,
    /// Data segments were announced, and have not been seen yet.
    data_awaited: bool,
    table_elements: u64,
    elements: u64,
    abi_version: u32,
    exported_globals: BTreeSet<u32>,
    mutations: Mutations,
}

impl Walk {
    fn new(features: WasmFeatures) -> Walk {
        Walk {
            validator: Validator::new_with_features(features),
            allocations: FuncValidatorAllocations::default(),
            functions: 0,
            bodies_awaited: false,
            data_awaited: false,
            table_elements: 0,
            elements: 0,
            abi_version: 0,
            exported_globals: BTreeSet::new(),
            mutations: Mutations::default(),
        }
    }

    /// Takes one section, or one body; gives the types at the end.
    fn payload(&mut self, payload: &Payload<'_>) -> Result<Option<Types>, Fault> {
        check_count(payload)?;
        self.note(payload)?;
        match self.validator.payload(payload)? {
            ValidPayload::Func(function, body) => self.body(function, &body).map(|()| None),
            ValidPayload::End(types) => Ok(Some(types)),
            ValidPayload::Ok | ValidPayload::Parser(_) => Ok(None),
        }
    }

    /// Keeps what later checks need; before the validator has seen the section.
    fn note(&mut self, payload: &Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => return Err(LoadError::Component.into()),
            Payload::ImportSection(section) => self.functions(section.count())?,
            Payload::FunctionSection(section) => {
                self.functions(section.count())?;
                self.bodies_awaited = section.count() > 0;
            }
            Payload::TableSection(section) => self.tables(section)?,
            Payload::ExportSection(section) => self.exports(section)?,
            Payload::ElementSection(section) => self.elements(section)?,
            Payload::StartSection { .. } => self.mutations.start_function = true,
            Payload::CodeSectionStart { .. } => self.bodies_awaited = false,
            Payload::DataCountSection { count, .. } => self.data_awaited = *count > 0,
            Payload::DataSection(_) => self.data_awaited = false,
            Payload::CustomSection(section) if section.name() == ABI_SECTION => self.abi(section)?,
            Payload::End(_) if self.bodies_awaited || self.data_awaited => return Err(Fault::Truncated),
            _ => {}
        }
        Ok(())
    }

    /// Imports of another kind are counted as functions; they are refused anyway.
    fn functions(&mut self, count: u32) -> Result<(), LoadError> {
        self.functions += u64::from(count);
        LoadError::check_limit("the number of functions", self.functions, FUNCTIONS_MAX)
    }

    fn tables(&mut self, section: &TableSectionReader<'_>) -> Result<(), Fault> {
        for table in section.clone() {
            self.table_elements = self.table_elements.saturating_add(table?.ty.initial);
        }
        LoadError::check_limit("the size of the tables", self.table_elements, TABLE_ELEMENTS_MAX)?;
        Ok(())
    }

    fn elements(&mut self, section: &ElementSectionReader<'_>) -> Result<(), Fault> {
        for segment in section.clone() {
            self.elements += match segment?.items {
                ElementItems::Functions(items) => u64::from(items.count()),
                ElementItems::Expressions(_, items) => u64::from(items.count()),
            };
            LoadError::check_limit("the number of elements", self.elements, ELEMENTS_MAX)?;
        }
        Ok(())
    }

    fn exports(&mut self, section: &ExportSectionReader<'_>) -> Result<(), Fault> {
        for export in section.clone() {
            let export = export?;
            if export.kind == ExternalKind::Global {
                self.exported_globals.insert(export.index);
            }
        }
        Ok(())
    }

    /// A linker joins the sections of all object files, so there may be several numbers: the
    /// greatest is what the module needs.
    fn abi(&mut self, section: &CustomSectionReader<'_>) -> Result<(), LoadError> {
        let (versions, rest) = section.data().as_chunks::<4>();
        if versions.is_empty() || !rest.is_empty() {
            return Err(LoadError::AbiSection { len: section.data().len() });
        }
        let asked = versions.iter().map(|bytes| u32::from_le_bytes(*bytes)).max();
        self.abi_version = self.abi_version.max(asked.unwrap_or(0));
        Ok(())
    }

    fn body(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), Fault> {
        let len = body.range().len() as u64;
        LoadError::check_limit(&format!("the size of function {}", function.index), len, BODY_BYTES_MAX)?;
        let mut validator = function.into_validator(mem::take(&mut self.allocations));
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        let mut operators = OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            validator.op(offset, &operator)?;
            self.mutations.note(&operator);
        }
        operators.finish()?;
        self.allocations = validator.into_allocations();
        Ok(())
    }

    fn finish(self, types: Types) -> Walked {
        let obstacle = snapshot::obstacle(types.as_ref(), &self.exported_globals, &self.mutations);
        Walked { types, abi_version: self.abi_version, obstacle }
    }
}

/// Refuses a section with too many items, before any of them is read.
fn check_count(payload: &Payload<'_>) -> Result<(), LoadError> {
    let (what, count, max) = match payload {
        Payload::TypeSection(section) => ("types", section.count(), TYPES_MAX),
        Payload::ImportSection(section) => ("imports", section.count(), IMPORTS_MAX),
        Payload::TableSection(section) => ("tables", section.count(), TABLES_MAX),
        Payload::TagSection(section) => ("tags", section.count(), TAGS_MAX),
        Payload::GlobalSection(section) => ("globals", section.count(), GLOBALS_MAX),
        Payload::ExportSection(section) => ("exports", section.count(), EXPORTS_MAX),
        Payload::ElementSection(section) => ("element segments", section.count(), ELEMENT_SEGMENTS_MAX),
        Payload::DataCountSection { count, .. } => ("data segments", *count, DATA_SEGMENTS_MAX),
        Payload::DataSection(section) => ("data segments", section.count(), DATA_SEGMENTS_MAX),
        _ => return Ok(()),
    };
    LoadError::check_limit(&format!("the number of {what}"), count.into(), max)
}
