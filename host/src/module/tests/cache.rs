//! The cache: what it finds, what it refuses to use, and what happens when it cannot write.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use super::super::{Cache, CacheStats};
use super::*;

fn open(folder: &TestFolder) -> Cache {
    Cache::open(folder.join("cache"), Cache::BYTES_MAX).expect("the folder is ours")
}

#[track_caller]
fn load(engine: &Engine, cache: &Cache) -> Module {
    let module = Module::from_wat(engine, "good", GOOD, Some(cache)).expect("nothing is wrong with it");
    assert_eq!(plus_one(&module, 1), 2);
    module
}

/// The files in the cache, by name.
fn files(folder: &TestFolder) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("cache")).expect("the cache is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    files
}

/// The only file in the cache.
#[track_caller]
fn only_file(folder: &TestFolder) -> PathBuf {
    let [file] = files(folder).try_into().expect("there is one file");
    file
}

/// Stores the good module, lets `damage` change its bytes, and loads it with a new cache.
fn stats_after(damage: impl FnOnce(&mut Vec<u8>)) -> CacheStats {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let file = only_file(&folder);
    let mut bytes = fs::read(&file).expect("it can be read");
    damage(&mut bytes);
    fs::write(&file, bytes).expect("it can be written");
    let cache = open(&folder);
    load(&engine, &cache);
    let stats = cache.stats();
    // What was made in its place is good.
    load(&engine, &cache);
    assert_eq!(cache.stats().hits, stats.hits + 1);
    stats
}

#[track_caller]
fn assert_rejected(damage: impl FnOnce(&mut Vec<u8>)) {
    let stats = stats_after(damage);
    assert_eq!((stats.hits, stats.rejected, stats.stored), (0, 1, 1));
}

#[test]
fn first_load_misses_and_second_hits() {
    let (folder, engine) = (TestFolder::new(), engine());
    let cache = open(&folder);
    let first = load(&engine, &cache);
    assert_eq!(cache.stats(), CacheStats { misses: 1, stored: 1, ..CacheStats::default() });
    let second = load(&engine, &cache);
    assert_eq!(cache.stats(), CacheStats { misses: 1, stored: 1, hits: 1, ..CacheStats::default() });
    assert_eq!(first.inner.shape, second.inner.shape);
    assert_eq!(first.hash(), second.hash());
}

#[test]
fn another_host_finds_it() {
    let folder = TestFolder::new();
    load(&engine(), &open(&folder));
    let other = open(&folder);
    load(&engine(), &other);
    assert_eq!(other.stats(), CacheStats { hits: 1, ..CacheStats::default() });
}

#[test]
fn undamaged_artifact_hits() {
    assert_eq!(stats_after(|_| {}).hits, 1);
}

#[test]
fn changed_code_is_compiled_again() {
    assert_rejected(|bytes| bytes[0x1000] ^= 1);
}

#[test]
fn changed_shape_is_compiled_again() {
    assert_rejected(|bytes| {
        let place = bytes.len() - 140;
        bytes[place] ^= 1;
    });
}

#[test]
fn changed_checksum_is_compiled_again() {
    assert_rejected(|bytes| *bytes.last_mut().expect("it is not empty") ^= 1);
}

#[test]
fn changed_length_is_compiled_again() {
    assert_rejected(|bytes| {
        let place = bytes.len() - 120 + 12;
        bytes[place] ^= 0x80;
    });
}

#[test]
fn truncated_artifact_is_compiled_again() {
    assert_rejected(|bytes| bytes.truncate(bytes.len() / 2));
}

#[test]
fn empty_artifact_is_compiled_again() {
    assert_rejected(Vec::clear);
}

#[test]
fn damage_anywhere_in_the_seal_is_found() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let file = only_file(&folder);
    let good = fs::read(&file).expect("it can be read");
    for place in (good.len() - 120..good.len()).step_by(4) {
        let mut bytes = good.clone();
        bytes[place] ^= 0x10;
        fs::write(&file, bytes).expect("it can be written");
        let cache = open(&folder);
        load(&engine, &cache);
        assert_eq!(cache.stats().rejected, 1, "byte {place} of {}", good.len());
    }
}

#[test]
fn other_engine_configuration_has_its_own_artifact() {
    let folder = TestFolder::new();
    let cache = open(&folder);
    let fuelled = engine_with(|config| {
        config.epoch_interruption(true);
    });
    load(&engine(), &cache);
    Module::from_wat(&fuelled, "good", GOOD, Some(&cache)).expect("nothing is wrong with it");
    assert_eq!(cache.stats(), CacheStats { misses: 2, stored: 2, ..CacheStats::default() });
    assert_eq!(files(&folder).len(), 2);
}

