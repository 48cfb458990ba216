//! Lines of source in backtraces, of a module with debug information.
//!
//! `lines.wasm` is `lines.rs`, which says how it was compiled; the guests have no debug information.

use std::time::Duration;

use flower_host::{CrashFrame, Source, Spawn};
use wasmparser::{Parser, Payload};

use super::{Reports, everywhere};
use crate::wat;

/// A small module with DWARF.
const WASM: &[u8] = include_bytes!("lines.wasm");

/// Its source.
const TEXT: &str = include_str!("lines.rs");

/// The frames of an actor of it that traps.
fn frames(mode: fn() -> flower_host::HostBuilder, wasm: &[u8]) -> Vec<CrashFrame> {
    let reports = Reports::default();
    wat::run(async {
        let host = reports.of(mode());
        let module = host.load("lines", &Source::from_bytes(wasm).expect("it is short"));
        let module = module.expect("it is a module");
        host.spawn(Spawn::program(&module)).expect("it has a start").join().await;
        host.shutdown(Duration::from_secs(5)).await;
    });
    reports.take().remove(0).backtrace
}

/// The line, the first being 1, that holds this.
fn line_of(part: &str) -> u32 {
    let at = TEXT.lines().position(|line| line.contains(part)).expect("it is in the source");
    at as u32 + 1
}

#[test]
fn a_frame_has_the_file_and_line_that_it_comes_from() {
    everywhere(|mode, _| {
        let frames = frames(mode, WASM);
        let (standard, own) = frames.split_first().expect("it was in a function");
        assert_eq!((&*standard.function, standard.inlined), ("core::core_arch::wasm32::unreachable", true));
        let places: Vec<(&str, Option<u32>, bool)> =
            own.iter().map(|frame| (&*frame.function, frame.line, frame.inlined)).collect();
        let line = |part| Some(line_of(part));
        let expected = [
            ("lines::put_into_its_caller", line("unreachable()"), true),
            ("lines::called", line("put_into_its_caller();"), false),
            ("_start", line("called(1);"), false),
        ];
        assert_eq!(places, expected);
        assert!(own.iter().all(|frame| frame.file.as_deref() == Some("./lines.rs")), "{own:?}");
        assert_eq!(
            own[1].to_string(),
            format!("at lines::called (./lines.rs:{}:9)", line_of("put_into_its_caller();"))
        );
    });
}

/// Where the content of a custom section stands.
fn section(name: &str) -> std::ops::Range<usize> {
    let sections = Parser::new(0).parse_all(WASM).filter_map(|payload| match payload {
        Ok(Payload::CustomSection(section)) if section.name() == name => {
            Some(section.data_offset()..section.data_offset() + section.data().len())
        }
        _ => None,
    });
    sections.last().expect("it is there")
}

#[test]
fn damaged_debug_information_costs_the_lines_and_nothing_else() {
    let functions = |wasm: &[u8]| {
        let mut indices: Vec<u32> =
            frames(crate::wat::threads, wasm).iter().map(|frame| frame.index).collect();
        indices.dedup();
        indices
    };
    let sound = functions(WASM);
    let mut random = wat::Random(7);
    for damaged in [".debug_info", ".debug_abbrev", ".debug_line"].repeat(10) {
        let (place, mut wasm) = (section(damaged), WASM.to_vec());
        for _ in 0..5 {
            wasm[place.start + random.next() as usize % place.len()] = random.next() as u8;
        }
        assert_eq!(functions(&wasm), sound);
    }
}
