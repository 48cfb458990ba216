//! Modules: from bytes to checked, transformed, compiled and cached code.
//!
//! A module goes through these stages, in this order:
//!
//! 1. [`Source`] reads its bytes and hashes them; the hash names the module from then on.
//! 2. The [`Cache`], if there is one, is asked for the compiled code. Steps 3 to 5 are for a miss.
//! 3. `validate` checks it: limits, accepted features, validity, imports and exports. Whatever is
//!    wrong is one [`LoadError`], which says who caused it and what to do.
//! 4. `transform` lifts the data out of it that every memory begins with.
//! 5. The engine compiles it, and the cache keeps the result.
//!
//! **The ABI version.** A module may declare the version that it needs: a custom section named
//! `flower.abi` that holds it as a `u32`, little endian (in text: `(@custom "flower.abi"
//! "\01\00\00\00")`; in Rust: a `#[used] static` with `#[unsafe(link_section = "flower.abi")]`). A
//! linker joins the sections of several objects, so the section may hold several numbers, of which
//! the greatest counts. A module that needs a newer version than the host speaks is refused; one
//! that declares nothing is refused when it imports a call that the host does not know.
//!
//! Everything here blocks: reading files, and compiling, which takes all cores for 0.1 s and more.
//! There is no global state; who loads the same module twice can find the first by its [`ModuleHash`].

mod error;
pub use error::LoadError;

mod source;
pub use source::{ModuleHash, Source};

mod features;
pub(crate) use features::configure as configure_features;

mod contract;
mod snapshot;
mod transform;
mod validate;
mod walk;

mod entry;
pub use entry::{Entry, EntrySignature, Style};

mod apart;
pub use apart::{COMPILE_APART, ChildCompiler, compile_apart};

mod artifact;
pub use artifact::{ArtifactFault, TrustedArtifact};

mod cache;
pub use cache::{Cache, CacheStats};
mod folder;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use flower_abi::Exports;
use wasmtime::{Engine, ExternType, ModuleExport};

use artifact::Compatibility;
use cache::Key;
use folder::Folder;
use transform::Lifted;
use validate::Shape;

use crate::crash::DebugInfo;
use crate::image::Image;
use crate::instance::MemoryEngine;

/// Entries that an error lists.
const SHOWN_ENTRIES_MAX: usize = 8;

/// Data that is worth touching all at once; more of it may never be looked at.
const TOUCHED_BYTES_MAX: usize = 256 << 10;

/// What most actors use of their shadow stack.
const TOUCHED_STACK_BYTES: usize = 4 << 10;

/// What most actors use of their heap.
const TOUCHED_HEAP_BYTES: usize = 4 << 10;

/// Bytes of a page of linear memory.
const WASM_PAGE: usize = 64 << 10;

/// A checked and compiled module; a clone is another handle to the same code.
#[derive(Clone)]
pub struct Module {
    name: Arc<str>,
    inner: Arc<Inner>,
    /// Where its code comes from, if the bytes that it was loaded from say so.
    debug_info: Option<Arc<DebugInfo>>,
}

struct Inner {
    hash: ModuleHash,
    /// Whose memories its code expects.
    memory_engine: MemoryEngine,
    code: wasmtime::Module,
    shape: Shape,
    /// Sorted by name.
    entries: Box<[Entry]>,
    memory: ModuleExport,
    initialize: Option<ModuleExport>,
    flower_initialize: Option<ModuleExport>,
    inbox: Option<ModuleExport>,
    image: Option<Arc<Image>>,
}

impl Module {
    /// Loads a module, out of the cache when it is there.
    pub fn load(
        engine: &Engine,
        name: &str,
        source: &Source<'_>,
        cache: Option<&Cache>,
    ) -> Result<Module, LoadError> {
        Module::load_for(engine, MemoryEngine::Slab, name, source, cache)
    }

    /// The same, for an engine whose memories are of this kind.
    pub(crate) fn load_for(
        engine: &Engine,
        memory_engine: MemoryEngine,
        name: &str,
        source: &Source<'_>,
        cache: Option<&Cache>,
    ) -> Result<Module, LoadError> {
        let compiled = || compile(engine, memory_engine, source.bytes());
        Module::load_compiled_by(engine, memory_engine, name, source, cache, compiled)
    }

