//! A Rust toolchain that can compile for `wasm32-wasip1`: found, fetched or built.
//!
//! There are three routes, tried in this order: the active toolchain has the target already;
//! rustup can add it; on Debian, packages of the distribution together with a standard library
//! built from their source. The first two leave nothing to remember. The third keeps its result
//! in the user's cache, where the next call finds it at once. `FLOWER_TOOLCHAIN` names one route
//! for those who want no other.

mod apt;
mod build_std;
mod debian;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;

use crate::workspace::{self, probe, say};

/// The target that guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// The variable that names the one route to take.
const ROUTE_VARIABLE: &str = "FLOWER_TOOLCHAIN";

/// Long enough for the target's 25 MB over a slow line, short enough for a line that is dead.
const RUSTUP_SECONDS_MAX: u32 = 120;

/// One way to a toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Route {
    /// The toolchain in use has the target.
    Active,
    /// `rustup target add`.
    Rustup,
    /// Packages of Debian, and a standard library built from source.
    Debian,
}

impl Route {
    /// Where the toolchain came from, for people.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Route::Active => "the active toolchain has the target",
            Route::Rustup => "rustup added the target",
            Route::Debian => "Debian's packages, standard library built from source",
        }
    }
}

/// A toolchain that has [`TARGET`].
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// How it was found.
    pub(crate) route: Route,
    /// The first line of `rustc -vV`.
    pub(crate) version: String,
    /// The cargo that fits the compiler.
    pub(crate) cargo: PathBuf,
    /// Variables that a cargo call needs in order to use it.
    pub(crate) env: Vec<(&'static str, PathBuf)>,
    /// Differs when artifacts of another toolchain must not be mixed with this one's.
    pub(crate) id: String,
}

impl Toolchain {
    /// Its cargo, with its variables, to be started in the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(workspace::root()).envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn of(rustc: &Rustc, route: Route) -> Toolchain {
        let cargo = PathBuf::from(workspace::cargo().get_program());
        let id = format!("{}\n{}", rustc.libdir.display(), rustc.version);
        Toolchain { route, version: rustc.headline(), cargo, env: Vec::new(), id }
    }
}

/// Finds or makes a toolchain for guests. Instant when there is one.
pub(crate) fn ensure() -> Result<Toolchain> {
    ensure_by(route_asked_for()?)
}

/// Finds or makes a toolchain by one route, or by the first that works.
pub(crate) fn ensure_by(route: Option<Route>) -> Result<Toolchain> {
    match route {
        Some(Route::Active) => {
            active().ok_or_else(|| anyhow!("the active toolchain lacks {TARGET}: {}", remedy()))
        }
        Some(Route::Rustup) => rustup().ok_or_else(|| anyhow!("rustup cannot add {TARGET}: {}", remedy())),
        Some(Route::Debian) => debian::ensure(),
        None => first_that_works(),
    }
}

/// The route that the environment insists on.
pub(crate) fn route_asked_for() -> Result<Option<Route>> {
    let Ok(name) = env::var(ROUTE_VARIABLE) else { return Ok(None) };
    let route = Route::from_str(&name, true);
    route.map(Some).map_err(|_| anyhow!("{ROUTE_VARIABLE}={name} is no route: use active, rustup or debian"))
}

fn first_that_works() -> Result<Toolchain> {
    if let Some(found) = active().or_else(debian::remembered).or_else(rustup) {
        return Ok(found);
    }
    if !debian::is_possible() {
        bail!("no toolchain for {TARGET}: {}", remedy());
    }
    debian::ensure()
        .with_context(|| format!("no toolchain for {TARGET} yet (rustup, if there, makes one at once)"))
}

fn remedy() -> &'static str {
    "install rustup (https://rustup.rs) and type `rustup target add wasm32-wasip1`, \
     or install your distribution's package of that target for the rustc in use"
}

fn active() -> Option<Toolchain> {
    let rustc = Rustc::ask(&active_rustc())?;
    rustc.has_target().then(|| Toolchain::of(&rustc, Route::Active))
}

fn rustup() -> Option<Toolchain> {
    probe(Command::new("rustup").arg("--version"))?;
    say!("adding the target {TARGET} with rustup");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(workspace::root())
        .env("RUSTUP_MAX_RETRIES", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if !ends_well_in_time(added.ok()?) {
        say!("rustup could not add the target");
        return None;
    }
    let rustc = Rustc::ask(&active_rustc())?;
    rustc.has_target().then(|| Toolchain::of(&rustc, Route::Rustup))
}

fn ends_well_in_time(mut child: Child) -> bool {
    for _ in 0..RUSTUP_SECONDS_MAX * 10 {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => sleep(Duration::from_millis(100)),
            Err(_) => return false,
        }
    }
    // Both may fail only because it has ended meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn active_rustc() -> PathBuf {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()).into()
}

/// What a compiler says about itself.
struct Rustc {
    /// The output of `rustc -vV`.
    version: String,
    /// Where its libraries for [`TARGET`] are, or would be.
    libdir: PathBuf,
}

impl Rustc {
    fn ask(program: &Path) -> Option<Rustc> {
        let rustc = || {
            let mut command = Command::new(program);
            command.current_dir(workspace::root());
            command
        };
        let version = probe(rustc().arg("-vV"))?;
        let libdir = probe(rustc().args(["--print", "target-libdir", "--target", TARGET]))?;
        Some(Rustc { version, libdir: libdir.trim().into() })
    }

    fn has_target(&self) -> bool {
        let Ok(files) = self.libdir.read_dir() else { return false };
        files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    }

    fn headline(&self) -> String {
        self.version.lines().next().unwrap_or_default().to_owned()
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.version.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn release(&self) -> &str {
        self.field("release").unwrap_or("unknown")
    }

    fn host(&self) -> &str {
        self.field("host").unwrap_or("unknown")
    }

    /// Whether it is new enough for this workspace.
    fn suffices(&self) -> bool {
        at_least(self.release(), env!("CARGO_PKG_RUST_VERSION"))
    }
}

fn at_least(release: &str, min: &str) -> bool {
    let numbers = |version: &str| -> Vec<u32> {
        version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
    };
    numbers(release) >= numbers(min)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "rustc 1.96.0 (ac68faa20 2026-05-25)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.96.0\n";

    #[test]
    fn versions_compare_by_number() {
        assert!(at_least("1.96.0", "1.95"));
        assert!(at_least("1.100.0-nightly", "1.95.1"));
        assert!(!at_least("1.63.0", "1.95"));
        assert!(!at_least("unknown", "1.95"));
    }

    #[test]
    fn the_fields_of_a_version_are_read() {
        let rustc = Rustc { version: VERSION.into(), libdir: "/nowhere".into() };
        assert_eq!(rustc.release(), "1.96.0");
        assert_eq!(rustc.host(), "x86_64-unknown-linux-gnu");
        assert_eq!(rustc.headline(), "rustc 1.96.0 (ac68faa20 2026-05-25)");
        assert!(!rustc.has_target());
    }

    #[test]
    fn a_program_that_is_not_there_is_no_rustc() {
        assert!(Rustc::ask(Path::new("/no/such/rustc")).is_none());
    }

    #[test]
    fn every_route_has_a_name_for_the_variable() {
        for name in ["active", "rustup", "debian"] {
            assert!(Route::from_str(name, true).is_ok());
        }
    }
}
