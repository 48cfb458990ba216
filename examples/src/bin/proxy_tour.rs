//! Typed actors: methods that are messages, a client that has them, and answers that come later.
//!
//! `.cast()` tells and goes on, `.call()` waits for the answer, and `.defer()` asks now and waits later. A
//! call of a method that is not there does not compile.

use std::time::Duration;

use flower::{CallError, Pending};

struct AnActor {
    text: String,
    items: Vec<i64>,
}

/// May block, which a plain `#[flower::actor]` may not; so it takes its time.
#[flower::actor(process)]
impl AnActor {
    fn init(text: String) -> Self {
        AnActor { text, items: (5..15).collect() }
    }

    /// Returns nothing, so nobody need wait for it.
    fn proc(&mut self) {
        flower::sleep(Duration::from_millis(10));
        println!("this was printed by AnActor.proc()");
    }

    fn func(&mut self) -> String {
        flower::sleep(Duration::from_millis(10));
        "this was returned by AnActor.func() after a delay".to_owned()
    }

    fn text(&self) -> String {
        self.text.clone()
    }

    fn set_text(&mut self, text: String) {
        self.text = text;
    }

    fn items(&self) -> Vec<i64> {
        self.items.clone()
    }

    fn half(&self, n: i64) -> Result<i64, String> {
        if n % 2 == 0 { Ok(n / 2) } else { Err(format!("{n} is odd")) }
    }
}

fn main() -> Result<(), CallError> {
    let actor = AnActor::spawn("bar".to_owned());

    println!("calling AnActor.proc()");
    actor.proc().cast().expect("it lives");
    println!("calling AnActor.func()");
    let later = actor.func().defer();
    println!("printing result ... (blocking)");
    println!("{}", later.wait()?);

    println!("text is {:?}", actor.text().call()?);
    actor.set_text("new value".to_owned()).cast().expect("it lives");
    println!("text is {:?}, as messages are served in order", actor.text().call()?);

    let sum = actor.items().defer().reduce(0, |sum, item| sum + item);
    let large = actor.items().defer().filter(|item| *item > 10);
    println!("the items that are larger than 10 are {:?}", large.wait()?);
    println!("all of them together are {}", sum.wait()?);
    let halves = [8, 2, 5].map(|n| actor.half(n).defer());
    println!("halves of 8, 2 and 5: {:?}", Pending::all(halves).wait()?);

    println!("stopped: {}", actor.stop_wait(Duration::from_secs(5))?);
    println!("text is {:?}", actor.text().call());
    Ok(())
}
