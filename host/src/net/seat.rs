//! A socket has one owner at a time. Sent away, it leaves its owner with the message that takes it along, and comes
//! back if nobody accepts that.
//!
//! The *seat* is what a handle stands for. While a socket is in a message ([`Transit`]), its seat is empty: a refusal, which
//! drops the message, puts it back there; once the message is accepted ([`Transit::commit`]) the seat is left for good.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{ActiveMode, Socket};

/// Where a socket is as long as it belongs to an actor.
#[derive(Debug)]
pub(crate) struct Seat(Mutex<Taken>);

#[derive(Debug)]
enum Taken {
    Here(Arc<Socket>),
    /// It is in a message that nobody has accepted.
    Away,
    /// It has another owner, or none.
    Gone,
}

impl Seat {
    /// One for a socket that is here.
    pub(crate) fn new(socket: Arc<Socket>) -> Arc<Seat> {
        Arc::new(Seat(Mutex::new(Taken::Here(socket))))
    }

    /// The socket, if it is here.
    pub(crate) fn socket(&self) -> Option<Arc<Socket>> {
        match &*self.0.lock() {
            Taken::Here(socket) => Some(socket.clone()),
            Taken::Away | Taken::Gone => None,
        }
    }

    /// Whether it will not come back.
    pub(crate) fn is_left(&self) -> bool {
        matches!(&*self.0.lock(), Taken::Gone)
    }

    /// Takes the socket out, to travel.
    pub(crate) fn depart(self: &Arc<Seat>) -> Option<Transit> {
        let mut taken = self.0.lock();
        match std::mem::replace(&mut *taken, Taken::Away) {
            Taken::Here(socket) => Some(Transit { socket: Some(socket), from: Some(self.clone()) }),
            other => {
                *taken = other;
                None
            }
        }
    }
}

/// A socket on its way.
#[derive(Debug)]
pub(crate) struct Transit {
    socket: Option<Arc<Socket>>,
    /// Where it goes back to, until it is accepted.
    from: Option<Arc<Seat>>,
}

impl Transit {
    /// The message is accepted: there is no way back.
    pub(crate) fn commit(&mut self) {
        if let Some(seat) = self.from.take() {
            *seat.0.lock() = Taken::Gone;
        }
    }

    /// The socket at its destination. It is not active there.
    pub(crate) fn arrive(mut self) -> Option<Arc<Socket>> {
        self.commit();
        let socket = self.socket.take()?;
        // It was active at most where it came from.
        let _ = socket.set_active(ActiveMode::Off, 0);
        Some(socket)
    }
}

impl Drop for Transit {
    fn drop(&mut self) {
        if let (Some(seat), Some(socket)) = (self.from.take(), self.socket.take()) {
            *seat.0.lock() = Taken::Here(socket);
        }
    }
}
