//! The target `message` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flower_fuzz::message::run(bytes));
