//! The stage between checking and compiling, where the host may rewrite a module.
//!
//! It lifts the data that every instance would be given out of the module: what the memory holds at the
//! start becomes an image, which actors share as long as they do not write to it (see `crate::image`).
//! The segments stay, empty, so that their numbers do; an active segment reads as empty anyway once
//! the instance is made. Later this stage also exports mutable globals, so that a snapshot can read
//! them. [`VERSION`] is part of the key of every compiled artifact.

use wasm_encoder::{ConstExpr, DataSection, RawSection};
use wasmparser::{Data, DataKind, DataSectionReader, Operator, Parser, Payload};

use crate::limits::IMAGE_BYTES_MAX;

/// Raised with every change of [`apply`]: artifacts of another version are compiled again.
pub(crate) const VERSION: u32 = 1;

/// Bytes of a page of linear memory.
const WASM_PAGE: u64 = 64 << 10;

/// A module without its data, and what the data makes of the memory.
pub(crate) struct Lifted {
    pub(crate) module: Vec<u8>,
    /// The bytes from the lowest to the highest that a segment sets.
    pub(crate) image: Box<[u8]>,
}

/// Rewrites a checked module; `None` when there is nothing to lift, or something in the way: a segment
/// whose place is not a constant or not in the memory, more data than an image may have, or exceptions,
/// for which the engine makes a memory of its own.
pub(crate) fn apply(module: &[u8]) -> Option<Lifted> {
    let mut lifted = wasm_encoder::Module::new();
    let mut memory_bytes = 0;
    let mut image = None;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        match &payload {
            Payload::TagSection(_) => return None,
            Payload::MemorySection(memories) => {
                memory_bytes = memories.clone().into_iter().next()?.ok()?.initial * WASM_PAGE;
            }
            Payload::DataSection(section) => {
                let segments = section.clone().into_iter().collect::<Result<Vec<_>, _>>().ok()?;
                image = Some(image_of(&segments, memory_bytes)?);
                lifted.section(&emptied(section)?);
                continue;
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            lifted.section(&RawSection { id, data: &module[range] });
        }
    }
    Some(Lifted { module: lifted.finish(), image: image? })
}

/// What the active segments make of the memory, in their order.
fn image_of(segments: &[Data<'_>], memory_bytes: u64) -> Option<Box<[u8]>> {
    let active = segments.iter().filter(|segment| !matches!(segment.kind, DataKind::Passive));
    let placed: Vec<(usize, &[u8])> = active.map(place).collect::<Option<_>>()?;
    let start = placed.iter().map(|(at, _)| *at).min()?;
    let end = placed.iter().map(|(at, data)| at + data.len()).max()?;
    if end as u64 > memory_bytes || end - start > IMAGE_BYTES_MAX || end == start {
        return None;
    }
    let mut image = vec![0; end - start];
    for (at, data) in placed {
        image[at - start..][..data.len()].copy_from_slice(data);
    }
    Some(image.into())
}

/// Where an active segment goes, and what it puts there; `None` if the place is not a constant.
fn place<'a>(segment: &Data<'a>) -> Option<(usize, &'a [u8])> {
    let DataKind::Active { offset_expr, .. } = &segment.kind else { return None };
    let mut operators = offset_expr.get_operators_reader();
    match (operators.read().ok()?, operators.read().ok()?) {
        (Operator::I32Const { value }, Operator::End) => Some((value as u32 as usize, segment.data)),
        _ => None,
    }
}

/// The same segments, of which the active ones hold nothing.
fn emptied(section: &DataSectionReader<'_>) -> Option<DataSection> {
    let mut emptied = DataSection::new();
    for segment in section.clone() {
        let segment = segment.ok()?;
        match segment.kind {
            DataKind::Passive => emptied.passive(segment.data.iter().copied()),
            DataKind::Active { .. } => emptied.active(0, &ConstExpr::i32_const(0), []),
        };
    }
    debug_assert_eq!(emptied.len(), section.count(), "every segment keeps its number");
    Some(emptied)
}
