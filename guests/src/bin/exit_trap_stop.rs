//! An actor that traps stops gets them as events, in their place among the messages, and may stay.

use flower::{
    Event, ExitReason, Pid, exit, is_alive, receive, receive_any, self_pid, send, spawn_join, stop, trap_stop,
};
use flower_guests::died;

fn main() {
    it_cleans_up_first();
    it_stays();
    oneself();
}

fn it_cleans_up_first() {
    fn cleans_up(to: Pid) {
        assert!(!trap_stop(true));
        send(to, "ready").expect("it waits");
        let word = receive_any();
        assert!(matches!(&word, Event::Message(message) if message.decode() == Ok("before".to_owned())));
        assert!(matches!(receive_any(), Event::Stop));
        send(to, "cleaned up").expect("it waits");
        exit(ExitReason::Shutdown(Default::default()))
    }
    let actor = spawn_join(cleans_up, self_pid());
    assert_eq!(receive(), Ok("ready".to_owned()));
    send(&actor, "before").expect("it waits");
    assert_eq!(stop(actor.pid()), Ok(true));
    assert_eq!(receive(), Ok("cleaned up".to_owned()));
    assert_eq!(died(actor.join()), ExitReason::shutdown());
}

fn it_stays() {
    fn stays(to: Pid) -> String {
        trap_stop(true);
        send(to, "ready").expect("it waits");
        assert!(matches!(receive_any(), Event::Stop));
        assert!(trap_stop(false));
        receive().expect("a word")
    }
    let actor = spawn_join(stays, self_pid());
    assert_eq!(receive(), Ok("ready".to_owned()));
    assert_eq!(stop(actor.pid()), Ok(true));
    assert!(is_alive(actor.pid()));
    send(&actor, "still here").expect("it waits");
    assert_eq!(actor.join(), Ok("still here".to_owned()));
}

fn oneself() {
    fn stops_itself((): ()) {
        send(self_pid(), "first").expect("there is room");
        assert_eq!(stop(self_pid()), Ok(true));
        assert_eq!(receive(), Ok("first".to_owned()));
        receive::<String>().expect("it never comes");
    }
    assert_eq!(died(spawn_join(stops_itself, ()).join()), ExitReason::shutdown());
}
