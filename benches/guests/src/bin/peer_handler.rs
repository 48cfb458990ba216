//! The row `flower-handler`: the handler style. Only `main`, which starts the others and waits, is a process.
//!
//! Numbers go in the compact codec, payloads as plain bytes.

use std::time::Duration;

use flower::{
    Binary, Event, ExitReason, Flow, Handler, Instant, JoinHandle, Pid, SendError, Spawn, after, exit,
    handler, notify_room, parent, receive, self_pid, send, send_bytes, spawn_handler, start_request,
};
use flower_bench_guests::{
    PATIENCE, UNHEARD_MAX, Workload, distribution, figure, mark, report, slices, spin,
};

fn main() {
    let workload = Workload::from_args();
    let number = |at| workload.number(at);
    match workload.name() {
        "spawn" => idle(number(0)),
        "ring" => ring(number(0), number(1)),
        "pingpong" => ping_pong(number(0), number(1)),
        "pairs" => pairs(number(0), number(1)),
        "fan" => fan(number(0), number(1)),
        "churn" => churn(number(0), number(1)),
        "call" => calls(number(0)),
        "neighbour" => neighbour(number(0), number(1), number(2)),
        "slice" => slice(number(0), number(1)),
        _ => workload.unknown(),
    }
}

fn next<T: flower::Message>() -> T {
    receive().expect("a message of this type")
}

fn tell(to: Pid, number: u64) {
    send(to, &Binary(number)).expect("it has room");
}

fn owner() -> Pid {
    parent().expect("somebody spawned it")
}

/// The number that a message holds.
fn number(event: Event) -> u64 {
    match event {
        Event::Message(message) => message.decode().expect("a number"),
        other => panic!("{other:?}"),
    }
}

fn started<H: flower::Exported>(args: H::Args) -> JoinHandle<()> {
    Spawn::handler::<H>(args).spawn_join().expect("there is room for it")
}

fn finish(handler: JoinHandle<()>) {
    handler.join().expect("it comes to its end");
}

fn idle(count: u64) {
    mark("base");
    let start = Instant::now();
    for n in 0..count {
        if n >= UNHEARD_MAX {
            next::<u64>();
        }
        spawn_handler::<Idle>(());
    }
    (0..count.min(UNHEARD_MAX)).for_each(|_| assert_eq!(next::<u64>(), 0));
    report(start);
    mark("full");
}

struct Idle;

impl Handler for Idle {
    type Args = ();

    fn start((): ()) -> Idle {
        tell(owner(), 0);
        Idle
    }

    fn handle(&mut self, _: Event) -> Flow {
        Flow::Stop
    }
}

handler!(Idle);

fn ring(count: u64, laps: u64) {
    for lap in 0..laps {
        let start = Instant::now();
        let first = (0..count).fold(self_pid(), |next, _| spawn_handler::<Forward>(Binary(next)));
        tell(first, 0);
        assert_eq!(next::<u64>(), count);
        figure(if lap == 0 { "secs" } else { "warm" }, start.elapsed());
    }
}

struct Forward(Pid);

impl Handler for Forward {
    type Args = Binary<Pid>;

    fn start(Binary(to): Binary<Pid>) -> Forward {
        Forward(to)
    }

    fn handle(&mut self, event: Event) -> Flow {
        tell(self.0, number(event) + 1);
        Flow::Stop
    }
}

handler!(Forward);

/// Returns every ball to where it came from, so many times.
struct Player(u64);

impl Handler for Player {
    type Args = Binary<(u64, Option<(Pid, u64)>)>;

    /// Who is given the other one begins, with a payload of so many bytes.
    fn start(Binary((rounds, other)): Self::Args) -> Player {
        if let Some((other, bytes)) = other {
            send_bytes(other, &vec![7; bytes as usize]).expect("it waits");
        }
        Player(rounds)
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(ball) = event else { panic!("{event:?}") };
        self.0 -= 1;
        let gone = send_bytes(ball.sender(), ball.bytes()).is_err();
        if gone || self.0 == 0 { Flow::Stop } else { Flow::Continue }
    }
}

