//! Clients that do not speak HTTP, or speak it to do harm: each gets a clear answer, and the server goes on. The host's server
//! and the one that guests have for their own sockets are told the same.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::programs::program;
use super::{free_port, get};
use crate::support::{Program, Running, guest_file};

/// Who serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Server {
    /// `run --http`.
    Host,
    /// `http::serve_stream`.
    Guest,
}

const BOTH: [Server; 2] = [Server::Host, Server::Guest];

/// A server that is patient for so many milliseconds, if that is said.
fn start(server: Server, patience_ms: Option<&str>) -> (Running, String) {
    match (server, patience_ms) {
        (Server::Host, None) => {
            program("http_requests", &["--http-header-max", "8K", "--http-body-max", "100K"])
        }
        (Server::Host, Some(ms)) => {
            program("http_requests", &["--http-header-timeout-ms", ms, "--http-timeout-ms", ms])
        }
        (Server::Guest, patience) => {
            let address = format!("127.0.0.1:{}", free_port());
            let args: Vec<&str> = [address.as_str()].into_iter().chain(patience).collect();
            let flags = ["--allow-net", "127.0.0.1:*", "--stop-deadline-ms", "1"];
            let mut running = Program::of_run(&flags, &guest_file("http_stream"), &args).start();
            running.line();
            (running, address)
        }
    }
}

/// Sends bytes, says that this is all, and reads what comes.
fn exchange(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    // Who refuses a request may close before it has read all of it.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    read_all(&mut stream)
}

fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers, one after the other.
fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

/// Fails unless a well-behaved client is served, and ends the server.
#[track_caller]
fn expect_well(running: Running, address: &str) {
    let answer = exchange(address, get("/well").as_bytes());
    assert!(answer.contains("GET /well"), "{answer}");
    running.signal("TERM");
    let ran = running.ended();
    assert!(!ran.stderr.contains("panic"), "{}", ran.stderr);
}

#[track_caller]
fn expect(server: Server, bytes: &[u8], expected: &[&str]) {
    let (running, address) = start(server, None);
    let answer = exchange(&address, bytes);
    assert_eq!(statuses(&answer), expected, "{server:?}: {answer}");
    expect_well(running, &address);
}

/// Makes a test of what each server answers to some bytes.
macro_rules! rude {
    ($( $name:ident: $bytes:expr => host $host:expr, guest $guest:expr; )+) => {
        mod host {
            use super::*;
            $(
                #[test]
                fn $name() {
                    expect(Server::Host, &Vec::from($bytes), &$host);
                }
            )+
        }
        mod guest {
            use super::*;
            $(
                #[test]
                fn $name() {
                    expect(Server::Guest, &Vec::from($bytes), &$guest);
                }
            )+
        }
    };
}

const NONE: [&str; 0] = [];

rude! {
    no_http_at_all: "\x16\x03\x01\x00\x00" => host ["400"], guest ["400"];
    another_version: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" => host NONE, guest ["400"];
    a_method_that_is_none: "GE(T / HTTP/1.1\r\nhost: h\r\n\r\n" => host ["400"], guest ["400"];
    a_header_that_is_none: "GET / HTTP/1.1\r\nhost: h\r\na b: c\r\n\r\n" => host ["400"], guest ["400"];
    a_header_with_a_zero_in_it: "GET / HTTP/1.1\r\nhost: h\r\nx: a\0b\r\n\r\n" => host ["400"], guest ["400"];
    a_flood_of_headers: format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200)) => host ["431"], guest ["431"];
    a_head_that_breaks_off: "GET / HTTP/1.1\r\nhost:" => host NONE, guest ["400"];
    a_length_that_is_none: "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\n" => host ["400"], guest ["400"];
    two_lengths: "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nhi"
        => host ["400"], guest ["400"];
    // The chunks count, or nothing does.
    a_length_beside_chunks:
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhi!\r\n0\r\n\r\n"
        => host ["200"], guest ["400"];
    a_body_shorter_than_said: "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhi" => host ["400"], guest ["400"];
    // What is too much would be the next request.
    a_body_longer_than_said: "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nhi (and more)\r\n\r\n"
        => host ["200", "400"], guest ["200", "400"];
    a_body_longer_than_allowed: "POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 200000\r\n\r\n"
        => host ["413"], guest ["413"];
    chunks_that_are_garbage: "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhi\r\n"
        => host ["400"], guest ["400"];
    a_chunk_without_its_end: "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi there\r\n0\r\n\r\n"
        => host ["400"], guest ["400"];
    a_chunk_of_endless_length: format!("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{}\r\n", "f".repeat(200))
        => host ["400"], guest ["400"];
    a_coding_that_nobody_knows: "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: rot13\r\n\r\nuv"
        => host ["400"], guest ["400"];
    pipelined_requests: format!("{}{}", "GET /well HTTP/1.1\r\nhost: h\r\n\r\n".repeat(20), get("/well"))
        => host ["200"; 21], guest ["200"; 21];
    garbage_behind_a_good_request: "GET /well HTTP/1.1\r\nhost: h\r\n\r\n\x01\x02\x03\r\n\r\n"
        => host ["200", "400"], guest ["200", "400"];
    an_upgrade_to_what_nobody_knows: "GET /well HTTP/1.1\r\nhost: h\r\nconnection: upgrade, close\r\nupgrade: tea\r\n\r\n"
        => host ["200"], guest ["200"];
}