    /// The same, where somebody else compiles what the cache does not have.
    pub(crate) fn load_compiled_by(
        engine: &Engine,
        memory_engine: MemoryEngine,
        name: &str,
        source: &Source<'_>,
        cache: Option<&Cache>,
        compiled: impl FnOnce() -> Result<(wasmtime::Module, Shape), LoadError>,
    ) -> Result<Module, LoadError> {
        let debug_info = DebugInfo::of(source.bytes());
        let assemble = |(code, shape)| Module::assemble(name, source.hash(), memory_engine, code, shape);
        let Some(cache) = cache else {
            return Ok(Module { debug_info, ..assemble(compiled()?)? });
        };
        let compatibility = Compatibility::of(engine, memory_engine);
        let key = Key { hash: source.hash(), compatibility };
        let compiled = match cache.get(engine, &key) {
            Some(found) => found,
            None => {
                let (code, shape) = compiled()?;
                cache.put(&key, &serialize(&code)?, &shape);
                (code, shape)
            }
        };
        Ok(Module { debug_info, ..assemble(compiled)? })
    }

    /// Loads a WebAssembly binary.
    pub fn from_bytes(
        engine: &Engine,
        name: &str,
        bytes: &[u8],
        cache: Option<&Cache>,
    ) -> Result<Module, LoadError> {
        Module::load(engine, name, &Source::from_bytes(bytes)?, cache)
    }

    /// Loads WebAssembly text.
    pub fn from_wat(
        engine: &Engine,
        name: &str,
        text: &str,
        cache: Option<&Cache>,
    ) -> Result<Module, LoadError> {
        Module::load(engine, name, &Source::from_wat(text)?, cache)
    }

    /// Loads a file: a WebAssembly binary or, when its name ends in `.wat`, text.
    pub fn from_file(
        engine: &Engine,
        name: &str,
        path: impl AsRef<Path>,
        cache: Option<&Cache>,
    ) -> Result<Module, LoadError> {
        Module::load(engine, name, &Source::from_file(path.as_ref())?, cache)
    }

    /// Loads compiled code that the caller vouches for. Its seal is checked; its content is not, unless
    /// [`TrustedArtifact::check_content`] was called.
    pub fn load_artifact(
        engine: &Engine,
        name: &str,
        trusted: &TrustedArtifact,
    ) -> Result<Module, LoadError> {
        Module::load_artifact_for(engine, MemoryEngine::Slab, name, trusted)
    }

    /// The same, for an engine whose memories are of this kind.
    pub(crate) fn load_artifact_for(
        engine: &Engine,
        memory_engine: MemoryEngine,
        name: &str,
        trusted: &TrustedArtifact,
    ) -> Result<Module, LoadError> {
        let artifact = &trusted.artifact;
        let load = || {
            artifact.check_compatibility(Compatibility::of(engine, memory_engine))?;
            let shape = artifact.shape()?;
            // SAFETY: whoever opened the artifact vouched for it, and its compatibility is ours.
            let code = unsafe { artifact.load(engine)? };
            Ok((code, shape))
        };
        let (code, shape) = load().map_err(|fault| trusted.blame(fault))?;
        Module::assemble(name, artifact.hash(), memory_engine, code, shape)
    }

    /// Writes the compiled code to a file, from which [`Module::load_artifact`] loads it. A file that
    /// is there already is replaced, and stays whole for those who use it.
    pub fn compile_to_file(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        let path = path.as_ref();
        let compatibility = Compatibility::of(self.inner.code.engine(), self.inner.memory_engine);
        let code = serialize(&self.inner.code)?;
        let trailer = artifact::seal(&code, &self.inner.shape, self.inner.hash, compatibility);
        write_artifact(path, &[&code, &trailer])
    }

    /// The same code under another name.
    pub fn renamed(&self, name: &str) -> Module {
        Module { name: name.into(), ..self.clone() }
    }

    /// The same code for another engine of the same configuration (or one that differs only in what
    /// the code does not depend on, such as the size of stacks); it is copied and not compiled.
    pub fn for_engine(&self, engine: &Engine) -> Result<Module, LoadError> {
        let bytes = serialize(&self.inner.code)?;
        // SAFETY: the bytes come from the engine itself, one line above.
        let code = unsafe { wasmtime::Module::deserialize(engine, bytes) }.map_err(not_compiled)?;
        Module::assemble(
            &self.name,
            self.inner.hash,
            self.inner.memory_engine,
            code,
            self.inner.shape.clone(),
        )
    }