handler!(Player);

fn ping_pong(bytes: u64, rounds: u64) {
    let pong = spawn_handler::<Player>(Binary((rounds, None)));
    let start = Instant::now();
    finish(started::<Player>(Binary((rounds, Some((pong, bytes))))));
    report(start);
}

fn pairs(pairs: u64, rounds: u64) {
    let start = Instant::now();
    let pair = |_| {
        let pong = spawn_handler::<Player>(Binary((rounds, None)));
        started::<Player>(Binary((rounds, Some((pong, 16)))))
    };
    let pairs: Vec<JoinHandle<()>> = (0..pairs).map(pair).collect();
    pairs.into_iter().for_each(finish);
    report(start);
}

fn fan(senders: u64, each: u64) {
    let start = Instant::now();
    let sink = started::<Sink>(Binary(senders * each));
    for _ in 0..senders {
        spawn_handler::<Source>(Binary((sink.pid(), each)));
    }
    finish(sink);
    report(start);
}

/// Takes so many messages.
struct Sink(u64);

impl Handler for Sink {
    type Args = Binary<u64>;

    fn start(Binary(count): Binary<u64>) -> Sink {
        Sink(count)
    }

    fn handle(&mut self, event: Event) -> Flow {
        number(event);
        self.0 -= 1;
        if self.0 == 0 { Flow::Stop } else { Flow::Continue }
    }
}

handler!(Sink);

/// Sends so many messages, as long as there is room, and goes on when there is room again.
struct Source {
    sink: Pid,
    left: u64,
}

impl Source {
    fn send_some(&mut self) -> Flow {
        while self.left > 0 {
            match send(self.sink, &Binary(self.left)) {
                Ok(()) => self.left -= 1,
                Err(SendError::MailboxFull) => {
                    notify_room(self.sink).expect("it is alive");
                    return Flow::Continue;
                }
                Err(other) => panic!("{other}"),
            }
        }
        Flow::Stop
    }
}

impl Handler for Source {
    type Args = Binary<(Pid, u64)>;

    fn start(Binary((sink, left)): Self::Args) -> Source {
        let mut source = Source { sink, left };
        source.send_some();
        source
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Room(_) => self.send_some(),
            other => panic!("{other:?}"),
        }
    }
}

handler!(Source);

fn churn(total: u64, window: u64) {
    let start = Instant::now();
    finish(started::<Spawner>(Binary((total, window))));
    report(start);
}

/// Spawns mayflies, and a new one whenever it hears of one.
struct Spawner {
    unborn: u64,
    unheard: u64,
}

impl Handler for Spawner {
    type Args = Binary<(u64, u64)>;

    fn start(Binary((total, window)): Self::Args) -> Spawner {
        let first = total.min(window);
        (0..first).for_each(|_| bear());
        Spawner { unborn: total - first, unheard: total }
    }

    fn handle(&mut self, event: Event) -> Flow {
        number(event);
        self.unheard -= 1;
        if self.unborn > 0 {
            self.unborn -= 1;
            bear();
        }
        if self.unheard == 0 { Flow::Stop } else { Flow::Continue }
    }
}

handler!(Spawner);

/// Spawns a mayfly and gives it what to live for.
fn bear() {
    tell(spawn_handler::<Mayfly>(()), 0);
}

/// Answers its only message, and dies of it.
struct Mayfly;

impl Handler for Mayfly {
    type Args = ();

    fn start((): ()) -> Mayfly {
        Mayfly
    }

    fn handle(&mut self, event: Event) -> Flow {
        tell(owner(), number(event));
        Flow::Stop
    }
}

handler!(Mayfly);

fn calls(count: u64) {
    let server = spawn_handler::<Server>(());
    let start = Instant::now();
    finish(started::<Caller>(Binary((server, count))));
    report(start);
}

