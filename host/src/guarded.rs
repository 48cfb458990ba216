//! Linear memories behind guard pages: the engine for modules that compute more than they wait.
//!
//! Each memory is a reservation of the 4 GiB that a guest's address can name, with guard pages on both
//! sides, so that compiled code compares no address with the length: an access behind it meets a page
//! that is not there, and the signal becomes the trap. The data of a module is mapped copy on write out
//! of one file for all its actors. wasmtime makes these memories itself, and unmaps each at its actor's
//! end; nothing of them is used again.
//!
//! The price is the kernel's: mappings and addresses, which [`room`] takes from the process's account
//! before an actor is spawned, and a few system calls for each memory. `docs/decisions` has the figures.

use wasmtime::{Config, InstanceAllocationStrategy};

use crate::address_space::Share;

/// Every address of 32 bits.
const RESERVATION_BYTES: u64 = 4 << 30;

/// On either side: an access may add a constant offset of up to so much without a comparison.
const GUARD_BYTES: u64 = 32 << 20;

/// Mappings of one memory at most: the guard below, what lies before the data, the data, what lies
/// behind it, and the rest of the reservation with the guard above. One that has no data takes three.
const MAPPINGS: u32 = 5;

/// Addresses of one memory.
const ADDRESS_BYTES: usize = (RESERVATION_BYTES + 2 * GUARD_BYTES) as usize;

/// Sets every knob of an engine that has to do with linear memory.
pub(crate) fn configure(config: &mut Config) {
    config
        // Not pooled: a pool has its own stacks for fibers, two mappings each, and reserves all at once.
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_reservation(RESERVATION_BYTES)
        .memory_guard_size(GUARD_BYTES)
        .guard_before_linear_memory(true)
        .memory_may_move(false)
        .memory_reservation_for_growth(0)
        .memory_init_cow(true);
}

/// Room for the memory of one more actor; `None` when the kernel would soon refuse.
pub(crate) fn room() -> Option<Share> {
    Share::take_for_actor(MAPPINGS, ADDRESS_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Engine, Instance, Module, Store, Trap};

    fn engine() -> Engine {
        let mut config = Config::new();
        configure(&mut config);
        Engine::new(&config).expect("the knobs agree")
    }

    fn call(engine: &Engine, wat: &str, argument: i32) -> wasmtime::Result<i32> {
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, &Module::new(engine, wat)?, &[])?;
        instance.get_typed_func::<i32, i32>(&mut store, "f")?.call(&mut store, argument)
    }

    #[test]
    fn an_access_behind_the_length_is_a_trap() {
        let engine = engine();
        for (offset, address, in_bounds) in [
            (0_i64, 65_532, true),
            (0, 65_533, false),
            (65_532, 0, true),
            (65_533, 0, false),
            (0, -4, false),
            (1 << 20, 0, false),
            (i64::from(u32::MAX), -1, false),
        ] {
            let wat = format!(
                r#"(module (memory 1) (func (export "f") (param i32) (result i32)
                    (i32.load offset={offset} (local.get 0))))"#
            );
            let result = call(&engine, &wat, address);
            match in_bounds {
                true => assert_eq!(result.expect("in bounds"), 0),
                false => {
                    let error = result.expect_err("out of bounds");
                    assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{offset} {address}");
                }
            }
        }
    }

    #[test]
    fn every_memory_begins_as_the_module_says() {
        let engine = engine();
        let wat = r#"(module (memory 3) (data (i32.const 70000) "data")
            (func (export "f") (param i32) (result i32) (local $at i32) (local $sum i32)
                (loop $more
                    (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
                    (i32.store8 (local.get $at) (i32.const 255))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (br_if $more (i32.lt_u (local.get $at) (i32.const 196608))))
                (local.get $sum)))"#;
        let data = b"data".iter().map(|&byte| i32::from(byte)).sum::<i32>();
        for _ in 0..5 {
            assert_eq!(call(&engine, wat, 0).expect("no trap"), data);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_memory_takes_no_more_mappings_than_are_counted() {
        const MEMORIES: usize = 500;
        let engine = engine();
        let wat = r#"(module (memory (export "memory") 3) (data (i32.const 70000) "data")
            (func (export "f") (param i32) (result i32)
                (i32.store (i32.const 0) (i32.const 1))
                (i32.store (i32.const 70000) (i32.const 1))
                (i32.store (i32.const 190000) (i32.const 1))
                (memory.grow (local.get 0))))"#;
        let module = Module::new(&engine, wat).expect("it is valid");
        let maps = || std::fs::read_to_string("/proc/self/maps").expect("there is a /proc").lines().count();
        let before = maps();
        let mut stores = Vec::new();
        for _ in 0..MEMORIES {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).expect("there is room");
            let function = instance.get_typed_func::<i32, i32>(&mut store, "f").expect("it is there");
            assert_eq!(function.call(&mut store, 5).expect("no trap"), 3);
            stores.push(store);
        }
        let taken = maps() - before;
        // Other tests map a few things meanwhile.
        assert!(taken <= MEMORIES * MAPPINGS as usize + 200, "{taken} mappings");
        assert!(taken >= MEMORIES * 2, "{taken}: the guards are there");
    }
}
