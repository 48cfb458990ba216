//! The target `pattern` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flower_fuzz::pattern::run(bytes));
