//! A guest, run by the library in one of three modes, with its output captured.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flower_host::{
    Accounts, Actor, ActorStatus, Budget, Capture, Dirs, ExitReason, Host, Module, NetRules, Policy, Source,
    Spawn, Stream, Strings,
};

use super::{Watchdog, assert_same_lines, expected, guest_file, host_builder, places};

/// Bytes that a guest's output may have.
const OUTPUT_MAX: usize = 16 << 20;

/// Bytes that the tests' compiled modules may have.
const CACHE_MAX: u64 = 1 << 30;

/// More workers than most machines have cores, so that threads are preempted anywhere.
const WORKERS: usize = 4;

/// How long actors that a main leaves behind have to stop.
const STOP_DEADLINE: Duration = Duration::from_secs(1);

/// How a guest is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Virtual time, and first come, first served.
    Deterministic,
    /// Virtual time, and an order of actors that follows from the seed.
    Seeded(u64),
    /// Real time, and several workers.
    Threads,
}

/// Where an expected output holds.
#[derive(Clone, Copy)]
enum Holds {
    Everywhere,
    InVirtualTime,
    FirstComeFirstServed,
}

impl Holds {
    fn in_mode(self, mode: Mode) -> bool {
        match self {
            Holds::Everywhere => true,
            Holds::InVirtualTime => mode != Mode::Threads,
            Holds::FirstComeFirstServed => mode == Mode::Deterministic,
        }
    }
}

/// A guest and what it is given.
#[derive(Clone)]
pub(crate) struct Guest {
    name: String,
    file: Option<PathBuf>,
    text: Option<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    dirs: Dirs,
    net: NetRules,
    /// In place of the three.
    policy: Option<Policy>,
    mailbox_len_max: Option<u32>,
    budget: Option<Budget>,
    modules: Vec<(String, PathBuf)>,
    /// What it has to print in deterministic mode, if that matters.
    expected: Option<String>,
    /// In which modes it prints that.
    holds: Holds,
}

/// How a run came to its end.
#[derive(Debug)]
pub(crate) enum End {
    /// The main actor ended.
    Reason(Arc<ExitReason>),
    /// Every actor waited, and nothing could wake one.
    Stuck(Vec<ActorStatus>),
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Outcome {
    guest: String,
    mode: Mode,
    expected: Option<String>,
    /// How it ended.
    pub(crate) end: End,
    /// All that was printed.
    pub(crate) stdout: String,
    /// All that was printed there.
    pub(crate) stderr: String,
}

impl Guest {
    /// The guest of this name, from `guests/src/bin`.
    pub(crate) fn named(name: &str) -> Guest {
        Guest::from("guests", name)
    }

    /// The example of this name.
    pub(crate) fn example(name: &str) -> Guest {
        Guest::from("examples", name)
    }

    /// A program in WebAssembly text.
    pub(crate) fn wat(name: &str, text: &str) -> Guest {
        Guest { text: Some(text.to_owned()), ..Guest::empty(name) }
    }

    fn from(package: &str, name: &str) -> Guest {
        Guest { file: Some(guest_file(name)), expected: expected(package, name), ..Guest::empty(name) }
    }

    fn empty(name: &str) -> Guest {
        Guest {
            name: name.to_owned(),
            file: None,
            text: None,
            args: Vec::new(),
            env: Vec::new(),
            dirs: Dirs::default(),
            net: NetRules::default(),
            policy: None,
            mailbox_len_max: None,
            budget: None,
            modules: Vec::new(),
            expected: None,
            holds: Holds::Everywhere,
        }
    }

    /// Gives it arguments.
    pub(crate) fn args<const N: usize>(mut self, args: [&str; N]) -> Guest {
        self.args.extend(args.map(str::to_owned));
        self
    }

    /// Gives it an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Guest {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Grants it a part of the network.
    pub(crate) fn net(mut self, rules: NetRules) -> Guest {
        self.net = rules;
        self
    }

    /// Says how many messages its mailbox holds.
    pub(crate) fn mailbox_len_max(mut self, messages: u32) -> Guest {
        self.mailbox_len_max = Some(messages);
        self
    }

    /// Gives it these rights, and no others.
    pub(crate) fn policy(mut self, policy: Policy) -> Guest {
        self.policy = Some(policy);
        self
    }

    /// Bounds it and its descendants together.
    pub(crate) fn budget(mut self, budget: Budget) -> Guest {
        self.budget = Some(budget);
        self
    }

    /// Gives it directories.
    pub(crate) fn dirs(mut self, dirs: Dirs) -> Guest {
        self.dirs = dirs;
        self
    }

    /// Loads another guest, which it may spawn by this name.
    pub(crate) fn module(mut self, name: &str, guest: &str) -> Guest {
        self.modules.push((name.to_owned(), guest_file(guest)));
        self
    }

    /// Says that its output is exact in virtual time alone.
    pub(crate) fn prints_times(mut self) -> Guest {
        self.holds = Holds::InVirtualTime;
        self
    }

