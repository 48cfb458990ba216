//! Sockets: guests that have both ends, and guests that clients of the test talk to.

mod tls;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use flower_host::{NetRule, NetRules};

use crate::http::{curl, free_port};
use crate::support::{Guest, Mode, Program, Running, assert_same_lines, expected, guest_file};

/// The guests that the tests of this file run.
pub(crate) const GUESTS: &[&str] = &[
    "http_stream",
    "net_active",
    "net_frames",
    "net_lost",
    "net_moves",
    "net_names",
    "net_select",
    "net_tasks",
    "net_tcp",
    "net_tls",
    "net_udp",
];

/// This machine alone, names that lead nowhere, and one path.
fn granted(path: &str) -> NetRules {
    let unix = format!("unix:{path}");
    let rules = ["127.0.0.1:*", "localhost:*", "[::1]:*", "*.invalid", &unix];
    NetRules::new(rules.iter().map(|rule| rule.parse::<NetRule>().expect("a rule")))
}

fn run(name: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let path = path.to_str().expect("plain text");
    Guest::named(name).args([path]).net(granted(path)).run(Mode::Threads).expect_success();
}

#[test]
fn net_tcp() {
    run("net_tcp");
}

#[test]
fn net_select() {
    run("net_select");
}

/// So few references that lookups which stayed behind would use them up.
#[test]
fn net_names() {
    let rules = ["127.0.0.1:*", "localhost:*", "*.invalid"].map(|rule| ["--allow-net", rule]);
    let flags = [&["--references-max", "100"], rules.as_flattened()].concat();
    Program::run(&flags, &guest_file("net_names"), &[]).expect_code(0);
}

#[test]
fn net_frames() {
    run_alone("net_frames");
}

#[test]
fn net_lost() {
    run_alone("net_lost");
}

#[test]
fn net_udp() {
    run("net_udp");
}

#[test]
fn a16_active_sockets() {
    let outcome = Guest::named("net_active").net(granted("/none")).mailbox_len_max(8).run(Mode::Threads);
    outcome.expect_success();
}

#[test]
fn in_deterministic_mode_there_is_no_network() {
    let outcome = Guest::named("net_udp").net(granted("/none")).run(Mode::Deterministic);
    assert!(outcome.to_string().contains("in deterministic mode there is no network"), "{outcome}");
}

#[test]
fn what_is_not_granted_is_refused_and_the_log_says_how_to_grant_it() {
    let ran = Program::run(&[], &guest_file("net_udp"), &[]);
    ran.expect_in_stderr(&[
        "net bind 127.0.0.1:0 is not granted",
        "--allow-net bind:127.0.0.1:0 would grant it",
    ]);
}

#[test]
fn net_moves() {
    run("net_moves");
}

/// A program that may use this machine, once it has said its first line.
fn program(name: &str, flags: &[&str], args: &[&str]) -> Running {
    let flags = [&["--allow-net", "127.0.0.1:*", "--stop-deadline-ms", "1"], flags].concat();
    let mut running = Program::of_run(&flags, &guest_file(name), args).start();
    running.line();
    running
}

/// Runs an example that is its own client.
#[track_caller]
fn example(name: &str) {
    let ran = Program::run(&["--allow-net", "127.0.0.1:*"], &guest_file(name), &[]).expect_code(0);
    assert_eq!(Some(ran.stdout), expected("examples", name));
}

#[test]
fn f3_echo_tcp() {
    example("echo_tcp");
}

#[test]
fn echo_active() {
    let ran = Program::run(&["--allow-net", "127.0.0.1:*"], &guest_file("echo_active"), &[]).expect_code(0);
    assert_same_lines(&ran.stdout, &expected("examples", "echo_active").expect("it is there"));
}

#[test]
fn a16_the_active_echo_server_answers_any_client() {
    let address = format!("127.0.0.1:{}", free_port());
    let server = program("echo_active", &[], &[&address]);
    let mut streams = [(); 20].map(|()| TcpStream::connect(&address).expect("it listens"));
    for len in [1, 1000, 100_000] {
        streams.iter_mut().for_each(|stream| echo(stream, &vec![7; len]));
    }
    drop(streams);
    echo(&mut TcpStream::connect(&address).expect("it listens"), b"still here");
    server.signal("TERM");
    server.ended();
}