    /// Whether the two are one piece of compiled code, under whatever names.
    pub(crate) fn is_same_code(&self, other: &Module) -> bool {
        self.hash() == other.hash() && Engine::same(self.code().engine(), other.code().engine())
    }

    /// The name that it was loaded under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of its bytes.
    pub fn hash(&self) -> ModuleHash {
        self.inner.hash
    }

    /// The engine's view of it; its data may stand beside it (see [`Module::image`]).
    pub(crate) fn code(&self) -> &wasmtime::Module {
        &self.inner.code
    }

    /// The functions that an actor can be entered by, sorted by name.
    pub fn entries(&self) -> &[Entry] {
        &self.inner.entries
    }

    /// The entry of this name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let entries = self.entries();
        entries.binary_search_by(|entry| entry.name().cmp(name)).ok().map(|index| &entries[index])
    }

    /// The entry of this name, or an error that says why there is none.
    pub fn entry_or_why(&self, name: &str) -> Result<&Entry, LoadError> {
        self.entry(name).ok_or_else(|| match self.code().get_export(name) {
            Some(export) => LoadError::EntrySignature { name: name.to_owned(), found: describe(&export) },
            None => LoadError::NoEntry { name: name.to_owned(), known: self.known_entries() },
        })
    }

    /// The linear memory.
    pub fn memory(&self) -> &ModuleExport {
        &self.inner.memory
    }

    /// `_initialize`, which is called once before any entry.
    pub fn initialize(&self) -> Option<&ModuleExport> {
        self.inner.initialize.as_ref()
    }

    /// `flower_initialize`, which is called once before any entry but `_start`.
    pub fn flower_initialize(&self) -> Option<&ModuleExport> {
        self.inner.flower_initialize.as_ref()
    }

    /// `flower_inbox`, the global with the address of a handler's inbox.
    pub fn inbox(&self) -> Option<&ModuleExport> {
        self.inner.inbox.as_ref()
    }

    /// Why no actor of this module could be snapshotted, in one line; `None` when nothing in the module
    /// stands in the way.
    ///
    /// In the way are: mutable globals that are not exported or that hold references, code that changes
    /// a table, tables of anything but functions, code that drops data or element segments, and a start
    /// section. Whether an actor is idle, and a handler, is asked elsewhere.
    pub fn snapshot_obstacle(&self) -> Option<String> {
        self.inner.shape.snapshot_obstacle.clone()
    }

    /// The bytes of its memory that every actor is about to touch: its data, and on either side of it
    /// what a linker puts there, the shadow stack and the heap.
    pub(crate) fn touched_at_start(&self) -> std::ops::Range<usize> {
        let Some((start, end)) = self.inner.shape.data else { return 0..0 };
        let (start, end) = (start as usize, end as usize);
        if end - start > TOUCHED_BYTES_MAX {
            return 0..0;
        }
        start.saturating_sub(TOUCHED_STACK_BYTES)..end + TOUCHED_HEAP_BYTES
    }

    /// What its memory holds at the start, unless the code puts that there.
    pub(crate) fn image(&self) -> Option<&Arc<Image>> {
        self.inner.image.as_ref()
    }

    /// Where its code comes from; `None` when that is not known.
    pub(crate) fn debug_info(&self) -> Option<&DebugInfo> {
        self.debug_info.as_deref()
    }

    fn known_entries(&self) -> String {
        let names = self.entries().iter().take(SHOWN_ENTRIES_MAX).map(|entry| format!("{:?}", entry.name()));
        let cut = (self.entries().len() > SHOWN_ENTRIES_MAX).then(|| "...".to_owned());
        names.chain(cut).collect::<Vec<_>>().join(", ")
    }

    /// Looks up everything that a spawn needs, so that it need not.
    fn assemble(
        name: &str,
        hash: ModuleHash,
        memory_engine: MemoryEngine,
        code: wasmtime::Module,
        shape: Shape,
    ) -> Result<Module, LoadError> {
        let export = |name: &str| code.get_export_index(name).ok_or_else(|| missing(name));
        let optional = |present: bool, name: &str| present.then(|| export(name)).transpose();
        let inner = Inner {
            hash,
            memory_engine,
            entries: entries(&shape, export)?,
            memory: export(Exports::MEMORY)?,
            initialize: optional(shape.initialize, Exports::INITIALIZE)?,
            flower_initialize: optional(shape.flower_initialize, Exports::FLOWER_INITIALIZE)?,
            inbox: optional(shape.inbox, Exports::INBOX)?,
            image: image(&shape, &code)?,
            shape,
            code,
        };
        Ok(Module { name: name.into(), inner: Arc::new(inner), debug_info: None })
    }
}

