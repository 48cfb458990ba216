//! A right that everybody has by itself, used directly, by children, and by children from which it was taken: also by those
//! that try to get it back. Its arguments are the way and the right.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;

use flower::{Budget, Message, Raw, Spawn, join_group, register, self_pid, send, sleep, unregister, whereis};
use flower_guests::{ms, wait_for_ever};

const MIB: u64 = 1 << 20;

fn main() {
    let args: Vec<String> = env::args().collect();
    let right = args[2].clone();
    if right == "unregister" {
        register("held", self_pid()).expect("nobody has it");
    }
    let outcome = match &*args[1] {
        "direct" => attempt(right),
        "child" => outcome(Spawn::new(attempt, right)),
        "grandchild" => outcome(Spawn::new(hand_on, right)),
        "narrowed_child" => outcome(narrowed(&right, Spawn::new(attempt, right.clone()))),
        "child_of_a_narrowed_child" => outcome(narrowed(&right, Spawn::new(hand_on, right.clone()))),
        "widened_child" => outcome(narrowed(&right, Spawn::new(widen, right.clone()))),
        other => panic!("no way {other}"),
    };
    // The streams are used, and say it themselves.
    if !outcome.is_empty() {
        println!("{outcome}");
    }
}

fn hand_on(right: String) -> String {
    outcome(Spawn::new(attempt, right))
}

fn widen(right: String) -> String {
    outcome(widened(&right, Spawn::new(attempt, right.clone())))
}

fn outcome(spawn: Spawn<'_, String>) -> String {
    match spawn.spawn_join() {
        Ok(child) => child.join().expect("it ends well"),
        Err(error) => error.to_string(),
    }
}

fn narrowed<'a>(right: &str, spawn: Spawn<'a, String>) -> Spawn<'a, String> {
    match right {
        "stdout" => spawn.deny_stdout(),
        "stderr" => spawn.deny_stderr(),
        "random" => spawn.fixed_random(),
        "name" | "listed_name" | "name_of_child" | "group" | "unregister" | "flood" => {
            spawn.only_names(&["db", "web/a*"])
        }
        "module" => spawn.only_modules(&["mine"]),
        "loaded_module" => spawn.only_modules(&["other"]),
        "depth" => spawn.depth_max(2),
        "actors" => spawn.budget(Budget::new().actors_max(3)),
        "child_memory" => spawn.child_memory_max(4 * MIB),
        "child_mailbox_len" => spawn.child_mailbox_len_max(4),
        "child_mailbox_bytes" => spawn.child_mailbox_bytes_max(20_000),
        "child_run_time" => spawn.child_run_time_max(ms(100)),
        other => panic!("no right {other}"),
    }
}

/// Names more than was left; where nothing could be named, something else, which must not bring it back.
fn widened<'a>(right: &str, spawn: Spawn<'a, String>) -> Spawn<'a, String> {
    match right {
        "stdout" | "stderr" | "random" => spawn.program_arg("something else"),
        "name" | "listed_name" | "name_of_child" | "group" | "unregister" => spawn.only_names(&["*"]),
        "module" | "loaded_module" => spawn.only_modules(&["oth*"]),
        "depth" => spawn.depth_max(9),
        "actors" => spawn.budget(Budget::new().actors_max(100)),
        "child_memory" => spawn.child_memory_max(64 * MIB),
        "child_mailbox_len" => spawn.child_mailbox_len_max(100),
        "child_mailbox_bytes" => spawn.child_mailbox_bytes_max(1_000_000),
        "child_run_time" => spawn.child_run_time_max(ms(60_000)),
        other => panic!("no right {other}"),
    }
}

