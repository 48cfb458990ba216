//! Lines of source code for the functions of a backtrace, from a module's DWARF.
//!
//! The sections are a guest's: they are looked into for reports alone, after the nesting of their entries was
//! checked, since their reader walks it by recursion.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, Error, LittleEndian};

use crate::limits::{DEBUG_INFO_BYTES_MAX, DEBUG_INFO_DEPTH_MAX, INLINED_FRAMES_MAX};

/// Name and content of a custom section.
type Kept = (Box<str>, Box<[u8]>);

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// The number of custom sections in a module.
const CUSTOM: u8 = 0;

/// The number of the code section.
const CODE: u8 = 10;

/// Bytes in front of a module's first section.
const HEADER: usize = 8;

/// What of a module tells where its instructions come from.
pub(crate) struct DebugInfo {
    /// By name; the leading dot included.
    sections: Box<[Kept]>,
    /// Where the bodies of the functions begin in the code section.
    bodies: Box<[u32]>,
    /// Whether it may be read.
    is_sound: OnceLock<bool>,
}

/// A function at a place of the source: the one of the instruction, or one that it was put into.
pub(super) struct Place {
    pub(super) function: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

impl DebugInfo {
    /// What a checked module has; `None` if it has nothing, or too much to be kept.
    pub(crate) fn of(module: &[u8]) -> Option<Arc<DebugInfo>> {
        let bytes: usize = debug_sections(module).map(|(_, bytes)| bytes.len()).sum();
        if bytes == 0 || bytes > DEBUG_INFO_BYTES_MAX {
            return None;
        }
        let code = sections_of(module, CODE)?;
        let sections = debug_sections(module).map(|(name, bytes)| (name.into(), bytes.into())).collect();
        Some(Arc::new(DebugInfo { sections, bodies: bodies(&module[code]), is_sound: OnceLock::new() }))
    }

    /// The places of instructions, which are named by the function, without the imported ones, and the distance
    /// from its beginning. Of each the innermost first; an empty list where nothing is known.
    pub(super) fn places(&self, instructions: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<Place>> {
        let is_sound = *self.is_sound.get_or_init(|| is_shallow(&self.dwarf()).unwrap_or(false));
        let context = if is_sound { Context::from_dwarf(self.dwarf()).ok() } else { None };
        let place = |(function, offset): (usize, usize)| {
            let context = context.as_ref()?;
            let address = u64::from(*self.bodies.get(function)?) + offset as u64;
            Some(places_at(context, address))
        };
        instructions.map(|instruction| place(instruction).unwrap_or_default()).collect()
    }

    fn dwarf(&self) -> Dwarf<Bytes<'_>> {
        let section = |name: &str| {
            let found = self.sections.iter().find(|(known, _)| **known == *name);
            EndianSlice::new(found.map_or(&[][..], |(_, bytes)| bytes), LittleEndian)
        };
        let loaded = Dwarf::load(|id| Ok::<_, std::convert::Infallible>(section(id.name())));
        match loaded {
            Ok(dwarf) => dwarf,
        }
    }
}

fn places_at(context: &Context<Bytes<'_>>, address: u64) -> Vec<Place> {
    let mut places = Vec::new();
    let Ok(mut frames) = context.find_frames(address).skip_all_loads() else { return places };
    while let Ok(Some(frame)) = frames.next()
        && places.len() < INLINED_FRAMES_MAX
    {
        let location = frame.location;
        places.push(Place {
            function: frame.function.and_then(|name| Some(name.raw_name().ok()?.into_owned())),
            file: location.as_ref().and_then(|location| location.file).map(str::to_owned),
            line: location.as_ref().and_then(|location| location.line),
            column: location.as_ref().and_then(|location| location.column),
        });
    }
    places
}

/// Whether no entry lies deeper in others than the reader of entries can follow.
fn is_shallow(dwarf: &Dwarf<Bytes<'_>>) -> Result<bool, Error> {
    let mut units = dwarf.units();
    while let Some(unit) = units.next()? {
        let abbreviations = dwarf.abbreviations(&unit)?;
        let mut entries = unit.entries_raw(&abbreviations, None)?;
        while !entries.is_empty() {
            if entries.next_depth() > DEBUG_INFO_DEPTH_MAX {
                return Ok(false);
            }
            if let Some(abbreviation) = entries.read_abbreviation()? {
                entries.skip_attributes(abbreviation.attributes())?;
            }
        }
    }
    Ok(true)
}

/// A section of a module.
struct Section {
    id: u8,
    range: Range<usize>,
}

impl Section {
    /// Name and content of a custom section.
    fn custom<'a>(&self, module: &'a [u8]) -> Option<(&'a str, &'a [u8])> {
        let content = module.get(self.range.clone()).filter(|_| self.id == CUSTOM)?;
        let (len, at) = number(content, 0)?;
        let name = content.get(at..at.checked_add(len as usize)?)?;
        Some((std::str::from_utf8(name).ok()?, &content[at + name.len()..]))
    }
}

