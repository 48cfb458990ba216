//! Groups under test: joins are remembered, and joins, leaves and broadcasts are recorded.

use flower::testing::{Effect, Recipient, TestActor};
use flower::{broadcast, join_group, leave_group, members};

struct Listener;

#[flower::actor]
impl Listener {
    fn init() -> Self {
        join_group("room").expect("a test refuses nothing");
        Listener
    }

    fn say(&mut self, text: String) -> usize {
        broadcast("room", &text).map_or(0, |sent| sent.accepted)
    }

    fn leave(&mut self) -> (bool, usize) {
        (leave_group("room").is_ok(), members("room").len())
    }
}

#[test]
fn what_an_actor_does_with_groups_is_recorded() {
    let mut actor = TestActor::<Listener>::start(());
    let own = actor.pid();
    assert_eq!(actor.effects(), [Effect::JoinedGroup("room".to_owned(), own)]);

    assert_eq!(actor.call(actor.client().say("hello".to_owned())), Ok(1));
    let effects = actor.effects();
    let [Effect::Sent { to, message }, Effect::Replied { .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*to, Recipient::Group("room".to_owned()));
    assert_eq!(message.decode::<String>(), Ok("hello".to_owned()));

    assert_eq!(actor.call(actor.client().leave()), Ok((true, 0)));
    assert_eq!(actor.call(actor.client().leave()), Ok((false, 0)));
    let effects = actor.effects();
    let left: Vec<_> = effects.iter().filter(|effect| matches!(effect, Effect::LeftGroup(..))).collect();
    assert_eq!(left, [&Effect::LeftGroup("room".to_owned(), own)]);
}