/// `granted`, `bounded`, how much of it there is, or what the host says.
fn attempt(right: String) -> String {
    match &*right {
        "stdout" => println!("granted"),
        "stderr" => eprintln!("granted"),
        "random" => return random().to_owned(),
        "name" => return said(register("web/1", self_pid())),
        "flood" => return flood(),
        "listed_name" => return said(register("web/a1", self_pid())),
        "group" => return said(join_group("web/1")),
        "name_of_child" => return said(Spawn::new(|| (), ()).name("web/1").spawn()),
        "unregister" => return free_what_another_holds().to_owned(),
        "module" | "loaded_module" => return double(),
        "depth" => return generations(3),
        "actors" => {
            return format!("{} actors", (0..3).filter(|_| wait_there(|spawn| spawn).is_some()).count());
        }
        "child_memory" => return bounded(run(Spawn::new(reserve, ()).memory_max(32 * MIB)) == Ok(true)),
        "child_mailbox_len" => return bounded(sent(&1_u8, |spawn| spawn.mailbox_len_max(8)) == 8),
        "child_mailbox_bytes" => {
            return bounded(sent(&Raw(vec![0; 4_000]), |spawn| spawn.mailbox_bytes_max(40_000)) > 5);
        }
        "child_run_time" => return bounded(run(Spawn::new(work, ()).run_time_max(ms(60_000))).is_ok()),
        other => panic!("no right {other}"),
    }
    String::new()
}

fn said<T, E: ToString>(result: Result<T, E>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "granted".to_owned())
}

fn bounded(has_all: bool) -> String {
    if has_all { "granted" } else { "bounded" }.to_owned()
}

fn run<R: Message>(spawn: Spawn<'_, R>) -> Result<R, String> {
    let child = spawn.spawn_join().map_err(|error| error.to_string())?;
    child.join().map_err(|error| error.to_string())
}

fn random() -> &'static str {
    fn number() -> u64 {
        RandomState::new().build_hasher().finish()
    }
    let own = number();
    let everybodys = run(Spawn::new(number, ()).fixed_random());
    if everybodys == Ok(own) { "everybody's" } else { "granted" }
}

/// A hundred refusals at once, and another one a second later.
fn flood() -> String {
    let refused = (0..100).filter(|_| register("web/1", self_pid()).is_err()).count();
    assert_eq!(refused, 100);
    sleep(ms(1000));
    said(register("web/1", self_pid()))
}

/// Takes a name away that the first actor has.
fn free_what_another_holds() -> &'static str {
    match (unregister("held"), whereis("held").is_some()) {
        (true, false) => "granted",
        (false, true) => "still held",
        other => panic!("taken away and still there are {other:?}"),
    }
}

fn double() -> String {
    match run(Spawn::entry("double", 21_u32).module("other").returning::<u32>()) {
        Ok(doubled) => {
            assert_eq!(doubled, 42);
            "granted".to_owned()
        }
        Err(error) => error,
    }
}

/// How many generations there can be below this actor, up to `wanted`, and why not more.
fn generations(wanted: u32) -> String {
    fn below(wanted: u32) -> (u32, String) {
        if wanted == 0 {
            return (0, String::new());
        }
        match run(Spawn::new(below, wanted - 1)) {
            Ok((more, why)) => (1 + more, why),
            Err(error) => (0, format!(": {error}")),
        }
    }
    let (count, why) = below(wanted);
    format!("{count} generations{why}")
}

/// An actor that takes nothing out of its mailbox.
fn wait_there(set_up: impl FnOnce(Spawn<'_, ()>) -> Spawn<'_, ()>) -> Option<flower::Pid> {
    set_up(Spawn::new(wait_for_ever, ())).spawn().ok()
}

/// How many of ten messages find room with an actor.
fn sent<M: Message>(message: &M, set_up: impl FnOnce(Spawn<'_, ()>) -> Spawn<'_, ()>) -> usize {
    let child = wait_there(set_up).expect("there is room for it");
    (0..10).filter(|_| send(child, message).is_ok()).count()
}

fn reserve() -> bool {
    Vec::<u8>::new().try_reserve_exact(8 << 20).is_ok()
}

/// Takes longer than it may without waiting, if that is bounded; those above it take much less.
fn work() {
    (0..2_000_000_000_u64).for_each(|n| _ = black_box(n));
}