#[test]
fn engine_with_other_stacks_shares_the_artifact() {
    let folder = TestFolder::new();
    let cache = open(&folder);
    let small = engine_with(|config| {
        config.max_wasm_stack(128 * 1024).async_stack_size(256 * 1024);
    });
    load(&engine(), &cache);
    load(&small, &cache);
    assert_eq!(cache.stats(), CacheStats { misses: 1, stored: 1, hits: 1, ..CacheStats::default() });
}

#[test]
fn artifact_of_another_engine_under_this_name_is_not_used() {
    let folder = TestFolder::new();
    let fuelled = engine_with(|config| {
        config.consume_fuel(true);
    });
    load(&engine(), &open(&folder));
    let ours = only_file(&folder);
    Module::from_wat(&fuelled, "good", GOOD, Some(&open(&folder))).expect("nothing is wrong with it");
    let theirs = files(&folder).into_iter().find(|file| *file != ours).expect("there are two");
    fs::rename(theirs, ours).expect("the folder can be written to");
    let cache = open(&folder);
    load(&engine(), &cache);
    assert_eq!((cache.stats().hits, cache.stats().rejected), (0, 1));
}

#[test]
fn artifact_of_another_module_under_this_name_is_not_used() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let ours = only_file(&folder);
    let other = GOOD.replace("i32.const 1)", "i32.const 2)");
    Module::from_wat(&engine, "other", &other, Some(&open(&folder))).expect("nothing is wrong with it");
    let theirs = files(&folder).into_iter().find(|file| *file != ours).expect("there are two");
    fs::rename(theirs, ours).expect("the folder can be written to");
    let cache = open(&folder);
    load(&engine, &cache);
    assert_eq!((cache.stats().hits, cache.stats().rejected), (0, 1));
}

#[test]
fn link_instead_of_an_artifact_is_not_followed() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let file = only_file(&folder);
    fs::rename(&file, folder.join("elsewhere")).expect("the folder can be written to");
    symlink(folder.join("elsewhere"), &file).expect("the folder can be written to");
    let cache = open(&folder);
    load(&engine, &cache);
    assert_eq!((cache.stats().hits, cache.stats().rejected), (0, 1));
    assert!(!only_file(&folder).is_symlink(), "the link was replaced");
}

#[test]
fn artifact_that_others_may_write_to_is_not_used() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    fs::set_permissions(only_file(&folder), Permissions::from_mode(0o666)).expect("it is ours");
    let cache = open(&folder);
    load(&engine, &cache);
    assert_eq!((cache.stats().hits, cache.stats().rejected), (0, 1));
}

#[test]
fn folder_is_made_for_its_owner_alone() {
    let folder = TestFolder::new();
    let _cache = Cache::open(folder.join("a/cache"), 0).expect("it can be made");
    let mode = folder.join("a/cache").metadata().expect("it is there").mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn folder_that_others_may_write_to_is_refused() {
    let folder = TestFolder::new();
    for mode in [0o770, 0o707] {
        fs::set_permissions(folder.path(), Permissions::from_mode(mode)).expect("it is ours");
        let error = Cache::open(folder.path(), 0).expect_err("others may write to it").to_string();
        assert!(error.contains("others may write to it; take that right away"), "{error}");
    }
}

#[test]
fn folder_of_another_user_is_refused() {
    let folder = TestFolder::new();
    // Only root can give a folder away, and for everybody else this one is another's.
    let path = match chown(folder.path(), Some(12_345), None) {
        Ok(()) => folder.path(),
        Err(_) => Path::new("/"),
    };
    let error = Cache::open(path, 0).expect_err("it is not ours").to_string();
    assert!(error.contains("it belongs to another user"), "{error}");
}

#[test]
fn folder_that_cannot_be_made_is_an_error_with_its_path() {
    let folder = TestFolder::new();
    fs::write(folder.join("file"), b"").expect("the folder can be written to");
    let error = Cache::open(folder.join("file/cache"), 0).expect_err("a file has no folders").to_string();
    assert!(error.contains("file/cache"), "{error}");
}

#[test]
fn folder_that_cannot_be_written_to_changes_nothing_else() {
    let (folder, engine) = (TestFolder::new(), engine());
    let cache = open(&folder);
    // Nothing can be made in a folder without a name, not even by root.
    fs::remove_dir(folder.join("cache")).expect("it is empty");
    load(&engine, &cache);
    load(&engine, &cache);
    assert_eq!(cache.stats(), CacheStats { misses: 2, failed: 2, ..CacheStats::default() });
}

#[test]
fn failed_write_leaves_nothing_behind() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let file = only_file(&folder);
    fs::remove_file(&file).expect("it is there");
    fs::create_dir(&file).expect("the folder can be written to");
    let cache = open(&folder);
    load(&engine, &cache);
    assert_eq!((cache.stats().rejected, cache.stats().failed), (1, 1));
    assert_eq!(only_file(&folder), file);
}

