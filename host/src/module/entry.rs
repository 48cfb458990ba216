//! Entries: the exported functions that an actor can be entered by.

use serde::{Deserialize, Serialize};
use wasmtime::ModuleExport;

/// How an actor runs; a peer cannot tell the two apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Style {
    /// Blocking code on a stack of its own.
    Process,
    /// A function that is called once per message; between messages no stack is kept.
    Handler,
}

/// How an entry is called, which its signature in the module says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum EntrySignature {
    /// `() -> ()`: process style, called once.
    Plain,
    /// `(i32) -> ()`: process style, called once with the index that the spawner gave.
    Indexed,
    /// `(i32) -> i32`: handler style, called with the length of each message's body.
    Handler,
}

impl EntrySignature {
    /// The signature that is written like this; `None` when it is not one of an entry.
    pub(crate) fn parse(text: &str) -> Option<EntrySignature> {
        match text {
            "() -> ()" => Some(EntrySignature::Plain),
            "(i32) -> ()" => Some(EntrySignature::Indexed),
            "(i32) -> i32" => Some(EntrySignature::Handler),
            _ => None,
        }
    }

    /// The style of an actor that is entered this way.
    pub fn style(self) -> Style {
        match self {
            EntrySignature::Plain | EntrySignature::Indexed => Style::Process,
            EntrySignature::Handler => Style::Handler,
        }
    }
}

/// An exported function that an actor can be entered by.
pub struct Entry {
    pub(crate) name: Box<str>,
    pub(crate) signature: EntrySignature,
    pub(crate) export: ModuleExport,
}

impl Entry {
    /// The name of the export.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is called.
    pub fn signature(&self) -> EntrySignature {
        self.signature
    }

    /// The style of an actor that is entered here.
    pub fn style(&self) -> Style {
        self.signature.style()
    }

    /// Where it is found in an instance, without a search by name.
    pub fn export(&self) -> &ModuleExport {
        &self.export
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({:?}, {:?})", self.name, self.signature)
    }
}
