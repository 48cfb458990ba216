//! Names that are looked up while the tasks of the actor go on; and lookups that nobody waits for any more.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use flower::net::{NetErrorKind, TcpListener, TcpStream, resolve_arm, resolve_async};
use flower::{Select, Spawn, channel, select, select_async, task};
use flower_guests::{PATIENCE, end_of};

/// Another task has its turns while names are looked up one after the other.
fn tasks_go_on_meanwhile() {
    let turns = Rc::new(Cell::new(0));
    let counted = turns.clone();
    let counting = task::spawn(async move {
        loop {
            counted.set(counted.get() + 1);
            task::yield_now().await;
        }
    });
    task::block_on(async {
        let before = turns.get();
        for port in 1..=50 {
            let found = resolve_async(&format!("localhost:{port}")).await.expect("every machine knows it");
            assert!(!found.is_empty() && found.iter().all(|at| at.ip().is_loopback() && at.port() == port));
        }
        assert!(turns.get() > before, "the actor was parked");
    });
    counting.abort();
}

fn arms() {
    use flower::net::resolve;

    let (sender, receiver) = channel::<u32>(1);
    let found = select! {
        found = resolve("localhost:80") => found.expect("every machine knows it"),
        _ = receiver.recv() => panic!("nothing was sent"),
        after(PATIENCE) => panic!("it takes too long"),
    };
    assert_eq!(found, resolve("localhost:80").expect("as above"));
    sender.send(7).expect("there is room");
    let value = select! {
        biased;
        value = receiver.recv() => value,
        _ = resolve("localhost:80") => None,
    };
    assert_eq!(value, Some(7));
    let again = Select::new().socket(resolve_arm("localhost:80"), |found| found).wait();
    assert_eq!(again, Ok(found));
    let missing = select! { found = resolve("no.such.name.invalid:80") => found };
    assert_eq!(missing.expect_err("there is none").kind, NetErrorKind::NameNotFound);
}

/// Each connection is one to its own name, however many are on their way at a time.
async fn each_connects_to_its_own() {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("it is granted"));
    let ports = listeners.each_ref().map(|listener| listener.local_addr().expect("it has one").port());
    let clients: Vec<_> = (0..20)
        .map(|n| {
            let port = ports[n % 2];
            task::spawn(async move {
                let stream = TcpStream::connect_async(&format!("localhost:{port}")).await;
                assert_eq!(stream.expect("it listens").peer_addr().expect("it has one").port(), port);
            })
        })
        .collect();
    for listener in &listeners {
        for _ in 0..10 {
            listener.accept_async().await.expect("it comes");
        }
    }
    for client in clients {
        client.await.expect("it is not aborted");
    }
}

async fn what_fails_says_why() {
    let denied = "PermissionDenied: net connect example.org:80 is not granted";
    assert_eq!(resolve_async("example.org:80").await.expect_err("not granted").to_string(), denied);
    let connected = TcpStream::connect_async("example.org:80").await.map(drop);
    assert_eq!(connected.expect_err("not granted").to_string(), denied);
    for name in ["no.such.name.invalid:80", "no.port.invalid"] {
        let connected = TcpStream::connect_async(name).await.map(drop);
        assert_eq!(connected.expect_err(name).kind, NetErrorKind::NameNotFound);
    }
    let connected = select_async! {
        connected = TcpStream::connect("no.such.name.invalid:80") => connected.map(drop),
        after(PATIENCE) => panic!("it takes too long"),
    };
    assert_eq!(connected.expect_err("there is none").kind, NetErrorKind::NameNotFound);
}

/// Begins a lookup and drops it.
async fn give_up() -> bool {
    let mut lookup = Box::pin(resolve_async("localhost:80"));
    poll_fn(|cx| Poll::Ready(lookup.as_mut().poll(cx).is_pending())).await
}

/// More than there are references, turns or threads for, if any stayed taken.
async fn who_is_dropped_takes_nothing_with_it() {
    let mut given_up = 0;
    for _ in 0..1000 {
        given_up += u32::from(give_up().await);
    }
    assert!(given_up > 0);
    resolve_async("localhost:80").await.expect("there is room");
}

fn who_ends_takes_nothing_with_it() {
    for _ in 0..20 {
        let spawn = Spawn::new(|()| _ = task::block_on(give_up()), ()).allow_net("localhost:80");
        end_of(spawn.spawn().expect("it is granted"));
    }
    let found = task::block_on(task::timeout(PATIENCE, resolve_async("localhost:80")));
    found.expect("it is its turn").expect("every machine knows it");
}

fn main() {
    tasks_go_on_meanwhile();
    arms();
    task::block_on(each_connects_to_its_own());
    task::block_on(what_fails_says_why());
    task::block_on(who_is_dropped_takes_nothing_with_it());
    who_ends_takes_nothing_with_it();
}
