//! F11, F12, F13, A14: a name has one holder, who may have several; whoever asks finds it by them.

use flower::{RegisterError, names_of, register, self_pid, send, spawn, unregister, whereis};
use flower_guests::end_of;

fn wait((): ()) {
    flower::receive::<()>().expect("a word to go");
}

fn main() {
    f11_names_are_sorted();
    f12_a_name_that_is_taken();
    f13_unregister();
    a14_another_name_for_the_same_actor();
    what_cannot_be_a_name();
}

fn f11_names_are_sorted() {
    let waiter = spawn(wait, ());
    assert_eq!(names_of(waiter), Ok(vec![]));
    register("b", waiter).expect("the name is free");
    register("a", waiter).expect("the name is free");
    assert_eq!(names_of(waiter), Ok(vec!["a".to_owned(), "b".to_owned()]));
    send(waiter, &()).expect("it waits");
    end_of(waiter);
}

fn f12_a_name_that_is_taken() {
    let waiter = spawn(wait, ());
    assert_eq!(register("test", waiter), Ok(()));
    assert_eq!(register("test", self_pid()), Err(RegisterError::NameTaken));
    assert!(RegisterError::NameTaken.to_string().contains("already registered"));
    assert_eq!(register("test", waiter), Ok(()));
    assert_eq!(whereis("test"), Some(waiter));
}

fn f13_unregister() {
    assert!(unregister("test"));
    assert_eq!(whereis("test"), None);
    assert!(!unregister("test"), "nobody had it, which is no error");
    assert_eq!(register("test", self_pid()), Ok(()));
    assert!(unregister("test"));
}

fn a14_another_name_for_the_same_actor() {
    let waiter = spawn(wait, ());
    register("well-known", waiter).expect("the name is free");
    assert_eq!(whereis("well-known"), Some(waiter));
    send("well-known", &()).expect("it waits");
    end_of(waiter);
    assert_eq!(whereis("well-known"), None);
    assert_eq!(register("well-known", waiter), Err(RegisterError::NoActor));
}

fn what_cannot_be_a_name() {
    assert_eq!(register("", self_pid()), Err(RegisterError::Invalid));
    assert_eq!(register(&"n".repeat(256), self_pid()), Err(RegisterError::Invalid));
    assert_eq!(register(&"n".repeat(255), self_pid()), Ok(()));
    assert_eq!(whereis(""), None);
    let taken = (0..64).take_while(|n| register(&format!("name {n}"), self_pid()).is_ok()).count();
    assert_eq!(taken, 63, "an actor may have 64 names");
    assert_eq!(register("one too many", self_pid()), Err(RegisterError::Limit));
}
