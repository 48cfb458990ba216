//! One walk over the sections of a module: limits, features and validity, and what to know of it later.

use std::collections::BTreeSet;
use std::mem;

use wasmparser::types::Types;
use wasmparser::{
    Chunk, CustomSectionReader, DataKind, DataSectionReader, ElementItems, ElementSectionReader, Encoding,
    ExportSectionReader, ExternalKind, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator,
    OperatorsReader, Parser, Payload, TableSectionReader, ValidPayload, Validator, ValidatorResources,
    WasmFeatures,
};

use super::error::LoadError;
use super::snapshot::{self, Mutations};
use super::validate::{
    BODY_BYTES_MAX, DATA_SEGMENTS_MAX, ELEMENT_SEGMENTS_MAX, ELEMENTS_MAX, EXPORTS_MAX, FUNCTIONS_MAX,
    GLOBALS_MAX, IMPORTS_MAX, LOOP_DEPTH_MAX, LOOPS_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX, TAGS_MAX, TYPES_MAX,
};

/// The custom section in which a module declares the ABI version that it needs.
const ABI_SECTION: &str = "flower.abi";

/// What one walk over a module finds.
pub(crate) struct Walked {
    pub(crate) types: Types,
    /// The ABI version that it declares, or 0.
    pub(crate) abi_version: u32,
    /// Why its actors could not be snapshotted.
    pub(crate) obstacle: Option<String>,
    /// From where to where its data is put into each actor's memory.
    pub(crate) data: Option<(u32, u32)>,
}

/// Why a walk stopped.
pub(crate) enum Fault {
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

/// Goes over all sections, and validates every function.
pub(crate) fn walk(module: &[u8], features: WasmFeatures) -> Result<Walked, Fault> {
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
    /// How far the data reaches.
    extent: Option<(u32, u32)>,
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
            extent: None,
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
            Payload::DataSection(section) => {
                self.data_awaited = false;
                self.data(section)?;
            }
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
        let index = function.index;
        let len = body.range().len() as u64;
        LoadError::check_limit(format_args!("the size of function {index}"), len, BODY_BYTES_MAX)?;
        let mut validator = function.into_validator(mem::take(&mut self.allocations));
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        let mut operators = OperatorsReader::new(reader);
        let mut loops = Loops { function: index, count: 0, open: Vec::new() };
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            validator.op(offset, &operator)?;
            loops.note(&operator, validator.control_stack_height())?;
            self.mutations.note(&operator);
        }
        operators.finish()?;
        self.allocations = validator.into_allocations();
        Ok(())
    }

    /// How far the active segments reach whose place is a constant.
    fn data(&mut self, section: &DataSectionReader<'_>) -> Result<(), Fault> {
        for data in section.clone() {
            let data = data?;
            let DataKind::Active { offset_expr, .. } = &data.kind else { continue };
            if let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? {
                let start = value as u32;
                let end = start.saturating_add(data.data.len() as u32);
                self.extent =
                    Some(self.extent.map_or((start, end), |(low, high)| (low.min(start), high.max(end))));
            }
        }
        Ok(())
    }

    fn finish(self, types: Types) -> Walked {
        let obstacle = snapshot::obstacle(types.as_ref(), &self.exported_globals, &self.mutations);
        Walked { types, abi_version: self.abi_version, obstacle, data: self.extent }
    }
}

/// The loops of one function.
struct Loops {
    function: u32,
    count: u64,
    /// The height of the control stack inside each loop that is open.
    open: Vec<u32>,
}

impl Loops {
    /// Takes an instruction into account; `height` is that of the control stack behind it.
    fn note(&mut self, operator: &Operator<'_>, height: u32) -> Result<(), LoadError> {
        while self.open.last().is_some_and(|inside| *inside > height) {
            self.open.pop();
        }
        if !matches!(operator, Operator::Loop { .. }) {
            return Ok(());
        }
        self.count += 1;
        self.open.push(height);
        let function = self.function;
        LoadError::check_limit(
            format_args!("the number of loops in function {function}"),
            self.count,
            LOOPS_MAX,
        )?;
        let depth = self.open.len() as u64;
        LoadError::check_limit(
            format_args!("the depth of loops in function {function}"),
            depth,
            LOOP_DEPTH_MAX,
        )
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
    LoadError::check_limit(format_args!("the number of {what}"), count.into(), max)
}
