//! Connecting without parking the actor, address by address, until one of them answers; and agreeing on TLS.

use flower_abi::NetReadiness;

use super::error::{NetError, NetErrorKind};
use super::operation::Operation;
use super::resolve::Lookup;
use super::socket::{Socket, kind};
use super::tls::Tls;

/// A connection on its way.
pub(super) struct Connecting<'a, T> {
    kind: u32,
    address: &'a str,
    /// There when it is a name: another of its addresses may be left.
    lookup: Option<Lookup<'a>>,
    /// To the address that is tried now.
    socket: Option<Socket>,
    /// What became of the one before.
    last: Option<NetError>,
    make: fn(Socket) -> T,
}

impl<'a, T> Connecting<'a, T> {
    pub(super) fn new(kind: u32, address: &'a str, make: fn(Socket) -> T) -> Connecting<'a, T> {
        let is_name = kind == kind::TCP && address.parse::<std::net::SocketAddr>().is_err();
        let lookup = is_name.then(|| Lookup::new(address));
        Connecting { kind, address, lookup, socket: None, last: None, make }
    }

    /// Begins with the next address.
    fn next(&mut self) -> Result<Socket, NetError> {
        let Some(lookup) = &mut self.lookup else { return Socket::begin(self.kind, self.address) };
        loop {
            match lookup.connect_next() {
                Err(error) if error.kind == NetErrorKind::WouldBlock => return Err(error),
                // All were tried, or there is none.
                Err(error) if error.kind == NetErrorKind::NameNotFound || !lookup.has_begun() => {
                    return Err(self.last.take().unwrap_or(error));
                }
                Err(error) => self.last = Some(error),
                begun => return begun,
            }
        }
    }
}

impl<T> Operation for Connecting<'_, T> {
    type Output = T;

    fn attempt(&mut self) -> Result<T, NetError> {
        loop {
            let socket = match self.socket.take() {
                Some(socket) => socket,
                None => self.next()?,
            };
            match socket.try_connected(self.address) {
                Ok(()) => return Ok((self.make)(socket)),
                Err(error) if error.kind == NetErrorKind::WouldBlock => {
                    self.socket = Some(socket);
                    return Err(error);
                }
                Err(error) if self.lookup.is_some() => self.last = Some(error),
                Err(error) => return Err(error),
            }
        }
    }

    fn told(&self) -> Result<u64, NetError> {
        match (&self.socket, &self.lookup) {
            (Some(socket), _) => socket.told(NetReadiness::Write),
            (None, Some(lookup)) => lookup.told(),
            (None, None) => unreachable!("what waits has something to wait for"),
        }
    }
}

/// Two sides on their way to agree on TLS.
pub(super) struct Handshake<'a, T> {
    /// There until they have agreed.
    socket: Option<Socket>,
    tls: &'a Tls<'a>,
    make: fn(Socket) -> T,
}

impl<'a, T> Handshake<'a, T> {
    pub(super) fn new(socket: Socket, tls: &'a Tls<'a>, make: fn(Socket) -> T) -> Handshake<'a, T> {
        Handshake { socket: Some(socket), tls, make }
    }

    fn socket(&self) -> &Socket {
        self.socket.as_ref().expect("they have not agreed yet")
    }
}

impl<T> Operation for Handshake<'_, T> {
    type Output = T;

    fn attempt(&mut self) -> Result<T, NetError> {
        let (role, name, pem) = self.tls.to_wire();
        self.socket().try_tls(role, name, pem)?;
        Ok((self.make)(self.socket.take().expect("they have just agreed")))
    }

    fn told(&self) -> Result<u64, NetError> {
        self.socket().told(NetReadiness::Read)
    }
}
