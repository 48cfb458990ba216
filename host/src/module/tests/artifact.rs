//! Explicit artifacts: written, trusted by the caller, loaded.

use super::super::{ArtifactFault, TrustedArtifact};
use super::*;

fn compiled(folder: &TestFolder) -> (Module, PathBuf) {
    let module = Module::from_wat(&engine(), "good", GOOD, None).expect("nothing is wrong with it");
    let path = folder.join("good.cwasm");
    module.compile_to_file(&path).expect("the folder can be written to");
    (module, path)
}

fn open(path: &Path) -> Result<TrustedArtifact, LoadError> {
    // SAFETY: the tests wrote the files themselves, and run nothing out of those they damaged.
    unsafe { TrustedArtifact::open(path) }
}

#[track_caller]
fn fault(result: Result<impl std::fmt::Debug, LoadError>) -> ArtifactFault {
    match result {
        Err(LoadError::Artifact { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn artifact_is_the_module() {
    let folder = TestFolder::new();
    let (module, path) = compiled(&folder);
    let artifact = open(&path).expect("it is sealed").check_content().expect("it is whole");
    assert_eq!(artifact.hash(), module.hash());
    let loaded = Module::load_artifact(&engine(), "other", &artifact).expect("it is ours");
    assert_eq!((loaded.name(), loaded.hash()), ("other", module.hash()));
    assert_eq!(loaded.inner.shape, module.inner.shape);
    assert_eq!(plus_one(&loaded, 41), 42);
}

#[test]
fn artifact_of_an_artifact_is_the_same() {
    let folder = TestFolder::new();
    let (_, path) = compiled(&folder);
    let artifact = open(&path).expect("it is sealed");
    let loaded = Module::load_artifact(&engine(), "good", &artifact).expect("it is ours");
    loaded.compile_to_file(folder.join("again.cwasm")).expect("the folder can be written to");
    assert!(fs::read(path).ok() == fs::read(folder.join("again.cwasm")).ok());
    assert_eq!(plus_one(&loaded.for_engine(&engine()).expect("it is whole"), 1), 2);
}

#[test]
fn replaced_artifact_stays_whole_for_those_who_use_it() {
    let folder = TestFolder::new();
    let (module, path) = compiled(&folder);
    let artifact = open(&path).expect("it is sealed");
    let loaded = Module::load_artifact(&engine(), "good", &artifact).expect("it is ours");
    let other = GOOD.replace("i32.const 1)", "i32.const 2)");
    let other = Module::from_wat(module.code().engine(), "other", &other, None).expect("it is valid");
    other.compile_to_file(&path).expect("the folder can be written to");
    assert_eq!(plus_one(&loaded, 1), 2);
    let again = Module::load_artifact(&engine(), "other", &open(&path).expect("it is sealed"));
    assert_eq!(plus_one(&again.expect("it is ours"), 1), 3);
}

#[test]
fn artifact_of_another_engine_is_refused() {
    let folder = TestFolder::new();
    let (_, path) = compiled(&folder);
    let fuelled = engine_with(|config| {
        config.consume_fuel(true);
    });
    let loaded = Module::load_artifact(&fuelled, "good", &open(&path).expect("it is sealed"));
    assert!(matches!(fault(loaded), ArtifactFault::Foreign));
}

#[test]
fn wasm_instead_of_an_artifact_is_refused() {
    let folder = TestFolder::new();
    fs::write(folder.join("m.wasm"), binary(GOOD)).expect("the folder can be written to");
    assert!(matches!(fault(open(&folder.join("m.wasm"))), ArtifactFault::NotSealed));
}

#[test]
fn artifact_instead_of_wasm_is_refused() {
    let folder = TestFolder::new();
    let (_, path) = compiled(&folder);
    let error = Module::from_file(&engine(), "m", path, None).expect_err("it is compiled").to_string();
    assert!(error.contains("load it as an artifact"), "{error}");
}

#[test]
fn artifact_that_is_not_there_is_named() {
    let error = open(Path::new("none.cwasm")).expect_err("there is none").to_string();
    assert!(error.contains("cannot open none.cwasm: No such file"), "{error}");
}

#[test]
fn truncated_artifact_is_refused_at_every_length() {
    let folder = TestFolder::new();
    let (_, path) = compiled(&folder);
    let bytes = fs::read(&path).expect("it can be read");
    for len in (0..bytes.len()).rev().step_by(97) {
        fs::write(&path, &bytes[..len]).expect("it can be written");
        assert!(matches!(fault(open(&path)), ArtifactFault::NotSealed), "{len}");
    }
}

#[test]
fn damage_is_found_when_asked_for() {
    let folder = TestFolder::new();
    let (_, path) = compiled(&folder);
    let mut bytes = fs::read(&path).expect("it can be read");
    bytes[0x1000] ^= 1;
    fs::write(&path, &bytes).expect("it can be written");
    let checked = open(&path).expect("it is sealed").check_content();
    assert!(matches!(fault(checked), ArtifactFault::Damaged));
}

#[test]
fn other_format_is_refused() {
    let folder = TestFolder::new();
    let (_, path) = compiled(&folder);
    let mut bytes = fs::read(&path).expect("it can be read");
    let place = bytes.len() - 112;
    bytes[place] = 9;
    fs::write(&path, &bytes).expect("it can be written");
    assert!(matches!(fault(open(&path)), ArtifactFault::Format { found: 9 }));
}

#[test]
fn folder_that_is_not_there_is_an_error_with_its_path() {
    let folder = TestFolder::new();
    let (module, _) = compiled(&folder);
    let error = module.compile_to_file(folder.join("none/m.cwasm")).expect_err("there is none");
    assert!(error.to_string().contains("none: No such file"), "{error}");
}

#[test]
fn device_is_not_replaced() {
    let folder = TestFolder::new();
    let (module, _) = compiled(&folder);
    let error = module.compile_to_file("/dev/null").expect_err("it is a device");
    assert!(matches!(error, LoadError::Io { .. }), "{error}");
}
