//! Datagrams, read by their owner and put into its mailbox.

use flower::net::{Active, NetErrorKind, SocketChange, SocketMessage, UdpSocket};
use flower::receive;
use flower_guests::ms;

fn main() {
    let one = UdpSocket::bind("127.0.0.1:0").expect("it is granted");
    let other = UdpSocket::bind("127.0.0.1:0").expect("it is granted");
    let (at_one, at_other) = (one.local_addr().expect("it has one"), other.local_addr().expect("it has one"));

    let mut buffer = [0; 64];
    assert_eq!(one.send_to(b"hi", at_other), Ok(2));
    assert_eq!(other.recv_from(&mut buffer), Ok((2, at_one)));
    assert_eq!(&buffer[..2], b"hi");
    assert_eq!(other.send_to(&buffer[..2], at_one), Ok(2));
    assert_eq!(one.recv_from(&mut buffer[..1]), Ok((1, at_other)), "what is longer is cut");
    one.send_to(b"", at_other).expect("there may be nothing in it");
    assert_eq!(other.recv_from(&mut buffer), Ok((0, at_one)));
    other.set_read_timeout(Some(ms(20)));
    assert_eq!(other.recv_from(&mut buffer).expect_err("nothing comes").kind, NetErrorKind::TimedOut);
    let forbidden = "10.0.0.1:53".parse().expect("an address");
    assert_eq!(one.send_to(b"hi", forbidden).expect_err("not granted").kind, NetErrorKind::PermissionDenied);

    other.set_active(Active::Count(2)).expect("it can be");
    for n in 0..3_u8 {
        one.send_to(&[n], at_other).expect("it is open");
    }
    for n in 0..2_u8 {
        let message: SocketMessage = receive().expect("nothing to misread");
        assert_eq!((message.socket, message.change), (other.id(), SocketChange::Datagram(vec![n], at_one)));
    }
    assert_eq!(other.recv_from(&mut buffer), Ok((1, at_one)), "the third is not a message");
}
