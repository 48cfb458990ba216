//! The calls that wait at sockets, and for names.

use std::net::{SocketAddr, TcpStream};

use flower_host::{ActorState, Module, Policy, Spawn};
use socket2::{Domain, Socket, Type};

use super::{End, attacker_with_wasi, cancel, reaches};
use crate::attack::attacker;
use crate::oracle::{Arena, withstand};
use crate::wat::CALLS;

/// Entries that wait in each call; the two that seldom do make it again and again.
fn waits(full: SocketAddr) -> String {
    let (address, len) = (full.to_string(), full.to_string().len());
    format!(
        r#"(data (i32.const 1024) "127.0.0.1:0") (data (i32.const 1040) "{address}") (data (i32.const 1072) "localhost:9")
        (global $own (mut i64) (i64.const 0)) (global $other (mut i64) (i64.const 0)) (global $len (mut i32) (i32.const 0))
        ;; A socket of its own, whose address stands from 2000 on.
        (func $bind (param $kind i32)
            (global.set $own (call $net_bind (local.get $kind) (i32.const 1024) (i32.const 11)))
            (if (i64.le_s (global.get $own) (i64.const 0)) (then unreachable))
            (global.set $len (i32.wrap_i64 (call $net_address (global.get $own) (i32.const 0) (i32.const 2000) (i32.const 64)))))
        ;; A connection to itself, for which it does not wait.
        (func $connect
            (call $bind (i32.const 0))
            (global.set $other (call $net_connect_start (i32.const 1) (i32.const 2000) (global.get $len)))
            (if (i64.le_s (global.get $other) (i64.const 0)) (then unreachable))
            (loop $until (br_if $until (call $net_connected (global.get $other)))))
        (func (export "net_connect")
            (drop (call $net_connect (i32.const 1) (i32.const 1040) (i32.const {len}) (i64.const -1))))
        (func (export "net_accept") (call $bind (i32.const 0))
            (drop (call $net_accept (global.get $own) (i64.const -1))))
        (func (export "net_read") (call $connect)
            (drop (call $net_read (global.get $other) (i32.const 0) (i32.const 16) (i32.const 0) (i64.const -1))))
        (func (export "net_write") (call $connect)
            (loop $more
                (drop (call $net_write (global.get $other) (i32.const 0) (i32.const 65536) (i64.const -1)))
                (br $more)))
        (func (export "net_tls") (call $connect)
            (drop (call $net_tls (global.get $other) (i32.const 0) (i32.const 1072) (i32.const 9) (i32.const 0) (i32.const 0) (i64.const -1))))
        (func (export "net_receive_from") (call $bind (i32.const 2))
            (drop (call $net_receive_from (global.get $own) (i32.const 0) (i32.const 16) (i32.const 3000) (i64.const -1))))
        (func (export "net_send_to") (call $bind (i32.const 2))
            (loop $more
                (drop (call $net_send_to (global.get $own) (i32.const 2000) (global.get $len) (i32.const 0) (i32.const 9000) (i64.const -1)))
                (br $more)))
        (func (export "net_resolve")
            (loop $more
                (drop (call $net_resolve (i32.const 1072) (i32.const 11) (i32.const 0) (i32.const 0) (i64.const -1)))
                (br $more)))"#
    )
}

/// A listener that accepts nothing, and has all the connections that may wait for it.
fn full_listener() -> (Socket, TcpStream) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("there are sockets");
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    listener.bind(&any.into()).expect("a free port");
    listener.listen(0).expect("it is bound");
    let address = listener.local_addr().expect("it is bound").as_socket().expect("IPv4");
    let waiting = TcpStream::connect(address).expect("one may wait");
    (listener, waiting)
}

fn victim(module: &Module, entry: &str) -> Spawn {
    let rule = "*".parse().expect("a rule");
    Spawn::entry(module, entry).policy(Policy::default().net(rule))
}

#[test]
fn every_call_that_waits_at_a_socket_can_be_cancelled_in_every_way() {
    let entries: Vec<&str> = CALLS
        .iter()
        .filter(|call| call.parks && call.name.starts_with("net_"))
        .map(|call| call.name)
        .collect();
    let (_listener, waiting) = full_listener();
    let text = waits(waiting.peer_addr().expect("it is connected"));
    withstand(async |arena: &Arena| {
        let (module, enders) = (attacker(arena, &text), attacker_with_wasi(arena));
        for end in [End::Kill, End::Signal, End::Link] {
            for entry in &entries {
                let victim = arena.watched(victim(&module, entry)).await;
                // There is nearly always room for a datagram.
                if *entry != "net_send_to" {
                    let waits = |state| !matches!(state, ActorState::Running | ActorState::Runnable);
                    reaches(arena, victim.pid(), waits).await;
                }
                cancel(arena, &enders, end, victim).await;
            }
        }
    });
}
