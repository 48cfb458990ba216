//! What a valid module must import and export to be a guest.
//!
//! A type is compared as it is written in an error: `(i32) -> i32`, `an i32 global`, `a memory`. So
//! the tables below can be read, and a message cannot disagree with the check behind it.

use flower_abi::Exports;
use wasmparser::types::{EntityType, TypesRef};
use wasmparser::{FuncType, ValType};

use super::entry::EntrySignature;
use super::error::LoadError;
use super::validate::NAME_BYTES_MAX;

/// The module name of WASI preview 1.
const WASI_MODULE: &str = "wasi_snapshot_preview1";

/// Every function of WASI preview 1. Signatures are left to the linker.
#[rustfmt::skip]
const WASI_FUNCTIONS: [&str; 46] = [
    "args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get",
    "clock_time_get", "fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_get",
    "fd_fdstat_set_flags", "fd_fdstat_set_rights", "fd_filestat_get", "fd_filestat_set_size",
    "fd_filestat_set_times", "fd_pread", "fd_prestat_get", "fd_prestat_dir_name", "fd_pwrite",
    "fd_read", "fd_readdir", "fd_renumber", "fd_seek", "fd_sync", "fd_tell", "fd_write",
    "path_create_directory", "path_filestat_get", "path_filestat_set_times", "path_link",
    "path_open", "path_readlink", "path_remove_directory", "path_rename", "path_symlink",
    "path_unlink_file", "poll_oneoff", "proc_exit", "proc_raise", "sched_yield", "random_get",
    "sock_accept", "sock_recv", "sock_send", "sock_shutdown",
];

/// What an export has to be when it has this name.
const EXPORTS: [(&str, &str); 6] = [
    (Exports::MEMORY, "a memory"),
    (Exports::START, "() -> ()"),
    (Exports::INITIALIZE, "() -> ()"),
    (Exports::FLOWER_INITIALIZE, "() -> ()"),
    (Exports::ENTRY, "(i32) -> ()"),
    (Exports::INBOX, "an i32 global"),
];

/// Types that a signature is cut at in a message; no signature that the host knows is as long.
const SHOWN_TYPES_MAX: usize = 16;

/// The exports of a module that the host uses.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<(String, EntrySignature)>,
    pub(crate) initialize: bool,
    pub(crate) flower_initialize: bool,
    pub(crate) inbox: bool,
    memory: bool,
}

/// Checks the imports and exports of a valid module, and says what can be entered.
pub(crate) fn check(types: TypesRef<'_>) -> Result<Found, LoadError> {
    check_imports(types)?;
    if types.memory_count() == 0 {
        return Err(LoadError::NoMemory);
    }
    let found = check_exports(types)?;
    if !found.memory {
        return Err(LoadError::MemoryNotExported);
    }
    if found.entries.is_empty() {
        return Err(LoadError::NothingToRun);
    }
    Ok(found)
}

fn check_imports(types: TypesRef<'_>) -> Result<(), LoadError> {
    for (module, name, entity) in types.core_imports().into_iter().flatten() {
        check_name_len("the name of an import", module)?;
        check_name_len("the name of an import", name)?;
        match entity {
            EntityType::Func(_) => check_function(module, name, describe(types, entity))?,
            other => return Err(imported_entity(other, module, name)),
        }
    }
    Ok(())
}

fn check_function(module: &str, name: &str, found: String) -> Result<(), LoadError> {
    match module {
        flower_abi::IMPORT_MODULE => check_call(name, found),
        WASI_MODULE if WASI_FUNCTIONS.contains(&name) => Ok(()),
        WASI_MODULE => Err(LoadError::UnknownWasi { name: name.to_owned() }),
        _ => Err(LoadError::UnknownImport { module: module.to_owned(), name: name.to_owned() }),
    }
}

fn check_call(name: &str, found: String) -> Result<(), LoadError> {
    let Some((_, params, result)) = HOST_CALLS.iter().find(|(call, ..)| *call == name) else {
        return Err(LoadError::UnknownCall { name: name.to_owned() });
    };
    let expected = format!("({}) -> {result}", params.join(", "));
    if found == expected {
        return Ok(());
    }
    Err(LoadError::ImportSignature { name: name.to_owned(), expected, found })
}