/// The sections of a module, without a look into them.
fn sections(module: &[u8]) -> impl Iterator<Item = Section> + '_ {
    let mut at = HEADER;
    std::iter::from_fn(move || {
        let id = *module.get(at)?;
        let (len, start) = number(module, at + 1)?;
        at = start.checked_add(len as usize).filter(|end| *end <= module.len())?;
        Some(Section { id, range: start..at })
    })
}

/// Name and content of the sections with debug information.
fn debug_sections(module: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let custom = sections(module).filter_map(|section| section.custom(module));
    custom.filter(|(name, _)| name.starts_with(".debug_"))
}

fn sections_of(module: &[u8], id: u8) -> Option<Range<usize>> {
    sections(module).find(|section| section.id == id).map(|section| section.range)
}

/// Where the functions of a code section begin in it.
fn bodies(code: &[u8]) -> Box<[u32]> {
    let next = |at: &mut usize| {
        let (len, start) = number(code, *at)?;
        *at = start + len as usize;
        (*at <= code.len()).then_some(start as u32)
    };
    let Some((_, mut at)) = number(code, 0) else { return Box::default() };
    std::iter::from_fn(|| next(&mut at)).collect()
}

/// An unsigned number of at most 32 bits in LEB128, and where it ends.
fn number(bytes: &[u8], mut at: usize) -> Option<(u32, usize)> {
    let mut number = 0;
    for shift in (0..u32::BITS).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((number, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_padded() {
        assert_eq!(number(&[5], 0), Some((5, 1)));
        assert_eq!(number(&[0, 0x85, 0x80, 0x80, 0x80, 0], 1), Some((5, 6)));
        assert_eq!(number(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0), Some((u32::MAX, 5)));
        assert_eq!(number(&[0x80; 6], 0), None);
        assert_eq!(number(&[0x80], 0), None);
    }

    #[test]
    fn a_module_without_debug_information_keeps_nothing() {
        let module = wat::parse_str("(module (func))").expect("it is text");
        assert!(DebugInfo::of(&module).is_none());
        assert!(DebugInfo::of(&module[..module.len() - 1]).is_none());
        assert!(DebugInfo::of(&[]).is_none());
    }

    #[test]
    fn the_bodies_of_functions_are_found() {
        let text = r#"(module (@custom ".debug_info" "\ff\ff\ff\ff") (func) (func (local i64) unreachable))"#;
        let info = DebugInfo::of(&wat::parse_str(text).expect("it is text")).expect("it has some");
        // The count, the length of the first body and the body; the length of the second.
        assert_eq!(*info.bodies, [2, 5]);
        assert_eq!(info.places([(1, 3), (9, 0)].into_iter()).iter().map(Vec::len).sum::<usize>(), 0);
    }

    /// A compile unit of entries that lie in each other.
    fn nested(depth: usize) -> Vec<u8> {
        let entries = [&[1].repeat(depth)[..], &[0].repeat(depth)].concat();
        let header = [&(entries.len() as u32 + 7).to_le_bytes()[..], &[4, 0, 0, 0, 0, 0, 4]].concat();
        [header, entries].concat()
    }

    #[test]
    fn entries_that_lie_too_deep_are_not_read() {
        let deep = DEBUG_INFO_DEPTH_MAX as usize;
        for (depth, expected) in [(1, true), (deep, true), (deep + 2, false), (1_000_000, false)] {
            // Abbreviation 1 is an inlined function with children and without attributes.
            let abbreviations: Box<[u8]> = Box::new([1, 0x1d, 1, 0, 0, 0]);
            let sections = [
                (Box::from(".debug_info"), nested(depth).into()),
                (Box::from(".debug_abbrev"), abbreviations),
            ];
            let info =
                DebugInfo { sections: Box::new(sections), bodies: [0].into(), is_sound: OnceLock::new() };
            assert_eq!(is_shallow(&info.dwarf()), Ok(expected), "{depth}");
            assert!(info.places([(0, 0)].into_iter())[0].is_empty());
        }
    }
}
