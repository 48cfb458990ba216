//! A soak: rounds of actors that end in every way, on a host with every default. `soak GUEST COUNT`.
//!
//! After each round the host's tables must be empty, and after the warm-up the process may not grow: no
//! memory, no thread, no mapping and no descriptor more. `cargo xtask soak` runs ten million actors; a
//! test runs some thousands.

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use flower_host::{ExitReason, Host, Module, Null, Source, Spawn, Strings};

/// Parts that a soak is cut into.
const ROUNDS: u64 = 20;

/// Rounds whose peak is what the later ones are compared with.
const WARM_UP: u64 = 8;

/// Memory that the allocator may keep in another way than at the peak of the warm-up.
const SLACK_KIB: u64 = 4096;

/// Mappings that the allocator may cut otherwise.
const SLACK_MAPPINGS: u64 = 16;

/// What a spare thread may add to both; a busy machine makes some, which take over from handlers that
/// seem to run for long. The host bounds their number.
const SPARE_KIB: u64 = 2048;
const SPARE_MAPPINGS: u64 = 8;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, guest, count] = &arguments[..] else { return Err("say `soak GUEST COUNT`".into()) };
    let per_round = count.parse::<u64>()?.div_ceil(ROUNDS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(soak(&Source::from_file(guest.as_ref())?, per_round))
}

async fn soak(guest: &Source<'_>, per_round: u64) -> Result<(), Failure> {
    let host = Host::builder().output(Arc::new(Null)).build()?;
    let module = host.load("soak", guest)?;
    let mut peak = Usage::default();
    for number in 1..=ROUNDS {
        round(&host, &module, per_round).await?;
        settle(&host).await?;
        check_tables(&host)?;
        let usage = Usage::now()?;
        println!("round {number} of {ROUNDS}: {} actors, {usage}", host.accounts().spawned);
        if number <= WARM_UP {
            peak = peak.max(usage);
        } else if number == ROUNDS {
            usage.check_against(peak)?;
        }
    }
    Ok(())
}

async fn round(host: &Host, module: &Module, count: u64) -> Result<(), Failure> {
    let arguments = Strings::args(["soak", &count.to_string()])?;
    let reason = host.spawn(Spawn::program(module).program_args(arguments))?.join().await;
    match &*reason {
        ExitReason::Normal(_) => Ok(()),
        reason => Err(format!("the guest ended: {reason}").into()),
    }
}

/// Waits until the last actors have ended; a timer that was left over would be waited for in vain.
async fn settle(host: &Host) -> Result<(), Failure> {
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, host.quiescent()).await.map_err(|_| "a timer or an actor is left over")?;
    Ok(())
}

fn check_tables(host: &Host) -> Result<(), Failure> {
    let accounts = host.accounts();
    let empty = [
        ("actors", host.actor_count() as u64),
        ("messages in mailboxes", accounts.queued),
        ("actors that have not ended", accounts.spawned - accounts.ended),
        ("bytes of linear memory", host.memory_used()),
        ("slots in use", host.slots().iter().map(|slots| slots.live as u64).sum()),
    ];
    if let Some((what, count)) = empty.iter().find(|(_, count)| *count > 0) {
        return Err(format!("{count} {what} after everybody has ended: {accounts:?}").into());
    }
    if !accounts.balance() {
        return Err(format!("the accounts of messages do not balance: {accounts:?}").into());
    }
    Ok(())
}

/// What the kernel counts for this process.
#[derive(Clone, Copy, Default)]
struct Usage {
    resident_kib: u64,
    /// Without the spare ones.
    threads: u64,
    spare_threads: u64,
    mappings: u64,
    descriptors: u64,
}

impl Usage {
    fn now() -> Result<Usage, Failure> {
        let status = fs::read_to_string("/proc/self/status")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            number.ok_or_else(|| format!("/proc/self/status has no {name}"))
        };
        let threads = thread_names()?;
        let spare_threads = threads.iter().filter(|name| name.as_str() == "flower-spare").count() as u64;
        Ok(Usage {
            resident_kib: field("VmRSS:")? + field("VmSwap:")?,
            threads: threads.len() as u64 - spare_threads,
            spare_threads,
            mappings: fs::read_to_string("/proc/self/maps")?.lines().count() as u64,
            descriptors: fs::read_dir("/proc/self/fd")?.count() as u64,
        })
    }

    fn max(self, other: Usage) -> Usage {
        Usage {
            resident_kib: self.resident_kib.max(other.resident_kib),
            threads: self.threads.max(other.threads),
            spare_threads: self.spare_threads.max(other.spare_threads),
            mappings: self.mappings.max(other.mappings),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }

    fn check_against(self, peak: Usage) -> Result<(), Failure> {
        let spares = self.spare_threads.saturating_sub(peak.spare_threads);
        let grown = self.resident_kib > peak.resident_kib + SLACK_KIB + spares * SPARE_KIB
            || self.threads > peak.threads
            || self.mappings > peak.mappings + SLACK_MAPPINGS + spares * SPARE_MAPPINGS
            || self.descriptors > peak.descriptors;
        if grown { Err(format!("the process has grown to {self}, from {peak}").into()) } else { Ok(()) }
    }
}

fn thread_names() -> Result<Vec<String>, Failure> {
    let threads = fs::read_dir("/proc/self/task")?;
    let name = |thread: std::io::Result<fs::DirEntry>| fs::read_to_string(thread?.path().join("comm"));
    // One that ends meanwhile has no name any more.
    Ok(threads.filter_map(|thread| Some(name(thread).ok()?.trim_end().to_owned())).collect())
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Usage { resident_kib, threads, spare_threads, mappings, descriptors } = self;
        write!(f, "{resident_kib} KiB, {threads} threads and {spare_threads} spare ones, ")?;
        write!(f, "{mappings} mappings, {descriptors} descriptors")
    }
}