/// The image of a module whose data was lifted out.
fn image(shape: &Shape, code: &wasmtime::Module) -> Result<Option<Arc<Image>>, LoadError> {
    let (Some((start, _)), false) = (shape.data, shape.image.is_empty()) else { return Ok(None) };
    let memory = code.get_export(Exports::MEMORY).and_then(|export| export.memory().cloned());
    let memory = memory.ok_or_else(|| missing(Exports::MEMORY))?;
    let image = Image::new(start as usize, &shape.image, memory.minimum() as usize * WASM_PAGE);
    image.map(Some).ok_or_else(|| missing("memory as long as its data"))
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Module({:?}, {})", self.name, self.inner.hash)
    }
}

fn entries(
    shape: &Shape,
    export: impl Fn(&str) -> Result<ModuleExport, LoadError>,
) -> Result<Box<[Entry]>, LoadError> {
    let entry = |(name, signature): &(String, EntrySignature)| {
        Ok(Entry { name: name.as_str().into(), signature: *signature, export: export(name)? })
    };
    let mut entries = shape.entries.iter().map(entry).collect::<Result<Box<[Entry]>, LoadError>>()?;
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// Checks, transforms and compiles.
fn compile(
    engine: &Engine,
    memory_engine: MemoryEngine,
    bytes: &[u8],
) -> Result<(wasmtime::Module, Shape), LoadError> {
    let shape = validate::inspect(bytes)?;
    // Guarded memories have an image of wasmtime's own making, which it takes from the data.
    let lifted = (memory_engine == MemoryEngine::Slab).then(|| transform::apply(bytes)).flatten();
    let Some(Lifted { module, image }) = lifted else {
        return Ok((translate(engine, bytes)?, shape));
    };
    // Where the data lay, and all else that is known, is as it was.
    validate::inspect(&module)?;
    Ok((translate(engine, &module)?, Shape { image, ..shape }))
}

fn translate(engine: &Engine, bytes: &[u8]) -> Result<wasmtime::Module, LoadError> {
    contain(|| wasmtime::Module::from_binary(engine, bytes))
}

/// Lets the compiler run; a panic in there is its bug, and the end of this load only.
fn contain<T>(compile: impl FnOnce() -> wasmtime::Result<T>) -> Result<T, LoadError> {
    match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(compiled) => compiled.map_err(not_compiled),
        Err(panic) => Err(LoadError::Compile { message: format!("it panicked: {}", panic_text(&*panic)) }),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn serialize(code: &wasmtime::Module) -> Result<Vec<u8>, LoadError> {
    code.serialize().map(artifact::unsealed).map_err(not_compiled)
}

fn not_compiled(error: wasmtime::Error) -> LoadError {
    LoadError::Compile { message: format!("{error:#}") }
}

/// A checked module has what its shape says, so this is a bug, or an artifact that nobody should
/// have vouched for.
fn missing(export: &str) -> LoadError {
    LoadError::Compile { message: format!("the compiled code lacks the export {export:?}") }
}

fn write_artifact(path: &Path, parts: &[&[u8]]) -> Result<(), LoadError> {
    let failed = |kind| LoadError::io("write", path)(std::io::Error::from(kind));
    let name = path.file_name().ok_or_else(|| failed(std::io::ErrorKind::IsADirectory))?;
    // The name would replace a device or a pipe.
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return Err(failed(std::io::ErrorKind::AlreadyExists));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = Folder::public(parent.unwrap_or(Path::new(".")))?;
    folder.write(name, parts).map_err(LoadError::io("write", path))
}

fn describe(export: &ExternType) -> String {
    match export {
        ExternType::Func(function) => function.to_string(),
        ExternType::Global(_) => "a global".to_owned(),
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        ExternType::Tag(_) => "a tag".to_owned(),
    }
}
