//! What a handler that holds its effects sends goes out when it returns, and never if it fails.

use flower::{
    CallError, Event, Flow, Handler, JoinHandle, Pid, Reply, SendError, Spawn, call, receive, self_pid, send,
    sleep,
};
use flower_guests::{PATIENCE, died, ms};

/// Sends, answers, and then fails if it was told to.
struct Careful {
    to: Pid,
    waiting: Option<Reply>,
}

impl Handler for Careful {
    type Args = Pid;

    fn start(to: Pid) -> Careful {
        Careful { to, waiting: None }
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { panic!("{event:?}") };
        let word: String = message.decode().expect("a word");
        self.waiting = message.reply().or(self.waiting.take());
        send(self.to, &format!("{word}, one")).expect("there is room");
        send(self.to, &format!("{word}, two")).expect("there is room");
        if let Some(reply) = self.waiting.take() {
            reply.send("answered").expect("somebody waits");
        }
        assert_ne!(word, "fail");
        Flow::Continue
    }
}

flower::handler!(Careful);

fn start(to: Pid) -> JoinHandle<()> {
    Spawn::handler::<Careful>(to).hold_effects().spawn_join().expect("there is room")
}

fn main() {
    it_returns();
    it_fails();
    a_full_mailbox();
}

fn it_returns() {
    let careful = start(self_pid());
    send(&careful, "tell").expect("it waits");
    assert_eq!(receive(), Ok("tell, one".to_owned()));
    assert_eq!(receive(), Ok("tell, two".to_owned()));
    assert_eq!(call(&careful, "ask", PATIENCE), Ok("answered".to_owned()));
    assert_eq!(flower::flush(), 2);
}

fn it_fails() {
    let careful = start(self_pid());
    let answer: Result<String, CallError> = call(&careful, "fail", PATIENCE);
    assert!(matches!(answer, Err(CallError::Died(_))), "{answer:?}");
    died(careful.join());
    assert_eq!(flower::mailbox_len(), 0, "nothing was sent");
}

/// Room is reserved at the call, so what was accepted is delivered, and what was not says so at once.
fn a_full_mailbox() {
    let full = Spawn::new(|()| sleep(ms(10)), ()).mailbox_len_max(1).spawn().expect("there is room");
    let careful = start(full);
    send(&careful, "too much").expect("it waits");
    let reason = died(careful.join()).to_string();
    assert!(reason.contains("MailboxFull"), "{reason}");
    // What it had reserved is free again.
    assert_eq!(send(full, "another"), Ok(()));
    assert_eq!(send(full, "one more"), Err(SendError::MailboxFull));
}
