//! Modules that are made to be hard to compile: refused within the compiler's limits, by a child process, while
//! everybody else goes on.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use flower_host::{ChildCompiler, ExitReason, Host, LoadError, MemoryEngine, ModuleOptions, Source, Spawn};

use crate::oracle::{Arena, withstand_on};
use crate::support::host_program;
use crate::wat::{self, assert_alive, deterministic, module, threads};

fn apart() -> ChildCompiler {
    ChildCompiler::new(host_program())
}

fn load(host: &Host, text: &str) -> Result<flower_host::Module, LoadError> {
    host.load("hostile", &Source::from_wat(text).expect("it is text"))
}

/// So many functions, each with this body; and something to run.
fn functions(count: usize, body: &str) -> String {
    let function = format!("(func {body})");
    module(&format!("{}(func (export \"run\"))", function.repeat(count)))
}

/// The compiler's time grows with the square of the number of loops.
fn slow(functions_count: usize) -> String {
    functions(functions_count, &"loop end ".repeat(2000))
}

#[track_caller]
fn expect_refused(loaded: Result<flower_host::Module, LoadError>, part: &str) {
    match loaded {
        Err(LoadError::CompilerLimit { what }) => assert!(what.contains(part), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_compiled_apart_runs_as_ever() {
    wat::run(async {
        for builder in [threads(), deterministic(1)] {
            let host = builder.compiler(apart()).build().expect("a host");
            assert_alive(&host).await;
            for engine in [MemoryEngine::Slab, MemoryEngine::Guarded] {
                // Data, which is lifted out of the code on one of the engines.
                let text = module(
                    r#"(data (i32.const 300) "data")
                    (func (export "run") (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 300) (i32.const 4))))"#,
                );
                let source = Source::from_wat(&text).expect("it is text");
                let options = ModuleOptions::new().memory_engine(engine);
                let loaded = host.load_with("data", &source, options).expect("it compiles");
                let reason = host.spawn(Spawn::entry(&loaded, "run")).expect("it is there").join().await;
                let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
                assert_eq!(value.bytes, b"data");
            }
        }
    });
}

#[test]
fn what_is_slow_to_compile_is_refused_in_time_beside_bystanders() {
    // An unoptimized compiler would first reach the limit of memory.
    let compiler = apart().memory_max(1 << 40).time_max(Duration::from_secs(1));
    withstand_on(threads().compiler(compiler), async |arena: &Arena| {
        let host = arena.host.clone();
        let loaded = tokio::task::spawn_blocking(move || load(&host, &slow(200))).await;
        expect_refused(loaded.expect("it does not panic"), "longer than 1s");
    });
}

#[test]
fn what_takes_too_much_memory_to_compile_is_refused() {
    wat::run(async {
        let host = threads().compiler(apart().memory_max(0)).build().expect("a host");
        // A megabyte of code in one function.
        let large = functions(
            1,
            &"(drop (i32.div_s (i32.load (i32.const 1)) (i32.load (i32.const 2))))".repeat(80_000),
        );
        expect_refused(load(&host, &large), "of memory");
        assert_alive(&host).await;
    });
}

#[test]
fn what_is_full_of_functions_compiles_or_is_refused() {
    wat::run(async {
        let host = threads().compiler(apart().time_max(Duration::from_secs(20))).build().expect("a host");
        let full = functions(20_000, "");
        let loaded = load(&host, &full).expect("functions that do nothing cost little");
        let reason = host.spawn(Spawn::entry(&loaded, "run")).expect("it is there").join().await;
        assert_eq!(*reason, ExitReason::NORMAL);
    });
}

#[test]
fn what_is_not_valid_is_refused_without_a_child() {
    // There is no such program; only who needs a compiler looks for it.
    let host = threads().compiler(ChildCompiler::new("/no/such/compiler")).build().expect("a host");
    let invalid = r#"(module (memory (export "memory") 1) (func (export "run") i32.const 1))"#;
    assert!(matches!(load(&host, invalid), Err(LoadError::Invalid { .. })));
    let valid = r#"(module (memory (export "memory") 1) (func (export "run")))"#;
    let refused = load(&host, valid).expect_err("nobody compiles it").to_string();
    assert!(refused.contains("/no/such/compiler"), "{refused}");
}

#[test]
fn a_compiler_that_crashes_or_talks_nonsense_is_a_refused_module() {
    let valid = r#"(module (memory (export "memory") 1) (func (export "run")))"#;
    for (program, part) in
        [("/bin/true", "cannot be used"), ("/bin/false", "cannot compile"), ("/bin/echo", "cannot be used")]
    {
        let host = threads().compiler(ChildCompiler::new(program)).build().expect("a host");
        let refused = load(&host, valid).expect_err("it compiles nothing").to_string();
        assert!(refused.contains(part), "{program}: {refused}");
    }
}

#[test]
fn a_compiler_that_says_nothing_and_does_not_end_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("compiler");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 1000 >&- 2>&-\n").expect("it can be written");
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it is ours");
    let compiler = ChildCompiler::new(program).time_max(Duration::from_secs(1));
    let host = threads().compiler(compiler).build().expect("a host");
    let valid = r#"(module (memory (export "memory") 1) (func (export "run")))"#;
    expect_refused(load(&host, valid), "longer than 1s");
}
