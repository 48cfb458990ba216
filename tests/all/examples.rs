//! Every example prints what the README shows: to the byte in deterministic mode, and on threads the
//! same lines, in the order that the example promises.

use flower_host::MemoryEngine;

use crate::support::{
    Guest, Mode, Program, assert_same_lines, crowd, expected, guest_file, memory_engine, only,
};

/// The examples that the tests of this file run.
pub(crate) const EXAMPLES: &[&str] = &[
    "adder_and_bookkeeper",
    "boring",
    "boring_service",
    "chat_room",
    "consumer_and_publishers",
    "counter",
    "daisy_chain",
    "daisy_chain_actors",
    "fan_in",
    "fan_in_select",
    "fibonacci",
    "harmless",
    "hello",
    "isolation",
    "many_counters",
    "ping_pong",
    "proxy_tour",
    "rights",
    "ring",
    "search",
    "select_buffered",
    "select_list",
    "selective_receive",
    "sieve",
    "storage",
    "sums",
    "supervised_workers",
    "timeout_conversation",
    "timeout_per_message",
    "worker_pool",
];

/// The examples that wait for clients, which the tests of what they serve run.
pub(crate) const SERVERS: &[&str] =
    &["chat_server", "counter_service", "echo_active", "echo_tcp", "narrow_proxy"];

/// Those whose lines depend on chance or on the clock, unless it is virtual.
const BY_CHANCE: &[&str] =
    &["fan_in", "fan_in_select", "ping_pong", "search", "timeout_conversation", "timeout_per_message"];

/// Runs one in deterministic mode, and fails unless its output is the expected one.
fn deterministic(name: &str) {
    assert!(EXAMPLES.contains(&name));
    let outcome = Guest::example(name).run(Mode::Deterministic);
    outcome.expect_success();
    assert_eq!(Some(outcome.stdout), expected("examples", name), "examples/expected/{name}.txt");
}

/// Runs one on threads, and returns what it printed.
fn threads(name: &str) -> String {
    let outcome = Guest::example(name).run(Mode::Threads);
    outcome.expect_success();
    outcome.stdout
}

/// The same of one whose lines depend on chance.
fn by_chance(name: &str) -> String {
    assert!(BY_CHANCE.contains(&name));
    let outcome = Guest::example(name).prints_whatever().run(Mode::Threads);
    outcome.expect_success();
    outcome.stdout
}

/// For an example whose actors wait for each other: the order is the same everywhere.
fn in_order_everywhere(name: &str) {
    deterministic(name);
    assert_eq!(Some(threads(name)), expected("examples", name), "examples/expected/{name}.txt");
}

#[test]
fn f1_consumer_and_publishers() {
    deterministic("consumer_and_publishers");
    let lines = threads("consumer_and_publishers");
    let of = |publisher: u32| only(&lines, &format!("got message from {publisher}: ")).join("\n");
    assert_eq!(of(1), "got message from 1: hello\ngot message from 1: world");
    assert_eq!(of(2), "got message from 2: brave\ngot message from 2: new\ngot message from 2: world");
}

#[test]
fn f1_consumer_and_publishers_prints_the_readmes_five_lines() {
    let lines = "got message from 1: hello\ngot message from 2: brave\ngot message from 1: world\n\
                 got message from 2: new\ngot message from 2: world\n";
    let outcome = Guest::example("consumer_and_publishers").run(Mode::Deterministic);
    assert_eq!(outcome.stdout, lines);
}

#[test]
fn f2_hello() {
    deterministic("hello");
    let lines = threads("hello");
    assert_eq!((only(&lines, "hello").len(), only(&lines, "world").len()), (5, 5), "{lines}");
}

#[test]
fn f2_hello_alternates_in_deterministic_mode() {
    assert_eq!(Guest::example("hello").run(Mode::Deterministic).stdout, "hello\nworld\n".repeat(5));
}

#[test]
fn f23_a17_isolation() {
    in_order_everywhere("isolation");
}

