//! A budget bounds an actor and all its descendants together, and nobody else.

use flower::{Budget, Pid, SendError, Spawn, SpawnError, after, receive, self_pid, send, sleep, spawn_join};
use flower_guests::ms;

fn main() {
    actors();
    memory();
    timers();
    messages();
}

/// Runs a tenant under a budget and waits for its end.
fn under<R: flower::Message>(budget: Budget, tenant: Spawn<'_, R>) -> R {
    let tenant = tenant.budget(budget).spawn_join().expect("there is room for one");
    tenant.join().expect("it ends well")
}

fn wait_for_ever() {
    loop {
        sleep(ms(1_000_000));
    }
}

fn actors() {
    /// Two children and no third; a child's child counts as well.
    fn tenant() -> bool {
        fn child(parent: Pid) {
            let refused = Spawn::new(wait_for_ever, ()).spawn();
            send(parent, &(refused == Err(SpawnError::Limit))).expect("the parent lives");
            wait_for_ever();
        }
        let _first = Spawn::new(child, self_pid()).link().spawn().expect("the second of three");
        assert_eq!(receive(), Ok(false), "a grandchild is the third");
        let refused = Spawn::new(wait_for_ever, ()).spawn();
        refused == Err(SpawnError::Limit)
    }
    assert!(under(Budget::new().actors_max(3), Spawn::new(tenant, ())));
    assert_eq!(spawn_join(|| 7, ()).join(), Ok(7), "the others have room");

    // What a tree gives to a part of it is at most what it has itself.
    fn widened() -> bool {
        let wide = Budget::new().actors_max(100);
        let child = || Spawn::new(wait_for_ever, ()).spawn() == Err(SpawnError::Limit);
        let child = Spawn::new(child, ()).budget(wide).spawn_join();
        child.expect("the second of two").join() == Ok(true)
    }
    assert!(under(Budget::new().actors_max(2), Spawn::new(widened, ())));
}

/// The memory of two actors comes from one budget.
fn memory() {
    fn tenant() -> bool {
        fn hold(parent: Pid, bytes: usize) {
            let held = Vec::<u8>::new().try_reserve_exact(bytes).is_ok();
            send(parent, &held).expect("the parent lives");
        }
        let mut held = Vec::<u8>::new();
        held.try_reserve_exact(16 << 20).expect("half of what there is");
        Spawn::new(hold, (self_pid(), 24 << 20)).spawn().expect("there is room to start");
        let too_much = receive() == Ok(false);
        Spawn::new(hold, (self_pid(), 4 << 20)).spawn().expect("there is room to start");
        let enough = receive() == Ok(true);
        too_much && enough && held.capacity() > 0
    }
    assert!(under(Budget::new().memory_max(32 << 20), Spawn::new(tenant, ())));
    assert!(Vec::<u8>::new().try_reserve_exact(24 << 20).is_ok(), "the others have their own");
}

fn timers() {
    /// A child's timer and one of its own are all there are.
    fn tenant() -> bool {
        fn child(parent: Pid) {
            send(parent, &after(ms(1_000_000)).is_ok()).expect("the parent lives");
            wait_for_ever();
        }
        flower::spawn(child, self_pid());
        let first = receive() == Ok(true);
        let second = after(ms(1_000_000)).is_ok();
        first && second && after(ms(1_000_000)) == Err(SendError::Limit)
    }
    assert!(under(Budget::new().timers_max(2), Spawn::new(tenant, ())));
    assert!((0..10).all(|_| after(ms(1)).is_ok()), "the others have their own");
    sleep(ms(2));
    flower::flush();
}

/// What was sent and not yet taken counts, however small it is.
fn messages() {
    fn tenant() -> bool {
        let sink = flower::spawn(wait_for_ever, ());
        let sent = [(); 6].map(|()| send(sink, &1_u8));
        // A message that is taken makes room for another.
        sent[..4].iter().all(Result::is_ok) && sent[4..].iter().all(|sent| *sent == Err(SendError::Limit))
    }
    assert!(under(Budget::new().messages_max(4), Spawn::new(tenant, ())));
    let bytes = Budget::new().message_bytes_max(10_000);
    let large = || {
        let sink = flower::spawn(wait_for_ever, ());
        let sent = [(); 3].map(|()| send(sink, &flower::Raw(vec![0; 4_000])));
        (sent[0].is_ok() && sent[1].is_ok(), sent[2] == Err(SendError::Limit))
    };
    assert_eq!(under(bytes, Spawn::new(large, ())), (true, true));
}
