//! Images as modules have them, in memories of the slab.

use std::sync::Arc;

use wasmtime::{Config, Engine, Instance, Memory, Store, Trap};

use super::*;
use crate::memory::{self, SlabMemoryCreator, Wanted, with_wanted};
use crate::module::{Module, configure_features};

const PAGE: usize = 64 << 10;

/// Data in several places, with an overlap, a passive segment, and a function that uses segments.
const DATA: &str = r#"(module
    (memory (export "memory") 2)
    (data (i32.const 70000) "behind")
    (data (i32.const 5000) "first, and long enough to be cut")
    (data $passive "passive")
    (data $over (i32.const 5007) "OVER")
    (data (i32.const 131066) "finish")
    (func (export "passive") (param i32) (result i32)
        (memory.init $passive (i32.const 9000) (i32.const 0) (local.get 0)) (i32.load8_u (i32.const 9000)))
    (func (export "active") (param i32) (result i32)
        (memory.init $over (i32.const 9000) (i32.const 0) (local.get 0)) (i32.load8_u (i32.const 9000))))"#;

/// An engine with one slot of each class, or more.
fn engine(slots_max: usize) -> (Engine, Arc<SlabMemoryCreator>) {
    let creator = SlabMemoryCreator::new(64 << 20, slots_max);
    let mut config = Config::new();
    configure_features(&mut config);
    memory::configure(&mut config, creator.clone());
    (Engine::new(&config).expect("the knobs agree"), creator)
}

fn load(engine: &Engine, wat: &str) -> Module {
    Module::from_wat(engine, "test", wat, None).expect("it is valid")
}

/// A new actor, as far as its memory goes.
struct Actor {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
}

