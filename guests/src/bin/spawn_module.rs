//! An actor of another module is spawned by the module's name, whatever the style of its entry.
//!
//! Needs `--module other=` with the path of `spawn_module_other`.

use flower::{Spawn, SpawnError, call, receive, spawn_join};
use flower_guests::{PATIENCE, died};

fn main() {
    a_function();
    a_handler();
    a_whole_program();
    wrong_arguments();
    what_is_not_there();
}

fn a_function() {
    let double = Spawn::entry("double", 21_u32).module("other").returning::<u32>();
    assert_eq!(double.spawn_join().expect("it is exported").join(), Ok(42));
}

fn a_handler() {
    let sum = Spawn::entry("Sum", 5_u32).module("other").spawn().expect("it is exported");
    assert_eq!(call(sum, &1_u32, PATIENCE), Ok(6_u32));
    assert_eq!(call(sum, &1_u32, PATIENCE), Ok(7_u32));
}

fn a_whole_program() {
    let main = Spawn::entry("_start", Some("greeting".to_owned())).module("other");
    let main = main.spawn_join().expect("every program has a start");
    assert_eq!(receive(), Ok("other main got greeting".to_owned()));
    assert_eq!(main.join(), Ok(()));
}

fn wrong_arguments() {
    let double = Spawn::entry("double", "twenty-one".to_owned()).module("other");
    let reason = died(double.spawn_join().expect("it is exported").join());
    assert!(reason.value::<String>().is_ok_and(|text| text.starts_with("arguments: ")), "{reason}");
}

fn what_is_not_there() {
    let refusal = |spawn: Spawn<'_, ()>| spawn.spawn().expect_err("there is nothing to spawn");
    assert_eq!(refusal(Spawn::entry("double", 1_u32).module("nobody")), SpawnError::NoModule);
    assert_eq!(refusal(Spawn::entry("triple", 1_u32).module("other")), SpawnError::NoEntry);
    // A function of this module means something else in another one.
    assert_eq!(refusal(Spawn::new(|()| (), ()).module("other")), SpawnError::Invalid);
    assert_eq!(spawn_join(|()| 1, ()).join(), Ok(1), "nothing was harmed");
}