#[test]
fn a1_ring() {
    in_order_everywhere("ring");
}

#[test]
fn a1_ring_of_other_sizes() {
    for size in ["0", "1", "2", "100"] {
        let outcome = Guest::example("ring").args([size]).prints_whatever().run(Mode::Deterministic);
        outcome.expect_success();
        assert!(outcome.stdout.ends_with(&format!("{size} actors took part and have ended\n")), "{outcome}");
    }
}

#[test]
fn a1_ring_under_the_program() {
    let ran = Program::run(&[], &guest_file("ring"), &[]).expect_code(0);
    assert_eq!(Some(ran.stdout), expected("examples", "ring"));
}

#[test]
fn a4_to_a6_selective_receive() {
    in_order_everywhere("selective_receive");
}

#[test]
fn p1_storage() {
    in_order_everywhere("storage");
}

#[test]
fn p2_adder_and_bookkeeper() {
    in_order_everywhere("adder_and_bookkeeper");
}

#[test]
fn p3_p7_p15_proxy_tour() {
    deterministic("proxy_tour");
    assert_same_lines(&threads("proxy_tour"), &expected("examples", "proxy_tour").expect("it was just read"));
}

#[test]
fn many_counters() {
    in_order_everywhere("many_counters");
}

/// On guarded memories, as many as a process has mappings for.
#[test]
fn many_counters_of_other_sizes() {
    let size = match memory_engine() {
        MemoryEngine::Slab => "100000",
        MemoryEngine::Guarded => crowd(),
    };
    let ran = Program::run(&[], &guest_file("many_counters"), &[size]).expect_code(0);
    let n: u64 = size.parse().expect("a number");
    let (start, last) = (n * (n - 1) / 2, n + 2);
    assert_eq!(
        ran.stdout,
        format!(
            "{n} counters live\n\
             after 1 more for each, all of them together are at {}\n\
             after 2 more for each, all of them together are at {}\n\
             the first is at 3, the last at {last}\n",
            start + n,
            start + 3 * n
        )
    );
}

#[test]
fn counter() {
    in_order_everywhere("counter");
}

#[test]
fn supervised_workers() {
    deterministic("supervised_workers");
    let expected = expected("examples", "supervised_workers").expect("it was just read");
    assert_same_lines(&threads("supervised_workers"), &expected);
}

#[test]
fn chat_room() {
    in_order_everywhere("chat_room");
}

#[test]
fn p4_worker_pool() {
    in_order_everywhere("worker_pool");
}

#[test]
fn harmless() {
    in_order_everywhere("harmless");
}

#[test]
fn c11_boring() {
    in_order_everywhere("boring");
    in_order_everywhere("boring_service");
}

/// The numbers behind a name, line by line.
fn counts(text: &str, name: &str) -> Vec<usize> {
    let of_name = text.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    of_name.collect()
}

#[test]
fn c12_fan_in() {
    for name in ["fan_in", "fan_in_select"] {
        deterministic(name);
        let lines = by_chance(name);
        let (joe, ann) = (counts(&lines, "Joe"), counts(&lines, "Ann"));
        assert_eq!(joe.len() + ann.len(), 10, "{lines}");
        for counts in [joe, ann] {
            assert!(counts.iter().copied().eq(0..counts.len()), "{lines}");
        }
        assert!(lines.ends_with("You are boring; I'm leaving.\n"), "{lines}");
    }
}

/// On threads, nobody can say who is first at the table, nor how many hits there are in a second.
#[test]
fn c13_ping_pong() {
    let lines = by_chance("ping_pong");
    let lines: Vec<&str> = lines.lines().collect();
    let (played, left) = lines.split_at(lines.len() - 2);
    assert_eq!(left, ["Ball's gone"; 2]);
    let first = usize::from(played[0].starts_with("ping"));
    let hit = |n: usize| format!("{} {n}", ["ping", "pong"][(n + first) % 2]);
    assert!(played.iter().zip(1..).all(|(line, n)| *line == hit(n)), "{lines:?}");
}

