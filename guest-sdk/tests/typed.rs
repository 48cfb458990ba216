//! A typed actor, tested as any Rust code is: natively, in a world that records what it does.

use std::time::Duration;

use flower::testing::{Effect, Recipient, TestActor, pid};
use flower::{
    CallError, Down, Event, ExitReason, Flow, Pid, RequestRef, TimerRef, after, exit, monitor, register,
    self_pid, send, whereis,
};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

/// Who bids.
struct Bidder;

#[flower::actor(process)]
impl Bidder {
    fn init(budget: u64) -> Self {
        let _unlimited = budget;
        Bidder
    }

    fn outbid(&mut self, price: u64) -> Option<u64> {
        Some(price + 1)
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Refusal {
    TooLow { price: u64 },
}

/// An auction that ends when nobody has bid for a second.
struct Auction {
    price: u64,
    best: Option<Pid>,
    timer: Option<TimerRef>,
    asked: Option<RequestRef>,
}

#[flower::actor]
impl Auction {
    fn init(price: u64) -> Result<Self, String> {
        if price == 0 {
            return Err("nothing is free".to_owned());
        }
        register("auction", self_pid()).map_err(|error| error.to_string())?;
        Ok(Auction { price, best: None, timer: None, asked: None })
    }

    fn bid(&mut self, who: Pid, price: u64) -> Result<u64, Refusal> {
        if price <= self.price {
            return Err(Refusal::TooLow { price: self.price });
        }
        if let Some(timer) = self.timer.replace(after(SECOND).expect("a timer is free")) {
            flower::cancel_timer(timer);
        }
        monitor(who).expect("whoever bids may be monitored");
        (self.price, self.best) = (price, Some(who));
        Ok(price)
    }

    fn ask(&mut self, bidder: BidderClient) {
        self.asked = bidder.outbid(self.price).timeout(SECOND).start().ok();
    }

    fn invite(&self, budget: u64) -> BidderClient {
        Bidder::spawn_link(budget)
    }

    fn best(&self) -> Option<Pid> {
        self.best
    }

    fn cheat(&mut self) -> u64 {
        exit(ExitReason::error("caught"))
    }

    fn fail(&mut self) {
        panic!("the roof came down")
    }

    fn on_timeout(&mut self, timer: TimerRef) -> Flow {
        assert_eq!(self.timer, Some(timer));
        let _gone = self.best.map(|best| send(best, &self.price));
        Flow::Stop
    }

    fn handle_info(&mut self, event: Event) {
        match event {
            Event::Down(down) if self.best == Some(down.pid) => self.best = None,
            Event::Answer(answer) if self.asked == Some(answer.request) => {
                self.price = answer.decode::<Option<u64>>().ok().flatten().unwrap_or(self.price);
            }
            Event::Message(message) => self.price = message.decode().unwrap_or(self.price),
            _ => {}
        }
    }

    fn terminate(&mut self, reason: ExitReason) {
        let _gone = send("log", &format!("closed at {}: {reason}", self.price));
    }
}

fn auction() -> TestActor<Auction> {
    let mut auction = TestActor::<Auction>::start((10,));
    assert_eq!(auction.effects(), [Effect::Registered("auction".to_owned(), auction.pid())]);
    auction
}

#[test]
fn a_call_has_a_reply_a_state_and_effects() {
    let mut test = auction();
    let (client, ada) = (test.client(), pid(7));
    assert_eq!(test.call(client.bid(ada, 10)), Ok(Err(Refusal::TooLow { price: 10 })));
    let [Effect::Replied { to, .. }] = &test.effects()[..] else { panic!("nothing but the reply") };
    assert_eq!(*to, test.parent());

    assert_eq!(test.call(client.bid(ada, 12)), Ok(Ok(12)));
    assert_eq!((test.state().price, test.state().best), (12, Some(ada)));
    let effects = test.effects();
    let [Effect::Timer { timer, delay, .. }, Effect::Monitored(who, monitor), Effect::Replied { .. }] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((*delay, *who), (SECOND, ada));

    let down = Down { pid: ada, monitor: *monitor, reason: ExitReason::Killed };
    assert_eq!(test.event(Event::Down(down)), Ok(()));
    assert_eq!(test.call(client.best()), Ok(None));
    assert_eq!(test.call(client.bid(pid(8), 20)), Ok(Ok(20)));
    assert!(test.effects().contains(&Effect::Cancelled(timer.id())));
}

#[test]
fn a_timer_fires_when_the_test_says_so() {
    let mut test = auction();
    assert_eq!(test.call(test.client().bid(pid(7), 12)), Ok(Ok(12)));
    let timer = test.effects().into_iter().find_map(|effect| match effect {
        Effect::Timer { timer, .. } => Some(timer),
        _ => None,
    });
    test.advance(SECOND);
    let ended = test.event(Event::Timer(timer.expect("it waits for more bids")));
    assert_eq!(ended, Err(CallError::Died(ExitReason::Normal(Default::default()))));
    let effects = test.effects();
    let [Effect::Sent { to: winner, message: price }, Effect::Sent { to: log, message: line }] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((winner.clone(), price.decode()), (pid(7).into(), Ok(12_u64)));
    assert_eq!(*log, Recipient::Name("log".to_owned()));
    assert_eq!(line.decode(), Ok("closed at 12: normal".to_owned()));
    assert_eq!(test.call(test.client().best()), Err(CallError::NoActor));
}

#[test]
fn what_it_asks_others_is_answered_by_the_test() {
    let mut test = auction();
    let bidder = BidderClient::from(pid(9));
    assert_eq!(test.cast(test.client().ask(bidder)), Ok(()));
    let effects = test.effects();
    let [Effect::Asked { to, request: Some(request), message }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((*to, message.method::<Bidder>()), (bidder.pid(), Some("outbid")));
    assert_eq!(message.args(), Ok((10_u64,)));
    assert_eq!(message.method::<Auction>(), None);
    assert_eq!(test.answer(*request, &Some(11_u64)), Ok(()));
    assert_eq!(test.state().price, 11);
    assert_eq!(test.message(&15_u64), Ok(()));
    assert_eq!(test.state().price, 15);
}

#[test]
fn what_it_spawns_is_nobody() {
    let mut test = auction();
    let bidder = test.call(test.client().invite(500)).expect("it answers");
    let effects = test.effects();
    let [Effect::Spawned { pid, entry, args, linked: true, .. }, Effect::Replied { .. }] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((*pid, &**entry, args.decode()), (bidder.pid(), "Bidder", Ok((500_u64,))));
}

#[test]
fn the_end_has_a_reason() {
    let mut test = auction();
    let client = test.client();
    assert_eq!(test.call(client.cheat()), Err(CallError::Died(ExitReason::error("caught"))));
    assert_eq!(test.ended(), Some(&ExitReason::error("caught")));
    assert!(test.effects().is_empty(), "who exits is not asked to terminate");

    let mut test = auction();
    let failed = test.call(test.client().fail());
    let Err(CallError::Died(ExitReason::Panic { message, .. })) = &failed else { panic!("{failed:?}") };
    assert_eq!(message, "the roof came down");

    let mut test = auction();
    assert_eq!(test.stop(), Some(&ExitReason::shutdown()));
    let [Effect::Sent { message, .. }] = &test.effects()[..] else { panic!("it terminates") };
    assert_eq!(message.decode(), Ok("closed at 10: shutdown".to_owned()));

    let free = TestActor::<Auction>::start((0,));
    assert_eq!(free.ended(), Some(&ExitReason::error("nothing is free")));
}

#[test]
fn a_call_by_name_is_checked_when_it_comes() {
    let mut test = auction();
    assert_eq!(test.call_method("best", &()), Ok(None::<Pid>));
    assert_eq!(test.call_method("bid", &(pid(7), 11)), Ok(Ok::<u64, Refusal>(11)));
    let unknown = test.call_method::<u64>("unknown_method", &());
    let Err(CallError::NoSuchMethod(missing)) = &unknown else { panic!("{unknown:?}") };
    assert_eq!(
        missing.to_string(),
        "Auction has no method `unknown_method`: it has bid, ask, invite, best, cheat, fail"
    );
    let wrong = test.call_method::<u64>("bid", &("ada", 11));
    let Err(CallError::BadCall(bad)) = &wrong else { panic!("{wrong:?}") };
    assert!(bad.to_string().starts_with("Auction::bid: its arguments: "), "{bad}");
    assert_eq!(test.state().price, 11);
}

/// In the process style it may block: the test says what comes.
struct Broker {
    bidder: BidderClient,
}

#[flower::actor(process)]
impl Broker {
    fn init(bidder: BidderClient) -> Self {
        Broker { bidder }
    }

    fn next(&mut self, price: u64) -> Result<Option<u64>, String> {
        flower::sleep(SECOND);
        self.bidder.outbid(price).call().map_err(|error| error.to_string())
    }
}

#[test]
fn a_blocking_call_gives_what_the_test_has_ready() {
    let mut test = TestActor::<Broker>::start((BidderClient::from(pid(9)),));
    test.will_be_answered(&Some(6_u64));
    assert_eq!(test.call(test.client().next(5)), Ok(Ok(Some(6))));
    let effects = test.effects();
    let [Effect::Slept(time), Effect::Asked { request: None, message, .. }, Effect::Replied { .. }] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*time, SECOND);
    assert_eq!(message.method::<Bidder>(), Some("outbid"));
    let late = test.call(test.client().next(5)).expect("it answers");
    assert_eq!(late, Err(CallError::Timeout.to_string()));
}

#[test]
fn a_test_is_a_world_of_its_own() {
    let (one, mut other) = (auction(), auction());
    assert_eq!(other.call(other.client().bid(pid(7), 12)), Ok(Ok(12)));
    assert_eq!(one.state().price, 10);
    drop(other);
    assert!(std::panic::catch_unwind(|| whereis("auction")).is_err(), "there is no host out here");
}
