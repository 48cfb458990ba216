//! A search asks three services, in four ways: one after the other, at once, at once but not for long, and
//! from replicas of which the fastest counts.
//!
//! An answer takes up to 100 ms.

use std::time::Duration;

use flower::channel::{self, Select};
use flower::{Receiver, select, task};
use flower_examples::up_to;

const SERVICES: [&str; 3] = ["web", "image", "video"];

/// What there is no time for is left out.
const TIME: Duration = Duration::from_millis(80);

/// Asks a service, and returns the channel on which it answers.
fn ask(service: &'static str, query: &str) -> Receiver<String> {
    let answer = format!("{service} result for {query:?}");
    channel::spawn_channel(async move {
        task::sleep(up_to(Duration::from_millis(100))).await;
        answer
    })
}

/// The answer of the fastest of three replicas; the others are not heard.
fn first(service: &'static str, query: &str) -> Receiver<String> {
    let replicas = [1, 2, 3].map(|_| ask(service, query));
    channel::spawn_channel(async move {
        let any =
            replicas.iter().fold(Select::new(), |select, replica| select.recv(replica, |answer| answer));
        any.wait_async().await
    })
}

fn one_after_the_other(query: &str) -> Vec<String> {
    SERVICES.iter().filter_map(|service| ask(service, query).recv()).collect()
}

fn at_once(query: &str) -> Vec<String> {
    channel::merge(SERVICES.map(|service| ask(service, query))).into_iter().collect()
}

/// What has come when the time is over.
fn in_time(answers: Receiver<String>) -> Vec<String> {
    let timeout = channel::after(TIME);
    let mut heard = Vec::new();
    loop {
        select! {
            answer = answers.recv() => match answer {
                Some(answer) => heard.push(answer),
                None => return heard,
            },
            _moment = timeout.recv() => {
                heard.push("timed out".to_owned());
                return heard;
            }
        }
    }
}

fn print(how: &str, answers: &[String]) {
    println!("{how}: {}", answers.join(", "));
}

fn main() {
    let query = "golang";
    print("one after the other", &one_after_the_other(query));
    print("at once", &at_once(query));
    print("in time", &in_time(channel::merge(SERVICES.map(|service| ask(service, query)))));
    print("in time, of replicas", &in_time(channel::merge(SERVICES.map(|service| first(service, query)))));
}
