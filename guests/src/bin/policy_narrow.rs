//! What an actor has by itself can be taken from its children, and comes back nowhere below them.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};

use flower::{
    GroupError, Message, RegisterError, Spawn, SpawnError, join_group, register, self_pid, unregister,
    whereis,
};

fn main() {
    names();
    modules();
    generations();
    limits();
    randomness();
    arguments();
    nonsense();
    run(Spawn::new(|| println!("nobody sees this"), ()).deny_stdout());
    run(Spawn::new(|| run(Spawn::new(|| println!("nor this"), ())), ()).deny_stdout());
    println!("the end");
}

fn run<R: Message>(spawn: Spawn<'_, R>) -> R {
    spawn.spawn_join().expect("it may be spawned").join().expect("it ends well")
}

fn names() {
    fn narrowed() -> bool {
        fn child() -> bool {
            matches!(register("db", self_pid()), Err(RegisterError::PermissionDenied(_)))
        }
        register("web/1", self_pid()).expect("it is listed");
        let refused = register("db", self_pid()).expect_err("it is not listed");
        assert_eq!(refused.to_string(), "PermissionDenied: the name \"db\" is not granted");
        assert!(!unregister("held") && whereis("held").is_some(), "it is another's");
        assert!(matches!(join_group("db"), Err(GroupError::PermissionDenied(_))));
        join_group("web/all").expect("it is listed");
        let named = Spawn::new(child, ()).name("db").spawn();
        assert!(matches!(named, Err(SpawnError::PermissionDenied(_))), "{named:?}");
        let widened = Spawn::new(child, ()).only_names(&["*"]).spawn();
        assert!(matches!(widened, Err(SpawnError::PermissionDenied(_))), "{widened:?}");
        run(Spawn::new(child, ())) && run(Spawn::new(child, ()).only_names(&["web/a*"]))
    }
    register("held", self_pid()).expect("nobody has it");
    assert!(run(Spawn::new(narrowed, ()).only_names(&["web/*"])));
}

fn modules() {
    fn other() -> String {
        Spawn::entry("_start", ()).module("other").spawn().expect_err("there is no such module").to_string()
    }
    assert!(!other().starts_with("PermissionDenied"), "by itself it may spawn whatever there is");
    let denied = "PermissionDenied: spawn of the module \"other\" is not granted";
    assert_eq!(run(Spawn::new(other, ()).only_modules(&[])), denied);
    assert_eq!(run(Spawn::new(|| run(Spawn::new(other, ())), ()).only_modules(&["mine"])), denied);
    assert!(!run(Spawn::new(other, ()).only_modules(&["oth*"])).starts_with("PermissionDenied"));
}

fn generations() {
    fn below() -> u32 {
        match Spawn::new(below, ()).spawn_join() {
            Ok(child) => 1 + child.join().expect("it ends well"),
            Err(error) => {
                assert_eq!(error.to_string(), "PermissionDenied: spawn is not granted");
                0
            }
        }
    }
    for depth in 0..3 {
        assert_eq!(run(Spawn::new(below, ()).depth_max(depth)), depth);
    }
    let more = || run(Spawn::new(below, ()).depth_max(9));
    assert_eq!(run(Spawn::new(more, ()).depth_max(2)), 1, "a bound is not widened");
}

fn limits() {
    fn has_room(bytes: usize) -> bool {
        Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
    }
    let ask = |bytes: usize| run(Spawn::new(has_room, bytes).memory_max(32 << 20));
    assert!(run(Spawn::new(ask, 8 << 20)));
    assert!(!run(Spawn::new(ask, 8 << 20).child_memory_max(4 << 20)));
}

fn randomness() {
    fn number() -> u64 {
        RandomState::new().build_hasher().finish()
    }
    assert_ne!(run(Spawn::new(number, ())), run(Spawn::new(number, ())));
    let fixed = || run(Spawn::new(number, ()).fixed_random());
    assert_eq!(fixed(), fixed());
}

fn arguments() {
    let args = || env::args().collect::<Vec<_>>();
    assert_eq!(run(Spawn::new(args, ())), [""; 0], "those of the spawner are its own");
    assert_eq!(run(Spawn::new(args, ()).program_arg("a").program_arg("b c")), ["a", "b c"]);
}

fn nonsense() {
    for rule in ["", "host:port", "*\0dir=/"] {
        assert_eq!(Spawn::new(|| (), ()).allow_net(rule).spawn().expect_err(rule), SpawnError::Invalid);
    }
}