    /// Says that its output tells who came first, which is certain without a seed alone.
    pub(crate) fn prints_the_order(mut self) -> Guest {
        self.holds = Holds::FirstComeFirstServed;
        self
    }

    /// Says that its output is not the usual one, because of what it is given.
    pub(crate) fn prints_whatever(mut self) -> Guest {
        self.expected = None;
        self
    }

    /// Runs it to its end, and stops those it leaves behind.
    pub(crate) fn run(&self, mode: Mode) -> Outcome {
        self.run_in(mode, false).0
    }

    /// Runs it until nobody has anything to do any more, and returns the accounts of that moment too.
    pub(crate) fn run_to_the_last(&self, mode: Mode) -> (Outcome, Accounts) {
        self.run_in(mode, true)
    }

    fn run_in(&self, mode: Mode, to_the_last: bool) -> (Outcome, Accounts) {
        let _watchdog = Watchdog::start();
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let output = Arc::new(Capture::new(OUTPUT_MAX));
            let host = self.host(mode, &output);
            let main = host.spawn(self.spawn(&host)).expect("the guest can be spawned");
            let end = end(&host, main).await;
            if to_the_last {
                host.quiescent().await;
            }
            let accounts = host.accounts();
            host.shutdown(STOP_DEADLINE).await;
            (self.outcome(mode, end, &output), accounts)
        })
    }

    fn outcome(&self, mode: Mode, end: End, output: &Capture) -> Outcome {
        Outcome {
            guest: self.name.clone(),
            mode,
            expected: self.expected.clone().filter(|_| self.holds.in_mode(mode)),
            end,
            stdout: output.text(Stream::Stdout),
            stderr: output.text(Stream::Stderr),
        }
    }

    fn host(&self, mode: Mode, output: &Arc<Capture>) -> Host {
        let builder = host_builder().output(output.clone());
        let builder = builder.cache(places::modules_cache(), CACHE_MAX);
        let builder = match mode {
            Mode::Deterministic => builder.deterministic(true),
            Mode::Seeded(seed) => builder.deterministic(true).seed(seed),
            Mode::Threads => builder.workers(WORKERS),
        };
        builder.build().expect("a host")
    }

    fn spawn(&self, host: &Host) -> Spawn {
        for (name, file) in &self.modules {
            host.load(name, &Source::from_file(file).expect("the other module's file"))
                .expect("the other module");
        }
        let args = std::iter::once(format!("{}.wasm", self.name)).chain(self.args.iter().cloned());
        let env = self.env.iter().map(|(name, value)| (name, value));
        let args = Strings::args(args).expect("short arguments");
        let spawn = Spawn::program(&self.load(host));
        let spawn = self.budget.into_iter().fold(spawn, Spawn::budget);
        if let Some(policy) = &self.policy {
            return spawn.policy(policy.clone().args(args));
        }
        let spawn = spawn
            .program_args(args)
            .env(Strings::env(env).expect("a short environment"))
            .dirs(self.dirs.clone())
            .net(self.net.clone());
        match self.mailbox_len_max {
            Some(messages) => spawn.mailbox_len_max(messages),
            None => spawn,
        }
    }

    fn load(&self, host: &Host) -> Module {
        let source = match (&self.file, &self.text) {
            (Some(file), _) => Source::from_file(file),
            (_, text) => Source::from_wat(text.as_deref().unwrap_or_default()),
        };
        host.load(&self.name, &source.expect("the guest's bytes")).expect("the guest is a module")
    }
}

/// Waits for the end of the main actor, or of all hope.
async fn end(host: &Host, main: Actor) -> End {
    let mut main = std::pin::pin!(main.join());
    tokio::select! {
        biased;
        reason = &mut main => return End::Reason(reason),
        () = host.quiescent() => {}
    }
    // It may be quiet because the main actor ended just after the first look.
    match tokio::time::timeout(Duration::ZERO, main).await {
        Ok(reason) => End::Reason(reason),
        Err(_) => End::Stuck(host.actors()),
    }
}

impl Outcome {
    /// Fails unless the main actor returned, and printed what is expected of it.
    #[track_caller]
    pub(crate) fn expect_success(&self) {
        let returned = matches!(&self.end, End::Reason(reason) if matches!(**reason, ExitReason::Normal(_)));
        assert!(returned, "{self}");
        match (&self.expected, self.mode) {
            (Some(expected), Mode::Deterministic) => assert_eq!(self.stdout, *expected, "{self}"),
            (Some(expected), _) => assert_same_lines(&self.stdout, expected),
            (None, _) => {}
        }
    }

    /// Why the main actor ended.
    #[track_caller]
    pub(crate) fn reason(&self) -> &ExitReason {
        match &self.end {
            End::Reason(reason) => reason,
            End::Stuck(_) => panic!("{self}"),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} in mode {:?} ended: ", self.guest, self.mode)?;
        match &self.end {
            End::Reason(reason) => writeln!(f, "{reason}")?,
            End::Stuck(actors) => {
                writeln!(f, "everybody waits")?;
                actors.iter().try_for_each(|actor| writeln!(f, "  {actor}"))?;
            }
        }
        write!(f, "--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}
