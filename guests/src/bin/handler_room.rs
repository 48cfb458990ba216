//! A handler that meets a full mailbox asks for a notice of room, and then goes on where it was.

use flower::{
    Event, Flow, Handler, Pid, RoomRef, SendError, Spawn, notify_room, receive, send, spawn, spawn_handler,
    yield_now,
};
use flower_guests::{end_of, wait_for_ever};

const COUNT: u32 = 100;

/// Sends the numbers up to 100, never more than there is room for.
struct Producer {
    to: Pid,
    next: u32,
    waits_for: Option<RoomRef>,
}

impl Handler for Producer {
    type Args = Pid;

    fn start(to: Pid) -> Producer {
        let mut producer = Producer { to, next: 0, waits_for: None };
        producer.send_all();
        producer
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Room(room) = event else { panic!("{event:?}") };
        assert_eq!(self.waits_for.take(), Some(room));
        self.send_all();
        if self.next == COUNT { Flow::Stop } else { Flow::Continue }
    }
}

impl Producer {
    fn send_all(&mut self) {
        while self.next < COUNT {
            match send(self.to, &self.next) {
                Ok(()) => self.next += 1,
                Err(SendError::MailboxFull) => {
                    self.waits_for = Some(notify_room(self.to).expect("it is alive"));
                    return;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

flower::handler!(Producer);

fn consume((): ()) -> bool {
    (0..COUNT).all(|expected| {
        yield_now();
        receive() == Ok(expected)
    })
}

fn main() {
    let consumer = Spawn::new(consume, ()).mailbox_len_max(3).spawn_join().expect("there is room");
    let producer = spawn_handler::<Producer>(consumer.pid());
    assert_eq!(consumer.join(), Ok(true));
    // One that asked in vain because its receiver ended is told as well.
    end_of(producer);
    at_once_when_there_is_room();
}

fn at_once_when_there_is_room() {
    let idle = spawn(|()| wait_for_ever(), ());
    let room = notify_room(idle).expect("it is alive");
    assert!(matches!(flower::receive_any(), Event::Room(told) if told == room));
}
