//! What the parts cost by the clock: `cargo xtask bench micro [FILTER]`.
//!
//! The parts of the host are measured through guests, with one worker; those of the SDK natively.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flower::{Binary, Codec, Message, pattern};
use flower_benches::Rig;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Actors of a crowd.
const CROWD: u64 = 1000;

/// What a guest repeats: the export of `rows.wat`, and how many operations make a round.
const REPEATED: [(&str, u32); 17] = [
    ("host_call", 1),
    ("enqueue", 1),
    ("fiber_switch", 1),
    ("handler_call", 1),
    ("process_hop", 2),
    ("rendezvous", 2),
    ("select_10", 2),
    ("buffered", 1024),
    ("handler_hop", 2),
    ("call", 1),
    ("call_handler", 1),
    ("many_to_one", 1),
    ("spawn_and_die", 1),
    ("link_unlink", 1),
    ("monitor_demonitor", 1),
    ("timer", 1),
    ("timer_cancel", 1),
];

/// The same with the SDK, by the row of the guest `instructions`.
const REPEATED_SDK: [(&str, u32); 6] = [
    ("spawn_and_die_sdk", 1),
    ("json_hop", 2),
    ("binary_hop", 2),
    ("supervisor_restart", 1),
    ("binary_call", 1),
    ("typed_call", 1),
];

fn repeated(criterion: &mut Criterion) {
    let (wat, sdk) = (Rig::wat(), Rig::sdk());
    for (row, operations) in REPEATED {
        let time = |count| time(|rounds| wat.run(row, &[rounds]), operations, count);
        criterion.bench_function(row, |bencher| bencher.iter_custom(time));
    }
    for (row, operations) in REPEATED_SDK {
        let time = |count| time(|rounds| sdk.run("_start", &[row, rounds]), operations, count);
        criterion.bench_function(row, |bencher| bencher.iter_custom(time));
    }
}

/// How long so many operations take, as rounds; some rows need at least four.
#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the real clock")]
fn time(run: impl Fn(&str), operations: u32, count: u64) -> Duration {
    let rounds = count.div_ceil(operations.into()).next_multiple_of(4);
    let start = Instant::now();
    run(&rounds.to_string());
    start.elapsed().mul_f64(count as f64 / (rounds * u64::from(operations)) as f64)
}

/// Actors in memory that nobody has touched: a new host each time, whose making does not count.
fn spawn_cold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("crowd");
    let count = CROWD.to_string();
    group.throughput(Throughput::Elements(CROWD));
    group.bench_function("spawn_cold", |bencher| {
        let spawn = |rig: Rig| {
            rig.run("spawn_cold", &[&count]);
            rig
        };
        bencher.iter_batched(Rig::wat, spawn, BatchSize::PerIteration);
    });
    group.bench_function("spawn_cold_sdk", |bencher| {
        let spawn = |rig: Rig| {
            rig.run("_start", &["spawn_cold_sdk", &count]);
            rig
        };
        bencher.iter_batched(Rig::sdk, spawn, BatchSize::PerIteration);
    });
    group.finish();
}

/// How many hang together: twice as many take twice as long.
const BUNDLES: [u64; 4] = [2_500, 5_000, 10_000, 20_000];

/// The end of one that is killed, and of all that are linked with it, or that monitor it and end when they
/// are told.
fn end(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("end");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
    for row in ["linked", "watched"] {
        let rig = Rig::wat();
        for count in BUNDLES {
            let gather = || {
                let first = rig.start(row, &[&count.to_string()]);
                runtime.block_on(rig.host.quiescent());
                assert_eq!(rig.host.actor_count() as u64, count + 1);
                first
            };
            let kill = |first: flower_host::Actor| {
                rig.host.kill(first.pid()).expect("the pid has all rights");
                runtime.block_on(rig.host.quiescent());
                assert_eq!(rig.host.actor_count(), 0);
            };
            group.throughput(Throughput::Elements(count));
            group.bench_function(BenchmarkId::new(row, count), |bencher| {
                bencher.iter_batched(gather, kill, BatchSize::PerIteration);
            });
        }
    }
    group.finish();
}

/// Actors of which each is linked with the one before: all are spawned, and then end, the last first.
fn chain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("chain");
    let rig = Rig::wat();
    for count in BUNDLES {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| rig.run("chain", &[&count.to_string()]));
        });
    }
    group.finish();
}

/// A message of a middling size.
#[derive(Serialize, Deserialize)]
struct Order {
    id: u64,
    customer: String,
    lines: Vec<Line>,
    paid: bool,
}

#[derive(Serialize, Deserialize)]
struct Line {
    article: String,
    pieces: u32,
    price: f64,
}

impl Order {
    fn new() -> Order {
        let line = |n: u32| Line { article: format!("article {n}"), pieces: n, price: f64::from(n) + 0.5 };
        Order { id: 4711, customer: "Ada".to_owned(), lines: (1..=5).map(line).collect(), paid: true }
    }
}

fn codec(criterion: &mut Criterion) {
    fn both<M: Message>(criterion: &mut Criterion, name: &str, codec: Codec, message: &M) {
        let mut body = Vec::new();
        let mut encode = || {
            body.clear();
            black_box(message).encode(&mut body).expect("it can be written");
        };
        criterion.bench_function(&format!("{name}/encode"), |bencher| bencher.iter(&mut encode));
        encode();
        let decode = || M::decode(codec, black_box(&body)).expect("it can be read");
        criterion.bench_function(&format!("{name}/decode"), |bencher| bencher.iter_with_large_drop(decode));
    }
    both(criterion, "json", Codec::JSON, &Order::new());
    both(criterion, "binary", Codec::BINARY, &Binary(Order::new()));
}

fn pattern_match(criterion: &mut Criterion) {
    let order = serde_json::to_value(Order::new()).expect("it can be written");
    let wanted = pattern!({
        "id": int,
        "customer": "Ada",
        "lines": [{ "article": str, "price": float }],
        "paid": true
    });
    let other = json!({ "id": 4711, "customer": "Grace" });
    assert!(wanted.matches(&order) && !wanted.matches(&other));
    criterion.bench_function("pattern/match", |bencher| bencher.iter(|| wanted.matches(black_box(&order))));
    criterion
        .bench_function("pattern/mismatch", |bencher| bencher.iter(|| wanted.matches(black_box(&other))));
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args()
}

criterion_group! {
    name = benches;
    config = short();
    targets = repeated, spawn_cold, end, chain, codec, pattern_match
}
criterion_main!(benches);
