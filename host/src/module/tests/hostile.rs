//! Damaged modules: each is refused or accepted, and none makes the host panic.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::*;

/// Damaged modules that one run tries.
const DAMAGED: usize = 20_000;

#[test]
fn every_prefix_is_refused_and_never_called_invalid() {
    let module = binary(GOOD);
    for len in 0..module.len() {
        match validate::inspect(&module[..len]) {
            // What comes before a whole number of sections can be a module that lacks something.
            Err(
                LoadError::Truncated { .. }
                | LoadError::NotWasm { .. }
                | LoadError::NoMemory
                | LoadError::MemoryNotExported
                | LoadError::NothingToRun,
            ) => {}
            Err(error) => panic!("the first {len} bytes are refused with: {error}"),
            // The name section is optional.
            Ok(_) => assert!(module[len..].windows(4).any(|bytes| bytes == b"name"), "{len}"),
        }
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    let module = binary(GOOD);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..DAMAGED {
        let mut damaged = module.clone();
        for _ in 0..1 + rng.next_u32() % 4 {
            let place = rng.next_u32() as usize % damaged.len();
            damaged[place] = rng.next_u32() as u8;
        }
        let _ = validate::inspect(&damaged);
    }
}

#[test]
fn what_is_accepted_in_spite_of_changed_bytes_compiles() {
    let (engine, module) = (engine(), binary(GOOD));
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut accepted = 0;
    while accepted < 50 {
        let mut damaged = module.clone();
        let place = rng.next_u32() as usize % damaged.len();
        damaged[place] = rng.next_u32() as u8;
        if validate::inspect(&damaged).is_ok() {
            accepted += 1;
            Module::from_bytes(&engine, "m", &damaged, None).expect("what is checked compiles");
        }
    }
}

#[test]
fn bytes_cut_out_do_no_harm() {
    let module = binary(GOOD);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..DAMAGED {
        let start = 8 + rng.next_u32() as usize % (module.len() - 8);
        let end = (start + rng.next_u32() as usize % 16).min(module.len());
        let _ = validate::inspect(&[&module[..start], &module[end..]].concat());
    }
}

#[test]
fn noise_behind_a_header_does_no_harm() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..DAMAGED {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.resize(8 + rng.next_u32() as usize % 64, 0);
        rng.fill_bytes(&mut module[8..]);
        let _ = validate::inspect(&module);
    }
}

#[test]
fn deep_nesting_does_no_harm() {
    let depth = 100_000;
    let body = format!("{}{}", "block ".repeat(depth), "end ".repeat(depth));
    inspect(&format!(r#"(module (memory (export "memory") 1) (func (export "_start") {body}))"#))
        .expect("nesting has no limit but the size of a body");
}
