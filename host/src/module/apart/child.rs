//! The child's side of compiling apart: it limits itself, compiles its standard input, and writes to its standard
//! output.

use std::io::{self, Read, Write};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::super::artifact::{self, Compatibility};
use super::super::error::LoadError;
use super::super::source::Source;
use super::super::validate::MODULE_BYTES_MAX;
use super::super::{compile, serialize};
use crate::instance::{Engines, MemoryEngine, ModuleOptions, StackClass};
use crate::limits::{APART_DESCRIPTORS_MAX, APART_OVERHEAD_BYTES, Limits};

/// The environment of the child: its allocator shall not commit what it only reserves, for that counts; and every thread has
/// some memory of its own.
pub(super) const ENVIRONMENT: [(&str, &str); 3] =
    [("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_EAGER_COMMIT", "0"), ("RAYON_NUM_THREADS", "4")];

/// What the child is to know, as arguments.
pub(super) fn arguments(
    options: ModuleOptions,
    deterministic: bool,
    memory_max: u64,
    time_max: Duration,
) -> [String; 5] {
    let engine = match options.memory_engine {
        MemoryEngine::Slab => "slab",
        MemoryEngine::Guarded => "guarded",
    };
    let seconds = time_max.as_secs() + u64::from(time_max.subsec_nanos() > 0);
    [
        engine.to_owned(),
        options.epoch_interruption.to_string(),
        deterministic.to_string(),
        memory_max.to_string(),
        seconds.to_string(),
    ]
}

/// Compiles the module on the standard input as [`ChildCompiler`](super::ChildCompiler) asks for it, within the limits that it names, and
/// writes a sealed artifact to the standard output.
///
/// Programs other than `flower-host` call this, with the arguments behind it, when their first argument is
/// [`COMPILE_APART`](super::COMPILE_APART). It limits the whole process.
pub fn compile_apart(arguments: &[String]) -> Result<(), LoadError> {
    let job = Job::parse(arguments).ok_or_else(|| refused("its arguments are those of another version"))?;
    job.limit_process().map_err(|error| refused(&error.to_string()))?;
    let mut bytes = Vec::new();
    io::stdin()
        .take(MODULE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(&error.to_string()))?;
    let parts = job.compile(&Source::from_bytes(bytes)?)?;
    let mut out = io::stdout().lock();
    let written = parts.iter().try_for_each(|part| out.write_all(part));
    written.and_then(|()| out.flush()).map_err(|error| refused(&error.to_string()))
}

fn refused(why: &str) -> LoadError {
    LoadError::Compile { message: format!("the compiler's process cannot work: {why}") }
}

struct Job {
    options: ModuleOptions,
    deterministic: bool,
    memory_max: u64,
    seconds: u64,
}

impl Job {
    fn parse(arguments: &[String]) -> Option<Job> {
        let [engine, epoch_interruption, deterministic, memory_max, seconds] = arguments else { return None };
        let memory_engine = match engine.as_str() {
            "slab" => MemoryEngine::Slab,
            "guarded" => MemoryEngine::Guarded,
            _ => return None,
        };
        let options = ModuleOptions::new().memory_engine(memory_engine);
        Some(Job {
            options: options.epoch_interruption(epoch_interruption.parse().ok()?),
            deterministic: deterministic.parse().ok()?,
            memory_max: memory_max.parse().ok()?,
            seconds: seconds.parse().ok()?,
        })
    }

    /// Takes from this process all that compiling does not need.
    fn limit_process(&self) -> io::Result<()> {
        let memory = self.memory_max.saturating_add(APART_OVERHEAD_BYTES);
        let limits = [
            (Resource::Data, memory),
            // It writes to a pipe, and to no file.
            (Resource::Fsize, 0),
            (Resource::Core, 0),
            (Resource::Nofile, APART_DESCRIPTORS_MAX),
        ];
        for (resource, max) in limits {
            setrlimit(resource, Rlimit { current: Some(max), maximum: Some(max) })?;
        }
        // Who meets the first of the two ends by a signal of its own, who meets the second is killed like by any other.
        let (current, maximum) = (Some(self.seconds), Some(self.seconds.saturating_add(1)));
        setrlimit(Resource::Cpu, Rlimit { current, maximum })?;
        Ok(())
    }

    fn compile(&self, source: &Source<'_>) -> Result<[Vec<u8>; 2], LoadError> {
        let engines = Engines::new(&Limits::default(), self.deterministic, false)
            .map_err(super::super::not_compiled)?;
        let set = engines.get(StackClass::Small, self.options).map_err(super::super::not_compiled)?;
        let memory_engine = self.options.memory_engine;
        let (code, shape) = compile(&set.engine, memory_engine, source.bytes())?;
        let code = serialize(&code)?;
        let compatibility = Compatibility::of(&set.engine, memory_engine);
        let trailer = artifact::seal(&code, &shape, source.hash(), compatibility);
        Ok([code, trailer])
    }
}
