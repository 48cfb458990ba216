//! Every host call with bad pointers, huge lengths, boundary values and random arguments.

use flower_abi::exit::TrapCode;
use flower_host::{Actor, ExitReason, Host, Limits};

use super::arguments::{Caller, MEMORY, OWN_PID, Role, good, role};
use crate::wat::{self, CALLS, Call, Random, Type, assert_alive, deterministic, threads};

/// Addresses that no structure of two bytes or more can have.
const BAD_POINTERS: [u32; 6] = [u32::MAX, u32::MAX - 7, 0x8000_0000, MEMORY, MEMORY + 1, MEMORY - 1];

/// Lengths that no buffer can have.
const HUGE_LENGTHS: [u32; 4] = [u32::MAX, 0x8000_0000, MEMORY + 1, 0x2000_0000];

/// Numbers at which arithmetic breaks.
const BOUNDARIES: [u64; 10] = [
    0,
    1,
    MEMORY as u64,
    i32::MAX as u64,
    i32::MIN as u32 as u64,
    u32::MAX as u64,
    i64::MAX as u64,
    i64::MIN as u64,
    u64::MAX - 1,
    u64::MAX,
];

/// Fails unless an actor ended with a bad pointer in this call.
fn assert_bad_pointer(reason: &ExitReason, call: &Call, arguments: &[u64]) {
    let named = format!("`{}`", call.name);
    let ExitReason::Trap { code: TrapCode::BAD_POINTER, message } = reason else {
        panic!("{} {arguments:x?}: {reason:?}", call.name);
    };
    assert!(message.contains(&named), "{}: {message}", call.name);
}

/// Fails if the host took the blame, or a bad pointer was not named.
fn assert_contained(reason: &ExitReason, call: &Call, arguments: &[u64]) {
    match reason {
        ExitReason::Trap { code: TrapCode::BAD_POINTER, .. } => assert_bad_pointer(reason, call, arguments),
        ExitReason::HostError { .. } => panic!("{} {arguments:x?} broke the host: {reason}", call.name),
        _ => {}
    }
}

fn calls_of(style: &str) -> impl Iterator<Item = &'static Call> {
    CALLS.iter().filter(move |call| style == "process" || call.in_handler)
}

/// Every call with one argument replaced by each of some values, where the argument is of this role.
fn cases(style: &str, wanted: fn(Role) -> bool, values: &[u32]) -> Vec<(&'static Call, Vec<u64>)> {
    let mut cases = Vec::new();
    for call in calls_of(style) {
        for at in (0..call.params.len()).filter(|at| wanted(role(call, *at))) {
            let replaced = |value: &u32| {
                let mut arguments = good(call);
                arguments[at] = u64::from(*value);
                (call, arguments)
            };
            cases.extend(values.iter().map(replaced));
        }
    }
    cases
}

async fn all_are_bad_pointers(host: &Host, style: &str, cases: Vec<(&'static Call, Vec<u64>)>) {
    let caller = Caller::load(host);
    assert!(!cases.is_empty());
    for (call, arguments) in cases {
        assert_bad_pointer(&caller.end(host, style, call, &arguments).await, call, &arguments);
    }
    assert_alive(host).await;
}

#[test]
fn bad_pointers_end_the_guest_in_every_call() {
    wat::run(async {
        let host = threads().build().expect("a host");
        for style in ["process", "handler"] {
            let cases = cases(style, |role| matches!(role, Role::Pointer(_)), &BAD_POINTERS);
            all_are_bad_pointers(&host, style, cases).await;
        }
    });
}

#[test]
fn huge_lengths_end_the_guest_in_every_call() {
    wat::run(async {
        let host = threads().build().expect("a host");
        for style in ["process", "handler"] {
            let mut cases = cases(style, |role| role == Role::Length, &HUGE_LENGTHS);
            // Too many filters or arms are refused before they are looked at.
            cases.retain(|(call, _)| !has_many_filters(call) && !call.name.starts_with("select"));
            all_are_bad_pointers(&host, style, cases).await;
        }
    });
}

fn has_many_filters(call: &Call) -> bool {
    call.params.iter().any(|(name, _)| *name == "filter_count")
}

#[test]
fn good_arguments_are_no_bad_pointers() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let caller = Caller::load(&host);
        for style in ["process", "handler"] {
            for call in calls_of(style) {
                let reason = caller.end(&host, style, call, &good(call)).await;
                let ended = matches!(call.name, "exit" | "kill" | "exit_signal" | "stop");
                let normal = matches!(&reason, ExitReason::Normal(value) if value.bytes.len() == 8);
                assert!(normal || ended, "{style} {}: {reason:?}", call.name);
            }
        }
        assert!(host.accounts().balance(), "{:?}", host.accounts());
    });
}

