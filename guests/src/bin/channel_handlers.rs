//! The split form of channels: handlers that receive and send without waiting.

use flower::channel::StartSelect;
use flower::{
    Event, Flow, Handler, Receiver, SelectRef, Sender, channel, parent, receive, send, spawn_handler,
};

flower::handler!(Next);
flower::handler!(Either);
flower::handler!(Own);

/// Passes numbers on, one at a time, and adds one.
struct Next {
    from: Receiver<u32>,
    to: Sender<u32>,
}

impl Handler for Next {
    type Args = (Receiver<u32>, Sender<u32>);

    fn start((from, to): Self::Args) -> Next {
        from.start_recv().expect("few wait");
        Next { from, to }
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Selected(done) = event else { return Flow::Continue };
        if done.is_closed() {
            return Flow::Stop;
        }
        match done.value::<u32>().expect("a number") {
            Some(n) => self.to.start_send(&(n + 1)).expect("few wait"),
            None => self.from.start_recv().expect("few wait"),
        };
        Flow::Continue
    }
}

/// Tells its parent from which of two channels each number came, until both are closed.
struct Either {
    from: Vec<Receiver<u32>>,
    open: Vec<bool>,
    select: SelectRef,
}

impl Either {
    fn wait(from: &[Receiver<u32>], open: &[bool]) -> Option<SelectRef> {
        let arms = from.iter().zip(open).filter(|(_, open)| **open);
        let select = arms.fold(StartSelect::new().biased(), |select, (from, _)| select.recv(from));
        select.start().ok()
    }

    /// Which channel an arm is of: those that are closed have none.
    fn channel(&self, arm: usize) -> usize {
        let open: Vec<usize> = (0..self.open.len()).filter(|&at| self.open[at]).collect();
        open[arm]
    }
}

impl Handler for Either {
    type Args = Vec<Receiver<u32>>;

    fn start(from: Self::Args) -> Either {
        let open = vec![true; from.len()];
        let select = Either::wait(&from, &open).expect("few wait");
        Either { from, open, select }
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Selected(done) = event else { return Flow::Continue };
        assert_eq!(done.select(), self.select);
        let channel = self.channel(done.arm());
        match done.value::<u32>().expect("a number") {
            Some(n) => send(parent().expect("it was spawned"), &(channel, n)).expect("it waits"),
            None => self.open[channel] = false,
        }
        match Either::wait(&self.from, &self.open) {
            Some(select) => self.select = select,
            None => return Flow::Stop,
        }
        Flow::Continue
    }
}

/// Sends to itself over a channel of its own, and gives up a receive.
struct Own {
    tx: Sender<String>,
    rx: Receiver<String>,
    under_way: u32,
}

impl Handler for Own {
    type Args = ();

    fn start((): ()) -> Own {
        let (tx, rx) = channel(0);
        let given_up = rx.start_recv().expect("few wait");
        assert!(given_up.cancel() && !given_up.cancel());
        tx.start_send(&"mine".to_owned()).expect("few wait");
        rx.start_recv().expect("few wait");
        Own { tx, rx, under_way: 2 }
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Selected(done) = event else { return Flow::Continue };
        if let Some(text) = done.value::<String>().expect("text") {
            assert!(self.tx.try_send(text.clone()).is_err() && self.rx.try_recv().is_err());
            send(parent().expect("it was spawned"), &text).expect("it waits");
        }
        self.under_way -= 1;
        if self.under_way == 0 { Flow::Stop } else { Flow::Continue }
    }
}

fn main() {
    let ((tx, from), (to, rx)) = (channel(0), channel(0));
    spawn_handler::<Next>((from, to));
    for n in 0..100 {
        tx.send(n).expect("it receives");
        assert_eq!(rx.recv(), Some(n + 1));
    }
    drop(tx);
    assert_eq!(rx.recv(), None);

    let ((a, a_rx), (b, b_rx)) = (channel(0), channel(0));
    spawn_handler::<Either>(vec![a_rx, b_rx]);
    for n in 0..10 {
        let (tx, channel) = if n % 3 == 0 { (&a, 0_usize) } else { (&b, 1) };
        tx.send(n).expect("it receives");
        assert_eq!(receive(), Ok((channel, n)));
    }
    drop(a);
    b.send(11).expect("it receives");
    assert_eq!(receive(), Ok((1_usize, 11_u32)));
    drop(b);

    spawn_handler::<Own>(());
    assert_eq!(receive(), Ok("mine".to_owned()));
}
