//! P5, P7 to P12, A8: what callers of a typed actor see, of one in each style.

use flower::{
    ActorRef, CallError, Down, ExitReason, NoSuchMethod, Pending, SendError, call, call_method, cast_method,
    receive,
};
use flower_guests::{PATIENCE, ms};
use serde::{Deserialize, Serialize};

/// An error of the actor's own.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Refusal {
    TooMuch { there: u64 },
}

/// The same actor, and the same checks of it, in one style.
macro_rules! account {
    ($style:ident, $attribute:meta) => {
        mod $style {
            use super::*;

            pub(crate) struct Account {
                amount: u64,
                owner: String,
            }

            #[$attribute]
            impl Account {
                fn init(amount: u64, owner: String) -> Self {
                    Account { amount, owner }
                }

                fn ping(&self) -> String {
                    "pong".to_owned()
                }

                fn amount(&self) -> u64 {
                    self.amount
                }

                fn set_owner(&mut self, owner: String) {
                    self.owner = owner;
                }

                fn owner(&self) -> String {
                    self.owner.clone()
                }

                fn draw(&mut self, amount: u64) -> Result<u64, Refusal> {
                    let there = self.amount;
                    self.amount = there.checked_sub(amount).ok_or(Refusal::TooMuch { there })?;
                    Ok(self.amount)
                }

                fn add_all(&mut self, amounts: Vec<u64>, twice: bool) -> u64 {
                    let sum: u64 = amounts.into_iter().sum();
                    self.amount += if twice { 2 * sum } else { sum };
                    self.amount
                }

                fn break_down(&mut self) -> u64 {
                    panic!("{} is bankrupt", self.owner)
                }
            }

            fn account() -> AccountClient {
                Account::spawn(100, "ada".to_owned())
            }

            pub(crate) fn check() {
                p5_ask(account());
                p7_first_in_first_out(account());
                p8_by_name(account());
                p9_p11_stop(account());
                p10_dead(account());
                p12_errors(account());
                a8_a_panic_ends_every_wait(account());
                addresses(account());
            }

            fn p5_ask(account: AccountClient) {
                assert_eq!(account.ping().call(), Ok("pong".to_owned()));
                assert_eq!(account.ping().timeout(ms(0)).call(), Err(CallError::Timeout));
                assert_eq!(account.ping().defer().wait(), Ok("pong".to_owned()));
                assert_eq!(account.ping().timeout(ms(0)).defer().wait(), Err(CallError::Timeout));
                assert_eq!(account.add_all(vec![1, 2], true).call(), Ok(106));
                assert_eq!(account.set_owner("eve".to_owned()).call(), Ok(()), "it can be waited for");
            }

            fn p7_first_in_first_out(account: AccountClient) {
                account.set_owner("baz".to_owned()).cast().expect("it lives");
                assert_eq!(account.owner().call(), Ok("baz".to_owned()));
                account.add_all(vec![5], false).cast_after(ms(5)).expect("a timer is free");
                flower::sleep(ms(10));
                assert_eq!(account.amount().call(), Ok(105));
            }

            fn p8_by_name(account: AccountClient) {
                assert_eq!(call_method(&account, "draw", &(30,), PATIENCE), Ok(Ok::<u64, Refusal>(70)));
                assert_eq!(call_method(&account, "amount", &(), PATIENCE), Ok(70));
                assert_eq!(cast_method(&account, "set_owner", &("bob",)), Ok(()));
                assert_eq!(call_method(&account, "owner", &(), PATIENCE), Ok("bob".to_owned()));
                let unknown = call_method::<_, u64>(&account, "unknown_method", &(), PATIENCE);
                let Err(CallError::NoSuchMethod(NoSuchMethod { actor, method, methods })) = &unknown else {
                    panic!("{unknown:?}")
                };
                assert_eq!((actor.ends_with("Account"), &**method), (true, "unknown_method"));
                assert!(methods.contains(&"draw".to_owned()), "{methods:?}");
                let wrong = call_method::<_, u64>(&account, "draw", &("much",), PATIENCE);
                assert!(matches!(&wrong, Err(CallError::BadCall(bad)) if bad.method == "draw"), "{wrong:?}");
                // It told so and lives; one that waits for no answer finds nobody to tell.
                cast_method(&account, "unknown_method", &()).expect("it lives");
                assert_eq!(account.amount().call(), Ok(70));
                let not_a_call: Result<u64, CallError> = call(&account, "hello?", PATIENCE);
                assert!(matches!(not_a_call, Err(CallError::BadCall(_))), "{not_a_call:?}");
            }

            fn p9_p11_stop(account: AccountClient) {
                let queued: Vec<_> = (1..=3).map(|n| account.draw(n).defer()).collect();
                assert_eq!(account.stop(), Ok(true));
                for (pending, left) in queued.into_iter().zip([99, 97, 94]) {
                    assert_eq!(pending.wait(), Ok(Ok(left)));
                }
                account.monitor().expect("a spawner may");
                let down: Down = receive().expect("it ends");
                assert_eq!((down.pid, account.is_alive()), (account.pid(), false));
                assert_eq!(account.stop(), Ok(false));
                assert_eq!(account.stop_wait(PATIENCE), Ok(false));
                let another = self::account();
                assert_eq!(another.stop_wait(PATIENCE), Ok(true));
                assert!(!another.is_alive());
            }

            fn p10_dead(account: AccountClient) {
                assert_eq!(account.stop_wait(PATIENCE), Ok(true));
                assert_eq!(account.set_owner("nobody".to_owned()).cast(), Err(SendError::NoActor));
                assert_eq!(account.owner().call(), Err(CallError::NoActor));
                assert_eq!(account.owner().defer().wait(), Err(CallError::NoActor));
            }

            fn p12_errors(account: AccountClient) {
                assert_eq!(account.draw(101).call(), Ok(Err(Refusal::TooMuch { there: 100 })));
                assert_eq!(account.draw(100).call(), Ok(Ok(0)), "it lives");
            }

            fn a8_a_panic_ends_every_wait(account: AccountClient) {
                let reason = match account.break_down().call() {
                    Err(CallError::Died(reason @ ExitReason::Panic { .. })) => reason,
                    other => panic!("{other:?}"),
                };
                assert!(reason.to_string().contains("ada is bankrupt"), "{reason}");
                // This one begins to run when they are under way.
                let late = Account::options(0, "ada".to_owned()).after(ms(5)).spawn().expect("there is room");
                let late = AccountClient::from(late);
                let asked = [late.break_down().defer(), late.amount().defer(), late.break_down().defer()];
                let mut answers = Pending::settled(asked).wait().expect("each has ended").into_iter();
                assert_eq!(answers.next(), Some(Err(CallError::Died(reason.clone()))));
                let refused = [Err(CallError::Died(reason)), Err(CallError::NoActor)];
                answers.for_each(|answer| assert!(refused.contains(&answer), "{answer:?}"));
            }

            /// A client is plain data, and finds its actor by name too.
            fn addresses(account: AccountClient) {
                fn asks(account: AccountClient) -> u64 {
                    account.amount().call().expect("it lives")
                }
                assert_eq!(flower::spawn_join(asks, account).join(), Ok(100));
                let text = serde_json::to_string(&account).expect("a client is data");
                assert_eq!(serde_json::from_str::<AccountClient>(&text).expect("it was written by itself"), account);
                assert_eq!(ActorRef::from(account.pid()), *account);
                let named = Account::options(7, "eve".to_owned()).name("eve").spawn().expect("the name is free");
                let found = AccountClient::whereis("eve").expect("it has the name");
                assert_eq!((found, found.amount().call()), (named.into(), Ok(7)));
                assert_eq!(call_method("eve", "amount", &(), PATIENCE), Ok(7));
                assert_eq!(found.stop_wait(PATIENCE), Ok(true));
                assert_eq!(AccountClient::whereis("eve"), None);
            }
        }
    };
}

account!(handler, flower::actor);
account!(process, flower::actor(process, name = "ProcessAccount"));

fn main() {
    handler::check();
    process::check();
}