#[test]
fn every_parking_call_is_refused_in_a_handler() {
    wat::run(async {
        for host in [threads(), deterministic(1)] {
            let host = host.build().expect("a host");
            let caller = Caller::load(&host);
            let refused: Vec<&Call> = CALLS.iter().filter(|call| !call.in_handler).collect();
            assert!(refused.len() > 5, "some calls wait");
            for call in refused {
                let reason = caller.end(&host, "handler", call, &good(call)).await;
                let ExitReason::Trap { code: TrapCode::PARKED_IN_HANDLER, message } = &reason else {
                    panic!("{}: {reason:?}", call.name);
                };
                assert!(message.contains(&format!("`{}`", call.name)), "{message}");
            }
            assert_alive(&host).await;
        }
    });
}

/// Waits until nothing happens any more, and ends what waits for ever.
async fn settle(host: &Host, actors: Vec<(&Call, Vec<u64>, Actor)>) {
    host.quiescent().await;
    for status in host.actors() {
        host.kill(status.pid).expect("the pid has all rights");
    }
    for (call, arguments, actor) in actors {
        assert_contained(&*actor.join().await, call, &arguments);
    }
    host.quiescent().await;
    assert_eq!((host.actor_count(), host.memory_used()), (0, 0));
    let accounts = host.accounts();
    assert!(accounts.balance() && accounts.queued == 0, "{accounts:?}");
    assert_eq!(accounts.spawned, accounts.ended);
}

#[test]
fn boundary_values_are_contained_in_every_call() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let caller = Caller::load(&host);
        for style in ["process", "handler"] {
            for call in calls_of(style) {
                let mut actors = Vec::new();
                for (at, value) in (0..call.params.len()).flat_map(|at| BOUNDARIES.map(|value| (at, value))) {
                    let mut arguments = good(call);
                    arguments[at] = value;
                    actors.push((call, arguments.clone(), caller.spawn(&host, style, call, &arguments)));
                }
                settle(&host, actors).await;
            }
        }
        assert_alive(&host).await;
    });
}

/// A random argument: often one that does something.
fn random_argument(random: &mut Random, call: &Call, at: usize) -> u64 {
    match random.next() % 6 {
        0 | 1 => good(call)[at],
        2 => *random.choose(&BOUNDARIES),
        3 => u64::from(OWN_PID),
        4 => random.next() % u64::from(MEMORY),
        _ => random.next(),
    }
}

/// A random call with random arguments, on its way.
fn random_call(host: &Host, caller: &Caller, random: &mut Random) -> (&'static Call, Vec<u64>, Actor) {
    let call = random.choose(CALLS);
    let style = *random.choose(&["process", "handler"]);
    let arguments: Vec<u64> = (0..call.params.len()).map(|at| random_argument(random, call, at)).collect();
    let actor = caller.spawn(host, style, call, &arguments);
    (call, arguments, actor)
}

/// How many random calls there are to be.
fn random_calls() -> u32 {
    std::env::var("FLOWER_RANDOM_CALLS").map_or(4000, |count| count.parse().expect("a number of calls"))
}

#[test]
fn random_arguments_are_contained_in_every_call() {
    wat::run(async {
        let host = deterministic(7).limits(small()).build().expect("a host");
        let caller = Caller::load(&host);
        let mut random = Random(7);
        for _ in 0..random_calls().div_ceil(100) {
            let actors = (0..100).map(|_| random_call(&host, &caller, &mut random)).collect();
            settle(&host, actors).await;
        }
        assert_alive(&host).await;
    });
}

#[test]
fn random_arguments_are_contained_on_threads() {
    wat::run(async {
        let host = threads().limits(small()).build().expect("a host");
        let caller = Caller::load(&host);
        let mut random = Random(9);
        for _ in 0..1000 {
            let (call, arguments, actor) = random_call(&host, &caller, &mut random);
            // It may wait for ever; either it has ended already, or it ends now.
            host.kill(actor.pid()).expect("the pid has all rights");
            assert_contained(&*actor.join().await, call, &arguments);
        }
        assert_alive(&host).await;
    });
}

/// Limits that random arguments reach.
fn small() -> Limits {
    let mut limits = Limits::default();
    limits.message_bytes_max = 20_000;
    limits.reason_bytes_max = 10_000;
    limits
}

#[test]
fn every_parameter_has_a_role() {
    for call in CALLS {
        for (at, (name, ty)) in call.params.iter().enumerate() {
            let role = role(call, at);
            assert!(role == Role::Number || *ty == Type::I32, "{name} of {} is an address", call.name);
        }
    }
}