#[test]
fn c13_ping_pong_has_ten_hits_in_a_second() {
    deterministic("ping_pong");
    let hits: String = (1..=10).map(|n| format!("{} {n}\n", ["pong", "ping"][n % 2])).collect();
    let outcome = Guest::example("ping_pong").run(Mode::Deterministic);
    assert_eq!(outcome.stdout, hits + &"Ball's gone\n".repeat(2));
}

#[test]
fn c15_daisy_chain() {
    in_order_everywhere("daisy_chain");
    in_order_everywhere("daisy_chain_actors");
    assert_eq!(expected("examples", "daisy_chain").as_deref(), Some("100001\n"));
}

#[test]
fn c15_daisy_chains_of_other_lengths() {
    for name in ["daisy_chain", "daisy_chain_actors"] {
        for (size, sum) in [("0", "1\n"), ("1", "2\n"), ("100", "101\n")] {
            let outcome = Guest::example(name).args([size]).prints_whatever().run(Mode::Threads);
            outcome.expect_success();
            assert_eq!(outcome.stdout, sum);
        }
    }
}

#[test]
fn c17_timeouts() {
    for (name, last) in
        [("timeout_per_message", "You're too slow.\n"), ("timeout_conversation", "You talk too much.\n")]
    {
        deterministic(name);
        let lines = by_chance(name);
        let joe = counts(&lines, "Joe");
        assert!(joe.iter().copied().eq(0..joe.len()), "{lines}");
        assert!(lines.ends_with(last), "{lines}");
    }
}

#[test]
fn c9_select_list() {
    deterministic("select_list");
    let expected = expected("examples", "select_list").expect("it was just read");
    assert_same_lines(&threads("select_list"), &expected);
}

#[test]
fn o2_sums() {
    deterministic("sums");
    let lines = threads("sums");
    assert!(["17\n-5\n12\n", "-5\n17\n12\n"].contains(&lines.as_str()), "{lines}");
}

#[test]
fn sieve() {
    in_order_everywhere("sieve");
}

#[test]
fn o3_fibonacci() {
    in_order_everywhere("fibonacci");
}

#[test]
fn o4_select_buffered() {
    in_order_everywhere("select_buffered");
}

/// What each way of searching has found, sorted.
fn found(lines: &str) -> Vec<(&str, Vec<&str>)> {
    lines
        .lines()
        .map(|line| {
            let (how, results) = line.split_once(": ").expect("every line says how");
            let mut results: Vec<&str> = results.split(", ").filter(|result| !result.is_empty()).collect();
            results.sort_unstable();
            (how, results)
        })
        .collect()
}

#[test]
fn search() {
    deterministic("search");
    let lines = by_chance("search");
    let found = found(&lines);
    let all = ["image result for \"golang\"", "video result for \"golang\"", "web result for \"golang\""];
    assert_eq!(found[0], ("one after the other", all.to_vec()));
    assert_eq!(found[1], ("at once", all.to_vec()));
    for (how, results) in &found[2..] {
        assert!(how.starts_with("in time"), "{lines}");
        let known = |result: &&str| all.contains(result) || *result == "timed out";
        assert!(results.iter().all(known), "{lines}");
        assert!(results.len() == 3 || results.contains(&"timed out"), "{lines}");
    }
}

#[test]
fn every_example_runs_under_the_program() {
    for name in EXAMPLES {
        let ran = Program::run(&["--deterministic"], &guest_file(name), &[]).expect_code(0);
        assert_eq!(Some(ran.stdout), expected("examples", name), "{name}");
        if BY_CHANCE.contains(name) {
            continue;
        }
        let ran = Program::run(&[], &guest_file(name), &[]).expect_code(0);
        assert_same_lines(&ran.stdout, &expected("examples", name).expect("it was just read"));
    }
}