/// A WebSocket's request with these lines besides.
fn web_socket(lines: &str) -> String {
    format!("GET /chat HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n{lines}\r\n")
}

const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn an_upgrade_that_is_garbage_is_refused() {
    let (running, address) = program("http_requests", &[]);
    let version = "sec-websocket-version: 13\r\n";
    for (lines, status) in [
        (version.to_owned(), "400"),
        (format!("{version}sec-websocket-key: ?\r\n"), "400"),
        (format!("{version}sec-websocket-key: {}==\r\n", "a".repeat(21)), "400"),
        (KEY.to_owned(), "426"),
        (format!("{KEY}sec-websocket-version: 12\r\n"), "426"),
    ] {
        let answer = exchange(&address, web_socket(&lines).as_bytes());
        assert_eq!(statuses(&answer), [status], "{lines}: {answer}");
        assert_eq!(status == "426", answer.contains("sec-websocket-version: 13\r\n"), "{answer}");
    }
    expect_well(running, &address);
}

/// What a frame that is none is answered with, and what the actor hears of it.
#[test]
fn frames_that_are_garbage_are_refused() {
    let (mut running, address) = program("http_requests", &[]);
    for (frame, code) in [
        // Not masked; a code that nobody knows; text that is none.
        (&b"\x81\x02hi"[..], 1002),
        (b"\x8b\x80\0\0\0\0", 1002),
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
    ] {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        let request = web_socket(&format!("{KEY}sec-websocket-version: 13\r\n"));
        stream.write_all(&[request.as_bytes(), frame].concat()).expect("it is open");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
        let told = u16::to_be_bytes(code);
        let end = answer.windows(4).any(|part| part[0] == 0x88 && part[2..] == told);
        assert!(end, "{code}: {}", String::from_utf8_lossy(&answer));
        assert_eq!(running.line(), format!("closed with {code}"));
    }
    expect_well(running, &address);
}

/// Breaks a connection off in the middle of something.
fn reset(address: &str, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(bytes).expect("it is open");
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("it can be");
}

#[test]
fn resets_in_the_middle_harm_nobody() {
    for server in BOTH {
        let (running, address) = start(server, None);
        for _ in 0..10 {
            reset(&address, b"GET / HTT");
            reset(&address, b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhi");
            reset(&address, b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhi");
            reset(&address, b"GET /large HTTP/1.1\r\nhost: h\r\n\r\n");
            reset(&address, b"GET /numbers HTTP/1.1\r\nhost: h\r\n\r\n");
        }
        expect_well(running, &address);
    }
}

#[test]
fn who_reads_late_delays_nobody() {
    let (running, address) = start(Server::Guest, None);
    let mut late = TcpStream::connect(&address).expect("it listens");
    let asked = "GET /numbers HTTP/1.1\r\nhost: h\r\n\r\n".repeat(999) + &get("/numbers");
    late.write_all(asked.as_bytes()).expect("the kernel has room for it");
    assert!(exchange(&address, get("/well").as_bytes()).contains("GET /well"), "others are served meanwhile");
    assert_eq!(statuses(&read_all(&mut late)).len(), 1000, "it gets all of it");
    expect_well(running, &address);
}

/// Connections that keep every place with half a head: they are closed, and others have the places.
#[test]
fn heads_that_do_not_come_are_given_up() {
    for server in BOTH {
        let (running, address) = start(server, Some("1000"));
        let slow = || {
            let mut stream = TcpStream::connect(&address).expect("it listens");
            stream.write_all(b"GET /well HTTP/1.1\r\nhost: h\r\nx: y").expect("it is open");
            stream
        };
        let mut slow = [(); 20].map(|()| slow());
        assert!(exchange(&address, get("/well").as_bytes()).contains("GET /well"), "{server:?}");
        for stream in &mut slow {
            let answer = read_all(stream);
            let expected = if server == Server::Host { &[][..] } else { &["408"] };
            assert_eq!(statuses(&answer), expected, "{server:?}: {answer}");
        }
        expect_well(running, &address);
    }
}

#[test]
fn bodies_that_do_not_come_are_408() {
    for server in BOTH {
        let (running, address) = start(server, Some("1000"));
        let mut stream = TcpStream::connect(&address).expect("it listens");
        stream.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhi").expect("it is open");
        let answer = read_all(&mut stream);
        assert_eq!(statuses(&answer), ["408"], "{server:?}: {answer}");
        expect_well(running, &address);
    }
}

/// Who holds every place does so for as long as a head may take, and no longer.
#[test]
fn slow_clients_do_not_keep_the_places_of_others() {
    let flags = ["--http-header-timeout-ms", "300", "--http-connections-max", "5"];
    let (running, address) = program("http_requests", &flags);
    let slow = [(); 20].map(|()| {
        let mut stream = TcpStream::connect(&address).expect("the kernel accepts");
        stream.write_all(b"GET / HTTP/1.1\r\n").expect("it is open");
        stream
    });
    expect_well(running, &address);
    drop(slow);
}
