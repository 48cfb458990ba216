//! Imports: all of preview 1 is there, in both linkers.

use std::collections::BTreeMap;

use wasmtime_wasi::p1::{self, WasiP1Ctx};

use super::*;

/// Names and types of what a linker offers.
fn offers<T: 'static>(linker: &Linker<T>, data: T) -> BTreeMap<String, String> {
    let mut store = Store::new(&ENGINE, data);
    let functions: Vec<_> = linker.iter(&mut store).collect();
    let described = functions.into_iter().map(|(module, name, function)| {
        assert_eq!(module, MODULE);
        let ty = function.into_func().expect("they are functions").ty(&store);
        (name.to_owned(), ty.to_string())
    });
    described.collect()
}

#[test]
fn both_linkers_offer_all_of_preview_1() {
    let mut reference: Linker<WasiP1Ctx> = Linker::new(&ENGINE);
    p1::add_to_linker_sync(&mut reference, |context| context).expect("an empty linker");
    let context = wasmtime_wasi::WasiCtxBuilder::new().build_p1();
    let expected = offers(&reference, context);
    assert_eq!(expected.len(), 46);
    let config = Arc::new(Granted::default());
    assert_eq!(offers(&linker(false), actor(&config)), expected);
    assert_eq!(offers(&linker(true), actor(&config)), expected);
}

#[test]
fn state_is_two_pointers_until_it_is_needed() {
    assert_eq!(size_of::<Wasi>(), 2 * size_of::<usize>());
    let (config, _) = captured();
    let mut guest = Guest::process(&config);
    guest.fails(Errno::Badf, "fd_prestat_get", &[3, OUT.into()]);
    guest.ok("environ_sizes_get", &[0, 4]);
    guest.ok("clock_time_get", &[1, 0, OUT.into()]);
    guest.write(1, b"a whole line\n");
    assert!(guest.store.data().wasi.state.is_none());
}

#[test]
fn a_module_without_memory_is_told_so() {
    let text = format!(
        "(module (import {MODULE:?} \"random_get\" (func $f (param i32 i32) (result i32))) (func (export \"go\") (result i32) i32.const 0 i32.const 1 call $f))"
    );
    let module = Module::new(&ENGINE, text).expect("it is valid");
    let mut store = Store::new(&ENGINE, actor(&Arc::default()));
    let instance = linker(true).instantiate(&mut store, &module).expect("it is there");
    let go = instance.get_typed_func::<(), i32>(&mut store, "go").expect("it is exported");
    let error = go.call(&mut store, ()).expect_err("there is no memory");
    assert!(error.downcast_ref::<NoMemory>().is_some(), "{error:?}");
}

#[test]
fn memory_is_found_before_it_is_cached() {
    let mut guest = Guest::handler(&Arc::default());
    guest.store.data_mut().memory = None;
    assert_eq!(guest.call("args_sizes_get", &[0, 4]).expect("it finds the export"), 0);
}

#[test]
fn sockets_are_refused() {
    let mut guest = Guest::handler(&Arc::default());
    guest.fails(Errno::Notsup, "sock_accept", &[0, 0, OUT.into()]);
    guest.fails(Errno::Badf, "sock_accept", &[3, 0, OUT.into()]);
    guest.fails(Errno::Badf, "sock_recv", &[4, 0, 0, 0, 0, 0]);
    guest.fails(Errno::Badf, "sock_send", &[4, 0, 0, 0, 0]);
    guest.fails(Errno::Badf, "sock_shutdown", &[4, 0]);
}