/// The echo server, and where it listens.
fn echo_server(flags: &[&str]) -> (Running, String) {
    let address = format!("127.0.0.1:{}", free_port());
    (program("echo_tcp", flags, &[&address]), address)
}

fn echo(stream: &mut TcpStream, bytes: &[u8]) {
    let mut answer = vec![0; bytes.len()];
    stream.write_all(bytes).expect("it is open");
    stream.read_exact(&mut answer).expect("it is answered");
    assert_eq!(answer, bytes);
}

#[test]
fn f4_a_hundred_clients_get_their_own_bytes_beside_one_that_never_sends() {
    let (server, address) = echo_server(&[]);
    let _silent = TcpStream::connect(&address).expect("it listens");
    let clients: Vec<_> = (0..100_u8)
        .map(|n| {
            let address = address.clone();
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).expect("it listens");
                (0..20).for_each(|len| echo(&mut stream, &vec![n; len * 10 + 1]));
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().expect("it is answered"));
    server.signal("TERM");
    server.ended();
}

#[test]
fn a_thousand_idle_connections_are_held_and_each_answers() {
    let (server, address) = echo_server(&[]);
    let mut streams: Vec<_> = (0..1000).map(|_| TcpStream::connect(&address).expect("it listens")).collect();
    streams.iter_mut().for_each(|stream| echo(stream, b"are you there?"));
    server.signal("TERM");
    server.ended();
}

#[test]
fn a_peer_that_never_reads_or_breaks_off_harms_nobody() {
    let (server, address) = echo_server(&[]);
    let mut deaf = TcpStream::connect(&address).expect("it listens");
    deaf.set_write_timeout(Some(Duration::from_millis(200))).expect("it can be");
    // The server's answers fill up, then its reads stop, and at last these writes do.
    while deaf.write(&[0; 65536]).is_ok() {}
    for _ in 0..50 {
        let rude = TcpStream::connect(&address).expect("it listens");
        let socket = socket2::SockRef::from(&rude);
        (&rude).write_all(b"half a mess").expect("it is open");
        socket.set_linger(Some(Duration::ZERO)).expect("it can be");
    }
    let mut half = TcpStream::connect(&address).expect("it listens");
    half.write_all(b"question").expect("it is open");
    half.shutdown(std::net::Shutdown::Write).expect("it is open");
    let mut all = Vec::new();
    half.read_to_end(&mut all).expect("it is answered and closed");
    assert_eq!(all, b"question");
    echo(&mut TcpStream::connect(&address).expect("it listens"), b"still here");
    server.signal("TERM");
    server.ended();
}

#[test]
fn without_descriptors_connections_wait_until_there_are_some() {
    let address = format!("127.0.0.1:{}", free_port());
    let script = format!(
        "ulimit -n 64; exec \"$0\" run --allow-net 127.0.0.1:* --stop-deadline-ms 1 --no-cache \"$1\" {address}"
    );
    let mut command = Program::other("/bin/sh".as_ref(), ["-c", &script]);
    command = command.arg(crate::support::host_program()).arg(guest_file("echo_tcp"));
    let mut server = command.start();
    server.line();
    let mut streams: Vec<_> =
        (0..100).map(|_| TcpStream::connect(&address).expect("the kernel accepts")).collect();
    // The first are served; the last when others have gone.
    echo(&mut streams[0], b"first");
    let mut last = streams.pop().expect("there are some");
    drop(streams);
    echo(&mut last, b"last");
    server.signal("TERM");
    let ran = server.ended();
    ran.expect_in_stderr(&["nobody is accepted: NoDescriptors"]);
}

