//! The module's half of the question: could this actor be snapshotted now, or why not?
//!
//! Between two messages of a handler an instance is its memory, its globals, its tables and which
//! of its passive segments have been dropped. The host can read and write the memory and the
//! *exported* globals, so a module can be snapshotted when nothing else ever changes. It cannot
//!
//! - with a mutable global that is not exported, or one that holds a reference (there is no number
//!   to write down for it);
//! - with an instruction that changes a table (`table.set`, `grow`, `fill`, `copy`, `init`): tables
//!   are then no longer what instantiation made them;
//! - with a table of anything but functions (`externref`, `exnref`);
//! - with `data.drop` or `elem.drop`: the host cannot see what was dropped;
//! - with a start section, which would run again when a snapshot is restored.
//!
//! The actor's half (it is idle, it is a handler, it holds no open files) is not decided here. The
//! transform stage will remove the first obstacle.

use std::collections::BTreeSet;

use wasmparser::types::TypesRef;
use wasmparser::{GlobalType, Operator, RefType, ValType};

/// What the code of a module may change behind the host's back.
#[derive(Debug, Default)]
pub(crate) struct Mutations {
    /// It has a start section.
    pub(crate) start_function: bool,
    tables: bool,
    segments: bool,
}

impl Mutations {
    /// Takes one instruction into account.
    pub(crate) fn note(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. } => self.tables = true,
            Operator::DataDrop { .. } | Operator::ElemDrop { .. } => self.segments = true,
            _ => {}
        }
    }
}

/// Everything that stands in the way, in one line; `None` when nothing does.
pub(crate) fn obstacle(
    types: TypesRef<'_>,
    exported_globals: &BTreeSet<u32>,
    mutations: &Mutations,
) -> Option<String> {
    let found = [
        hidden_globals(types, exported_globals),
        reference_globals(types),
        foreign_tables(types),
        mutations.tables.then(|| "its code changes a table".to_owned()),
        mutations.segments.then(|| "its code drops data or element segments".to_owned()),
        mutations.start_function.then(|| "its start section would run again".to_owned()),
    ];
    let found: Vec<String> = found.into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join("; "))
}

fn hidden_globals(types: TypesRef<'_>, exported: &BTreeSet<u32>) -> Option<String> {
    count("mutable and not exported", globals(types, |index, _| !exported.contains(&index)))
}

fn reference_globals(types: TypesRef<'_>) -> Option<String> {
    count("mutable and a reference", globals(types, |_, ty| matches!(ty.content_type, ValType::Ref(_))))
}

/// The mutable globals for which `chosen` holds.
fn globals<'a>(
    types: TypesRef<'a>,
    chosen: impl Fn(u32, GlobalType) -> bool + 'a,
) -> impl Iterator<Item = u32> + 'a {
    (0..types.global_count()).filter(move |index| {
        let ty = types.global_at(*index);
        ty.mutable && chosen(*index, ty)
    })
}

fn count(what: &str, mut globals: impl Iterator<Item = u32>) -> Option<String> {
    let first = globals.next()?;
    Some(match globals.count() {
        0 => format!("global {first} is {what}"),
        more => format!("{} globals are {what} (the first is {first})", more + 1),
    })
}

fn foreign_tables(types: TypesRef<'_>) -> Option<String> {
    let foreign = |index: &u32| types.table_at(*index).element_type != RefType::FUNCREF;
    let first = (0..types.table_count()).find(foreign)?;
    Some(format!("table {first} holds {}", types.table_at(first).element_type))
}
