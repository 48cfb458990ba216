//! The features of WebAssembly that the host accepts: the only place where they are written down.
//!
//! The validator and the engine are both set up from here, so that neither lets through what the
//! other would refuse. What stands in neither list of this file (features without a name of ours)
//! is refused too.

use wasmparser::WasmFeatures;

/// What guests may use: WebAssembly 2.0 (SIMD, bulk memory, reference types, multi-value, sign
/// extension, saturating conversions, mutable globals), tail calls, exceptions and extended
/// constant expressions.
const ACCEPTED: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::EXTENDED_CONST);

/// What is refused, by the name that an error gives it. Relaxed SIMD is here because its results
/// differ between processors, and a replay has to see the same ones.
pub(crate) const REFUSED: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::THREADS, "threads or shared memory"),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything threads"),
    (WasmFeatures::MEMORY64, "64-bit memory or tables (memory64)"),
    (WasmFeatures::MULTI_MEMORY, "more than one memory"),
    (WasmFeatures::MEMORY_CONTROL, "memory control"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::COMPONENT_MODEL, "the component model"),
    (WasmFeatures::FUNCTION_REFERENCES, "typed function references"),
    (WasmFeatures::GC, "garbage-collected types (GC)"),
    (WasmFeatures::CUSTOM_DESCRIPTORS, "custom descriptors"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "legacy exceptions (the standard ones, with try_table, are accepted)"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::RELAXED_SIMD, "relaxed SIMD"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic"),
    (WasmFeatures::COMPACT_IMPORTS, "compact imports"),
];

/// What guests may use.
pub(crate) const fn features() -> WasmFeatures {
    ACCEPTED
}

/// Sets an engine up to accept the same features, and no others.
pub(crate) fn configure(config: &mut wasmtime::Config) {
    config.wasm_features(WasmFeatures::all().difference(features()), false);
    config.wasm_features(features(), true);
    config.shared_memory(false);
}

/// What an error calls a feature.
pub(crate) fn name_of(feature: WasmFeatures) -> String {
    match REFUSED.iter().find(|(refused, _)| refused.intersects(feature)) {
        Some((_, name)) => (*name).to_owned(),
        None => feature.iter_names().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
    }
}
