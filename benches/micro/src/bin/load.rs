//! Loads a module in every way, for `cargo xtask bench peers`: `load FILE FOLDER`.
//!
//! FOLDER is where the cache and the artifact go. Each figure is the median of several loads, each into a host of its
//! own, whose making is not counted.

#![expect(clippy::disallowed_methods, reason = "real time is what is measured")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flower_host::{Host, HostBuilder, Module, Null, Source, TrustedArtifact};

/// Bytes that the cache may hold; the one module takes far less.
const CACHE_BYTES_MAX: u64 = 64 << 20;

/// Loads of each kind but the slow one.
const LOADS: usize = 21;

/// Loads that compile.
const COMPILATIONS: usize = 3;

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [file, folder] = &arguments[..] else { panic!("a module and a folder are expected") };
    let source = Source::from_file(file).expect("the module can be read");
    let from_source = |host: &Host| host.load("module", &source).expect("it is sound");
    let artifact = folder.join("module.cwasm");
    from_source(&host(plain())).compile_to_file(&artifact).expect("the folder can be written to");
    let from_artifact = |host: &Host| host.load_artifact("module", &open(&artifact)).expect("it is ours");
    let checked = |host: &Host| {
        let artifact = open(&artifact).check_content().expect("it is whole");
        host.load_artifact("module", &artifact).expect("it is ours")
    };
    let cached = || host(plain().cache(folder.join("cache"), CACHE_BYTES_MAX));
    from_source(&cached());
    report("compile", COMPILATIONS, || host(plain()), from_source);
    report("cache", LOADS, cached, from_source);
    report("checked", LOADS, || host(plain()), checked);
    report("artifact", LOADS, || host(plain()), from_artifact);
}

fn plain() -> HostBuilder {
    Host::builder().workers(1).output(Arc::new(Null))
}

fn host(builder: HostBuilder) -> Host {
    builder.build().expect("a host can be made")
}

fn open(artifact: &Path) -> TrustedArtifact {
    // SAFETY: this program has just written it, into a folder of its caller's.
    unsafe { TrustedArtifact::open(artifact) }.expect("it is sealed")
}

fn report(name: &str, loads: usize, host: impl Fn() -> Host, load: impl Fn(&Host) -> Module) {
    let timed = |_| {
        let host = host();
        let start = Instant::now();
        let module = load(&host);
        let time = start.elapsed();
        drop(module);
        time
    };
    let mut times: Vec<Duration> = (0..loads).map(timed).collect();
    times.sort_unstable();
    println!("{name} {:.9}", times[loads / 2].as_secs_f64());
}