#[test]
fn oldest_artifacts_make_room() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let oldest = only_file(&folder);
    let size = oldest.metadata().expect("it is there").len();
    age(&oldest, 3);
    leftover(&folder, ".tmp-1-1", 2);
    leftover(&folder, "README", 1);

    let cache = Cache::open(folder.join("cache"), size + size / 2).expect("it is ours");
    let other = GOOD.replace("i32.const 1)", "i32.const 2)");
    Module::from_wat(&engine, "other", &other, Some(&cache)).expect("nothing is wrong with it");
    assert!(!oldest.exists(), "it was the oldest");
    assert_eq!(cache.stats().evicted, 1);
    assert_eq!(files(&folder).len(), 3, "the others fit, or are not ours");
}

#[test]
fn used_artifact_is_not_the_oldest() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let used = only_file(&folder);
    age(&used, 3);
    load(&engine, &open(&folder));
    leftover(&folder, ".tmp-1-1", 2);

    let size = used.metadata().expect("it is there").len();
    let cache = Cache::open(folder.join("cache"), 2 * size + size / 2).expect("it is ours");
    let other = GOOD.replace("i32.const 1)", "i32.const 2)");
    Module::from_wat(&engine, "other", &other, Some(&cache)).expect("nothing is wrong with it");
    assert!(used.exists());
}

#[test]
fn module_that_is_larger_than_the_cache_is_not_kept() {
    let (folder, engine) = (TestFolder::new(), engine());
    let cache = Cache::open(folder.join("cache"), 100).expect("it is ours");
    load(&engine, &cache);
    assert_eq!(cache.stats(), CacheStats { misses: 1, ..CacheStats::default() });
    assert!(files(&folder).is_empty());
}

#[test]
fn many_writers_do_not_break_each_other() {
    let (folder, engine) = (TestFolder::new(), engine());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let cache = open(&folder);
                for number in 0..8 {
                    let text = GOOD.replace("i32.const 64)", &format!("i32.const {})", number % 2));
                    let module = Module::from_wat(&engine, "m", &text, Some(&cache)).expect("it is valid");
                    assert_eq!(plus_one(&module, number), number + 1);
                }
                assert_eq!((cache.stats().rejected, cache.stats().failed), (0, 0));
            });
        }
    });
    assert_eq!(files(&folder).len(), 2, "no temporary file stays behind");
}

#[test]
fn hosts_that_evict_each_others_modules_go_on() {
    let (folder, engine) = (TestFolder::new(), engine());
    load(&engine, &open(&folder));
    let size = only_file(&folder).metadata().expect("it is there").len();
    thread::scope(|scope| {
        for number in 0..4 {
            let (folder, engine) = (&folder, &engine);
            scope.spawn(move || {
                let cache = Cache::open(folder.join("cache"), size + size / 2).expect("it is ours");
                let text = GOOD.replace("i32.const 64)", &format!("i32.const {number})"));
                for _ in 0..8 {
                    let module = Module::from_wat(engine, "m", &text, Some(&cache)).expect("it is valid");
                    assert_eq!(plus_one(&module, number), number + 1);
                }
                assert_eq!(cache.stats().rejected, 0);
            });
        }
    });
}

/// Makes a file as old as if it had been written `days` ago, counted from a day long past.
fn age(path: &Path, days: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(1_000_000_000 - days * 86_400);
    let file = fs::File::options().write(true).open(path).expect("it can be written");
    file.set_modified(time).expect("it is ours");
}

fn leftover(folder: &TestFolder, name: &str, days: u64) {
    let path = folder.join("cache").join(name);
    fs::write(&path, b"left behind").expect("the folder can be written to");
    age(&path, days);
}