struct Server;

impl Handler for Server {
    type Args = ();

    fn start((): ()) -> Server {
        Server
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(request) = event else { panic!("{event:?}") };
        let n: u64 = request.decode().expect("a number");
        let answered = request.reply().expect("it is a request").send(&Binary(n + 1));
        if answered.is_ok() { Flow::Continue } else { Flow::Stop }
    }
}

handler!(Server);

/// Asks the server so many times, one question after the other.
struct Caller {
    server: Pid,
    asked: u64,
    count: u64,
}

impl Caller {
    fn ask(&self) {
        start_request(self.server, &Binary(self.asked), PATIENCE).expect("it waits");
    }
}

impl Handler for Caller {
    type Args = Binary<(Pid, u64)>;

    fn start(Binary((server, count)): Self::Args) -> Caller {
        let caller = Caller { server, asked: 0, count };
        caller.ask();
        caller
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Answer(answer) = event else { panic!("{event:?}") };
        self.asked += 1;
        assert_eq!(answer.decode(), Ok(self.asked));
        if self.asked == self.count {
            return Flow::Stop;
        }
        self.ask();
        Flow::Continue
    }
}

handler!(Caller);

fn neighbour(hogs: u64, probes: u64, period_us: u64) {
    let server = spawn_handler::<Server>(());
    let period = Duration::from_micros(period_us);
    let prober = Spawn::handler::<Prober>(Binary((server, probes, period))).spawn();
    let prober = prober.expect("there is room for it");
    for _ in 0..hogs {
        spawn_handler::<Hog>(());
    }
    tell(prober, 0);
    let late: Vec<u64> = next::<Binary<_>>().0;
    distribution(late.into_iter().map(Duration::from_nanos).collect());
}

/// Computes until it is killed.
struct Hog;

impl Handler for Hog {
    type Args = ();

    fn start((): ()) -> Hog {
        spin()
    }

    fn handle(&mut self, _: Event) -> Flow {
        Flow::Stop
    }
}

handler!(Hog);

/// Asks the server after every period, and notes how long after the time that was.
struct Prober {
    owner: Pid,
    server: Pid,
    probes: u64,
    period: Duration,
    due: Instant,
    late: Vec<u64>,
}

impl Handler for Prober {
    type Args = Binary<(Pid, u64, Duration)>;

    fn start(Binary((server, probes, period)): Self::Args) -> Prober {
        Prober { owner: owner(), server, probes, period, due: Instant::now(), late: Vec::new() }
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Timer(_) => {
                start_request(self.server, &Binary(0_u64), PATIENCE).expect("it waits");
                return Flow::Continue;
            }
            Event::Answer(_) => self.late.push((Instant::now() - self.due).as_nanos() as u64),
            _first => {}
        }
        if self.late.len() as u64 == self.probes {
            send(self.owner, &Binary(std::mem::take(&mut self.late))).expect("it waits");
            return Flow::Stop;
        }
        self.due = Instant::now() + self.period;
        after(self.period).expect("a timer is free");
        Flow::Continue
    }
}

handler!(Prober);

fn slice(hogs: u64, millis: u64) {
    for _ in 0..hogs {
        spawn_handler::<Slices>(Binary(millis));
    }
    let heard = (0..hogs).flat_map(|_| next::<Binary<Vec<u64>>>().0);
    distribution(heard.map(Duration::from_nanos).collect());
}

/// Notes how long its slices are.
struct Slices;

impl Handler for Slices {
    type Args = Binary<u64>;

    fn start(Binary(millis): Binary<u64>) -> Slices {
        let slices = slices(Duration::from_millis(millis));
        send(owner(), &Binary(slices)).expect("it waits");
        exit(ExitReason::normal(&()))
    }

    fn handle(&mut self, _: Event) -> Flow {
        Flow::Stop
    }
}

handler!(Slices);
