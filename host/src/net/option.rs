//! What can be set of a socket, in the numbers of the ABI and the units of the system.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use super::Socket;
use super::error::{NetError, NetResult};

impl Socket {
    /// Sets an option by its number in the ABI.
    pub(crate) fn set_option(&self, option: u32, value: u64) -> NetResult<()> {
        let socket = SockRef::from(&self.source.socket);
        match option {
            0 => socket.set_tcp_nodelay(value != 0)?,
            1 if value == 0 => socket.set_keepalive(false)?,
            1 => socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(seconds(value)))?,
            2 => socket.set_broadcast(value != 0)?,
            3 => socket.set_ttl_v4(u32::try_from(value).map_err(|_| NetError::INVALID)?)?,
            // An end without farewell: the peer sees a reset.
            4 => socket.set_linger((value != 0).then_some(Duration::ZERO))?,
            5 => socket.set_tcp_keepalive(&TcpKeepalive::new().with_interval(seconds(value)))?,
            6 => {
                let count = u32::try_from(value).map_err(|_| NetError::INVALID)?;
                socket.set_tcp_keepalive(&TcpKeepalive::new().with_retries(count))?;
            }
            7 => {
                let least = Duration::from_millis(1);
                socket.set_tcp_user_timeout((value != 0).then(|| Duration::from_nanos(value).max(least)))?;
            }
            _ => return Err(NetError::INVALID),
        }
        Ok(())
    }
}

/// The time in ns as whole seconds, which is what the system counts in.
fn seconds(ns: u64) -> Duration {
    Duration::from_secs(ns.div_ceil(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use flower_abi::Status;

    use super::super::{Address, Kind, Reactor};
    use super::*;

    fn connected() -> (Socket, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = Address::Ip(listener.local_addr().expect("it has one"));
        let reactor = Reactor::new(1).expect("a reactor");
        (Socket::connect(&reactor, Kind::Tcp, &address).expect("it listens"), listener)
    }

    #[test]
    fn options_are_those_of_the_system() {
        let (socket, _listener) = connected();
        let system = SockRef::from(&socket.source.socket);
        assert!(!system.keepalive().expect("it can be asked"));
        socket.set_option(1, 1_500_000_000).expect("TCP has that");
        assert!(system.keepalive().expect("it can be asked"));
        assert_eq!(system.tcp_keepalive_time().expect("as above"), Duration::from_secs(2));
        socket.set_option(5, 10_000_000).expect("TCP has that");
        assert_eq!(system.tcp_keepalive_interval().expect("as above"), Duration::from_secs(1));
        socket.set_option(6, 3).expect("TCP has that");
        assert_eq!(system.tcp_keepalive_retries().expect("as above"), 3);
        assert_eq!(socket.set_option(6, u64::MAX).map_err(|error| error.status), Err(Status::INVALID));
        socket.set_option(1, 0).expect("TCP has that");
        assert!(!system.keepalive().expect("it can be asked"));

        for (ns, expected) in [(1, Some(1)), (2_500_000_000, Some(2500)), (0, None)] {
            socket.set_option(7, ns).expect("TCP has that");
            let set = system.tcp_user_timeout().expect("it can be asked");
            assert_eq!(set.filter(|set| !set.is_zero()), expected.map(Duration::from_millis));
        }
        socket.set_option(0, 1).expect("TCP has that");
        assert!(system.tcp_nodelay().expect("it can be asked"));
    }
}