impl Actor {
    fn new(module: &Module) -> Actor {
        let mut store = Store::new(module.code().engine(), ());
        let wanted = Wanted { capacity: 64 << 20, image: module.image().cloned(), touched: (0, 0) };
        let instance = with_wanted(wanted, || Instance::new(&mut store, module.code(), &[]));
        let instance = instance.expect("there is room");
        let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
        Actor { store, instance, memory }
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    fn call(&mut self, function: &str, argument: i32) -> wasmtime::Result<i32> {
        let function = self.instance.get_typed_func::<i32, i32>(&mut self.store, function)?;
        function.call(&mut self.store, argument)
    }
}

/// What the memory holds at the start in an engine that knows no images.
fn expected(wat: &str) -> Vec<u8> {
    let engine = Engine::default();
    let module = wasmtime::Module::new(&engine, wat).expect("it is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("there is room");
    instance.get_memory(&mut store, "memory").expect("it is exported").data(&store).to_vec()
}

fn memory_with(pages: usize, segments: &str) -> String {
    format!(r#"(module (memory (export "memory") {pages}) {segments} (func (export "_start")))"#)
}

fn file(start: usize, bytes: &[u8]) -> ImageFile {
    ImageFile::new(start, bytes.into(), PAGE).expect("there are files in memory")
}

#[test]
fn an_image_that_does_not_fit_is_none() {
    assert!(Image::new(10, &[1; 54], 64).is_some());
    assert!(Image::new(11, &[1; 54], 64).is_none());
    assert!(Image::new(usize::MAX, &[1; 54], 64).is_none());
}

#[test]
fn restoring_any_range_gives_what_was_there_at_first() {
    let file = file(10, &[7; 20]);
    let first: Vec<u8> = (0..64).map(|at| if (10..30).contains(&at) { 7 } else { 0 }).collect();
    for (start, end) in (0..64).flat_map(|start| (start..=64).map(move |end| (start, end))) {
        let mut slot = [9; 64];
        // SAFETY: the range lies in the slot.
        unsafe { file.restore(slot.as_mut_ptr(), start..end) };
        assert_eq!(slot[start..end], first[start..end]);
        assert!(slot[..start].iter().chain(&slot[end..]).all(|&byte| byte == 9), "{start}..{end}");
    }
}

#[test]
fn a_slot_of_the_file_is_written_before_it_is_used_and_once() {
    let file = file(3, b"abc");
    let read = |slot: usize| {
        let mut bytes = [0; 3];
        file.file.read_exact_at(&mut bytes, (slot * PAGE + 3) as u64).expect("it is that long");
        bytes
    };
    file.prepare(2 * PAGE).expect("there is room");
    assert_eq!([0, 1, 2, 3].map(read), [*b"abc", *b"abc", *b"abc", [0; 3]]);
    assert_eq!(*file.written.lock(), 3);
}

#[test]
fn a_memory_begins_as_its_data_says() {
    let (engine, creator) = engine(1);
    let many: String = (0..50).map(|at| format!(r#"(data (i32.const {}) "x{at}")"#, at * 3_000)).collect();
    for (wat, in_file) in [
        (DATA.to_owned(), true),
        (memory_with(3, &many), true),
        (memory_with(1, r#"(data (i32.const 65535) "z")"#), true),
        // Bigger than slots of a file are made: copied into an ordinary one.
        (memory_with(100, r#"(data (i32.const 5) "far") (data (i32.const 200000) "away")"#), false),
    ] {
        let module = load(&engine, &wat);
        assert!(module.image().is_some());
        let mut actor = Actor::new(&module);
        assert!(actor.bytes() == expected(&wat), "{wat}");
        let of_file = creator.images_live();
        assert_eq!(of_file, usize::from(in_file && cfg!(target_os = "linux")), "{wat}");
    }
}

#[test]
fn data_that_is_no_constant_image_stays_in_the_code() {
    let (engine, _) = engine(1);
    for wat in [
        memory_with(1, ""),
        memory_with(1, r#"(data "passive")"#),
        memory_with(1, r#"(data (i32.const 0) "")"#),
        memory_with(1, r#"(data (i32.add (i32.const 1) (i32.const 2)) "x") (data (i32.const 3) "y")"#),
        memory_with(1, r#"(tag) (data (i32.const 3) "y")"#),
        memory_with(5, r#"(data (i32.const 3) "y") (data (i32.const 270000) "more than is worth it")"#),
    ] {
        let module = load(&engine, &wat);
        assert!(module.image().is_none(), "{wat}");
        let mut wasmtime_gives = Actor::new(&module);
        assert!(wasmtime_gives.bytes() == expected(&wat), "{wat}");
    }
    let outside = load(&engine, &memory_with(1, r#"(data (i32.const 3) "y") (data (i32.const 65535) "zz")"#));
    let mut store = Store::new(&engine, ());
    let error = Instance::new(&mut store, outside.code(), &[]).expect_err("a segment lies outside");
    assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
}

#[test]
fn segments_keep_their_numbers_and_their_ends() {
    let (engine, _) = engine(1);
    let mut actor = Actor::new(&load(&engine, DATA));
    assert_eq!(actor.call("passive", 7).expect("it has 7 bytes"), i32::from(b'p'));
    assert!(actor.call("passive", 8).is_err());
    assert_eq!(actor.call("active", 0).expect("nothing of it"), i32::from(b'p'));
    assert!(actor.call("active", 1).is_err(), "it was dropped when it had been put into the memory");
}

#[test]
fn no_actor_sees_what_another_wrote() {
    let (engine, creator) = engine(1);
    let module = load(&engine, DATA);
    let first = expected(DATA);
    let dirty: [fn(&mut [u8]); 6] = [
        |bytes| bytes[5_003] = 1,
        |bytes| bytes[40_000] = 1,
        |bytes| bytes.fill(9),
        |bytes| bytes.iter_mut().step_by(8_192).for_each(|byte| *byte = 1),
        |bytes| assert_ne!(bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>(), 0),
        |bytes| bytes[5_000..5_010].copy_from_slice(b"something!"),
    ];
    for (round, dirty) in dirty.iter().enumerate() {
        let mut actor = Actor::new(&module);
        assert!(actor.bytes() == first, "before round {round}");
        dirty(actor.bytes());
        drop(actor);
        if round % 2 == 0 {
            // Once with its pages given back.
            creator.trim(2 * round as u64 * 1_000_000_000);
            creator.trim((2 * round + 1) as u64 * 1_000_000_000);
        }
    }
    assert!(Actor::new(&module).bytes() == first);
}

#[test]
fn a_memory_that_grows_takes_its_data_along() {
    let (engine, _) = engine(2);
    let module = load(&engine, DATA);
    let mut first = expected(DATA);
    for _ in 0..2 {
        let mut actor = Actor::new(&module);
        actor.bytes()[5_003] = 1;
        actor.bytes()[100_000] = 2;
        actor.memory.grow(&mut actor.store, 30).expect("there is room");
        first.resize(32 * PAGE, 0);
        let mut wanted = first.clone();
        (wanted[5_003], wanted[100_000]) = (1, 2);
        assert!(actor.bytes() == wanted);
        actor.bytes().fill(3);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn many_actors_share_a_file_and_few_mappings() {
    const LIVE: usize = 40 * RUN_SLOTS;
    let (engine, _) = engine(LIVE);
    let module = load(&engine, DATA);
    let first = expected(DATA);
    let mut actors: Vec<Actor> = (0..LIVE).map(|_| Actor::new(&module)).collect();
    for (at, actor) in actors.iter_mut().enumerate() {
        actor.bytes()[5_000..5_008].copy_from_slice(&at.to_le_bytes());
    }
    for (at, actor) in actors.iter_mut().enumerate().step_by(RUN_SLOTS - 1) {
        let bytes = actor.bytes();
        assert_eq!(bytes[5_000..5_008], at.to_le_bytes());
        assert!(bytes[5_008..] == first[5_008..] && bytes[..5_000] == first[..5_000]);
    }
    let maps = std::fs::read_to_string("/proc/self/maps").expect("there is a /proc");
    assert!(maps.lines().count() < 1_000, "{}", maps.lines().count());
}