fn imported_entity(entity: EntityType, module: &str, name: &str) -> LoadError {
    let kind = match entity {
        EntityType::Memory(_) => "memory",
        EntityType::Table(_) => "table",
        EntityType::Global(_) => "global",
        EntityType::Tag(_) => "tag",
        EntityType::Func(_) | EntityType::FuncExact(_) => "function of an exact type",
    };
    LoadError::ImportedEntity { kind, module: module.to_owned(), name: name.to_owned() }
}

fn check_exports(types: TypesRef<'_>) -> Result<Found, LoadError> {
    let mut found = Found::default();
    for (name, entity) in types.core_exports().into_iter().flatten() {
        check_name_len("the name of an export", name)?;
        let text = describe(types, entity);
        check_export(name, &text)?;
        match name {
            Exports::MEMORY => found.memory = true,
            Exports::INITIALIZE => found.initialize = true,
            Exports::FLOWER_INITIALIZE => found.flower_initialize = true,
            Exports::INBOX => found.inbox = true,
            _ => found.entries.extend(EntrySignature::parse(&text).map(|entry| (name.to_owned(), entry))),
        }
    }
    Ok(found)
}

fn check_export(name: &str, found: &str) -> Result<(), LoadError> {
    match EXPORTS.iter().find(|(export, _)| *export == name) {
        Some((_, expected)) if *expected != found => {
            Err(LoadError::ExportSignature { name: name.to_owned(), expected, found: found.to_owned() })
        }
        _ => Ok(()),
    }
}

fn check_name_len(what: &str, name: &str) -> Result<(), LoadError> {
    LoadError::check_limit(what, name.len() as u64, NAME_BYTES_MAX)
}

/// The type of an import or export, as errors and the tables of this file write it.
fn describe(types: TypesRef<'_>, entity: EntityType) -> String {
    match entity {
        EntityType::Func(id) | EntityType::FuncExact(id) => describe_function(types[id].unwrap_func()),
        EntityType::Global(global) => {
            format!("{} {} global", article(global.content_type), global.content_type)
        }
        EntityType::Memory(_) => "a memory".to_owned(),
        EntityType::Table(_) => "a table".to_owned(),
        EntityType::Tag(_) => "a tag".to_owned(),
    }
}

fn describe_function(function: &FuncType) -> String {
    let results = function.results();
    match results {
        [result] => format!("({}) -> {result}", list(function.params())),
        _ => format!("({}) -> ({})", list(function.params()), list(results)),
    }
}

fn article(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 | ValType::I64 | ValType::F32 => "an",
        _ => "a",
    }
}

fn list(types: &[ValType]) -> String {
    let shown = types.iter().take(SHOWN_TYPES_MAX).map(ValType::to_string);
    let cut = (types.len() > SHOWN_TYPES_MAX).then(|| "...".to_owned());
    shown.chain(cut).collect::<Vec<_>>().join(", ")
}

/// How a type of the table of host calls is written in WebAssembly.
trait Lowered {
    const NAME: &'static str;
}

impl Lowered for u32 {
    const NAME: &'static str = "i32";
}
impl Lowered for i32 {
    const NAME: &'static str = "i32";
}
impl Lowered for u64 {
    const NAME: &'static str = "i64";
}
impl Lowered for i64 {
    const NAME: &'static str = "i64";
}

/// A host call's name, parameters and result.
type HostCall = (&'static str, &'static [&'static str], &'static str);

macro_rules! signatures {
    ($( $(#[$doc:meta])* $waits:ident fn $name:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty
        { since: $since:literal, handler: $handler:ident, right: $right:literal, outcome: $outcome:ident } )*) => {
        /// Every host call with its signature.
        pub(crate) const HOST_CALLS: &[HostCall] =
            &[$( (stringify!($name), &[$(<$ty as Lowered>::NAME),*], <$ret as Lowered>::NAME) ),*];
    };
}
flower_abi::for_each_host_call!(signatures);