#[test]
fn guests_of_a_chat_hear_each_other() {
    let address = format!("127.0.0.1:{}", free_port());
    let server = program("chat_server", &[], &[&address]);
    let enter = |name: &str| {
        let mut lines = BufReader::new(TcpStream::connect(&address).expect("it listens"));
        expect_line(&mut lines, "your name?");
        lines.get_mut().write_all(format!("{name}\n").as_bytes()).expect("it is open");
        expect_line(&mut lines, &format!("{name} has come"));
        lines
    };
    let mut ada = enter("ada");
    let mut grace = enter("grace");
    expect_line(&mut ada, "grace has come");
    ada.get_mut().write_all(b"hello\r\nis anybody there?\n").expect("it is open");
    for lines in [&mut ada, &mut grace] {
        expect_line(lines, "ada: hello");
        expect_line(lines, "ada: is anybody there?");
    }
    drop(ada);
    expect_line(&mut grace, "ada has left");
    server.signal("TERM");
    server.ended();
}

#[track_caller]
fn expect_line(lines: &mut BufReader<TcpStream>, expected: &str) {
    let mut line = String::new();
    lines.read_line(&mut line).expect("it is text");
    assert_eq!(line.trim_end(), expected);
}

#[test]
fn a_proxy_reaches_what_was_granted_and_nothing_else() {
    let granted = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let forbidden = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = |listener: &TcpListener| listener.local_addr().expect("it has one").to_string();
    let address = format!("127.0.0.1:{}", free_port());
    let (bind, connect) = (format!("bind:{address}"), format!("connect:{}", at(&granted)));
    let flags = ["--stop-deadline-ms", "1", "--allow-net", &bind, "--allow-net", &connect];
    let mut proxy = Program::of_run(&flags, &guest_file("narrow_proxy"), &[&address]).start();
    proxy.line();
    let ask = |wanted: &str| {
        let mut lines = BufReader::new(TcpStream::connect(&address).expect("it listens"));
        lines.get_mut().write_all(format!("{wanted}\n").as_bytes()).expect("it is open");
        let mut line = String::new();
        lines.read_line(&mut line).expect("it is text");
        (line.trim_end().to_owned(), lines)
    };
    let forbidden_at = at(&forbidden);
    for spelling in [forbidden_at.clone(), forbidden_at.replace("127.0.0.1", "[::ffff:127.0.0.1]")] {
        let (said, _) = ask(&spelling);
        assert_eq!(said, format!("PermissionDenied: net connect {spelling} is not granted"));
    }
    let (said, mut lines) = ask(&at(&granted));
    assert_eq!(said, "connected");
    let (mut server, _) = granted.accept().expect("it has come");
    lines.get_mut().write_all(b"ping").expect("it is open");
    server.read_exact(&mut [0; 4]).expect("it is passed on");
    server.write_all(b"pong\n").expect("it is open");
    expect_line(&mut lines, "pong");
    proxy.signal("TERM");
    proxy.ended().expect_in_stderr(&[&format!("--allow-net connect:{forbidden_at} would grant it")]);
}

#[test]
fn net_tasks() {
    run_alone("net_tasks");
}

#[test]
fn http_stream() {
    run_alone("http_stream");
}

/// A guest that has an address to serve at only when it is given one.
fn run_alone(name: &str) {
    Guest::named(name).net(granted("/none")).run(Mode::Threads).expect_success();
}

#[test]
fn curl_asks_a_guest_that_speaks_http_itself() {
    let address = format!("127.0.0.1:{}", free_port());
    let server = program("http_stream", &[], &[&address]);
    let at = |path: &str| format!("http://{address}{path}");
    assert_eq!(curl(&["-d", "body", &at("/x?y")]), "POST /x?y body\n");
    assert_eq!(
        curl(&["-H", "transfer-encoding: chunked", "-d", "body", &at("/"), &at("/2")]),
        "POST / body\nPOST /2 body\n"
    );
    assert_eq!(curl(&[&at("/numbers")]).lines().count(), 1000);
    assert_eq!(curl(&["-w", "%{http_code} %header{x-why}", &at("/gone")]), "404 it was never there");
    assert!(
        curl(&["-w", "%{http_code}", "-H", &format!("x: {}", "y".repeat(70_000)), &at("/")]).ends_with("431")
    );
    server.signal("TERM");
    server.ended();
}
