//! Looking names up: off the workers, so many at a time of one actor and of all.
//!
//! The system's own way to look a name up keeps a thread until it is done, and cannot be interrupted. Whoever ends or
//! gives up before its turn has come takes up none; later, what is found is thrown away.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use flower_abi::Status;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::error::{NetError, NetResult};

/// A name that an actor has had looked up, or what was found.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) name: String,
    found: Option<NetResult<Vec<SocketAddr>>>,
    /// How many of the addresses it has tried to connect to.
    tried: usize,
    /// What looks the name up.
    task: AbortHandle,
}

impl Lookup {
    pub(crate) fn new(name: String, task: AbortHandle) -> Lookup {
        Lookup { name, found: None, tried: 0, task }
    }

    /// Takes in what was found.
    pub(crate) fn end(&mut self, found: NetResult<Vec<SocketAddr>>) {
        self.found = Some(found);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.found.is_some()
    }

    /// What was found.
    pub(crate) fn found(&self) -> NetResult<&[SocketAddr]> {
        match &self.found {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(error.clone()),
            None => Err(NetError::WOULD_PARK),
        }
    }

    /// An address that was found and not tried.
    pub(crate) fn next(&mut self) -> NetResult<SocketAddr> {
        let next = self.found()?.get(self.tried).copied();
        self.tried += usize::from(next.is_some());
        next.ok_or_else(|| not_found(&self.name))
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The addresses of `NAME:PORT`, when it is the turn of this one among those of its actor and of all.
pub(crate) async fn look_up(
    runtime: Handle,
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
    name: String,
) -> NetResult<Vec<SocketAddr>> {
    // Its own first: while it waits for that it stands in nobody's way.
    let (Ok(own), Ok(all)) = (own.acquire_owned().await, all.acquire_owned().await) else {
        return Err(no_more(&name));
    };
    let asked = name.clone();
    let found = runtime.spawn_blocking(move || {
        let found: io::Result<Vec<SocketAddr>> = asked.to_socket_addrs().map(Iterator::collect);
        // As long as the thread is taken, also when nobody waits any more.
        drop((own, all));
        found
    });
    match found.await {
        Ok(Ok(found)) if found.is_empty() => Err(not_found(&name)),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(NetError::new(Status::NAME_NOT_FOUND, format!("{name:?}: {error}"))),
        Err(_) => Err(no_more(&name)),
    }
}

fn no_more(name: &str) -> NetError {
    NetError::new(Status::NAME_NOT_FOUND, format!("{name:?}: the host looks no names up any more"))
}

/// A name has no address, or none that was not tried.
pub(crate) fn not_found(name: &str) -> NetError {
    NetError::new(Status::NAME_NOT_FOUND, format!("{name:?} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime")
    }

    fn permits(count: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(count))
    }

    #[test]
    fn addresses_are_tried_one_by_one() {
        let runtime = runtime();
        let mut lookup = Lookup::new("localhost:80".to_owned(), runtime.spawn(async {}).abort_handle());
        assert_eq!(lookup.next(), Err(NetError::WOULD_PARK));
        let found: Vec<SocketAddr> = ["[::1]:80", "127.0.0.1:80"].map(|at| at.parse().expect("one")).into();
        lookup.end(Ok(found.clone()));
        assert_eq!([lookup.next(), lookup.next()], [Ok(found[0]), Ok(found[1])]);
        assert_eq!(lookup.next().map_err(|error| error.status), Err(Status::NAME_NOT_FOUND));
        assert_eq!(lookup.found(), Ok(&found[..]));
    }

    #[test]
    fn a_turn_is_waited_for_and_given_back() {
        let (runtime, all, own) = (runtime(), permits(1), permits(1));
        let taken = all.clone().try_acquire_owned().expect("it is free");
        let look = |name: &str| look_up(runtime.handle().clone(), all.clone(), own.clone(), name.to_owned());
        let waits = runtime.spawn(look("127.0.0.1:1"));
        let gives_up = runtime.spawn(look("127.0.0.1:2"));
        gives_up.abort();
        assert!(runtime.block_on(gives_up).expect_err("it was given up").is_cancelled());
        assert!(!waits.is_finished());
        drop(taken);
        let found = runtime.block_on(waits).expect("it is not given up");
        assert_eq!(found, Ok(vec!["127.0.0.1:1".parse().expect("one")]));
        // A thread gives its turn back before it tells what it has found.
        assert_eq!((all.available_permits(), own.available_permits()), (1, 1));
    }
}
