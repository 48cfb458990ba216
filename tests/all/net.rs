//! Sockets: guests that have both ends, and guests that clients of the test talk to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flower_host::{NetRule, NetRules};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::http::{curl, free_port};
use crate::support::{Guest, Mode, Program, Running, assert_same_lines, expected, guest_file};

/// The guests that the tests of this file run.
pub(crate) const GUESTS: &[&str] =
    &["http_stream", "net_active", "net_moves", "net_select", "net_tasks", "net_tcp", "net_tls", "net_udp"];

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
fn net_udp() {
    run("net_udp");
}

#[test]
fn net_active() {
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

/// A certificate for `flower.test` with its key, and the certificate alone.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["flower.test".to_owned()]).expect("a certificate");
    let certificate = made.cert.pem();
    (format!("{certificate}{}", made.signing_key.serialize_pem()), certificate)
}

#[test]
fn net_select() {
    run("net_select");
}

#[test]
fn net_tls() {
    let (identity, roots) = certificate();
    let guest = Guest::named("net_tls").env("IDENTITY", &identity).env("ROOTS", &roots);
    guest.net(granted("/none")).run(Mode::Threads).expect_success();
}

/// A program that may use this machine, once it has said its first line.
fn program(name: &str, flags: &[&str], args: &[&str]) -> Running {
    let flags = [&["--allow-net", "127.0.0.1:*", "--stop-deadline-ms", "1"], flags].concat();
    let mut running = Program::of_run(&flags, &guest_file(name), args).start();
    running.line();
    running
}

#[test]
fn an_ordinary_tls_client_is_served() {
    let (identity, roots) = certificate();
    let address = format!("127.0.0.1:{}", free_port());
    let (identity, unused) = (format!("IDENTITY={identity}"), "ROOTS=");
    let server = program("net_tls", &["--env", &identity, "--env", unused], &[&address]);
    let mut store = rustls::RootCertStore::empty();
    store.add(CertificateDer::from_pem_slice(roots.as_bytes()).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().expect("there are some");
    let config = config.with_root_certificates(store).with_no_client_auth();
    let name = ServerName::try_from("flower.test").expect("a name");
    let client = rustls::ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = rustls::StreamOwned::new(client, TcpStream::connect(&address).expect("it listens"));
    stream.write_all(b"hello").expect("it is open");
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(&answer, b"HELLO");
    server.signal("TERM");
    server.ended();
}

/// The server with a certificate of the host's, which no actor sees; and the file with whom to trust.
fn tls_server(folder: &std::path::Path) -> (Running, String, String) {
    let (identity, certificate) = certificate();
    let key = identity.strip_prefix(&certificate).expect("the key comes second");
    let file = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("the folder is ours");
        path.to_str().expect("plain text").to_owned()
    };
    let (cert, key) = (file("cert.pem", &certificate), file("key.pem", key));
    let address = format!("127.0.0.1:{}", free_port());
    let flags = ["--tls-cert", &cert, "--tls-key", &key, "--env", "IDENTITY=", "--env", "ROOTS="];
    (program("net_tls", &flags, &[&address]), address, cert)
}

#[test]
fn openssl_and_python_meet_a_certificate_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, address, cert) = tls_server(folder.path());
    let script = format!(
        "import socket, ssl\nhost, port = '{address}'.split(':')\n\
         s = ssl.create_default_context(cafile='{cert}').wrap_socket(\n    \
         socket.create_connection((host, port), 20), server_hostname='flower.test')\n\
         for n in range(50):\n    s.sendall(b'abc' * n + b'.')\n    \
         got = b''\n    while len(got) < 3 * n + 1: got += s.recv(999)\n    \
         assert got == b'ABC' * n + b'.', got\nprint(s.version())"
    );
    let ran = Command::new("python3").args(["-c", &script]).output().expect("python is installed");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "TLSv1.3\n", "{}", String::from_utf8_lossy(&ran.stderr));
    let asked = format!(
        "(echo hello; sleep 5) | timeout 4 openssl s_client -tls1_2 -quiet -connect {address} -servername flower.test \
         -CAfile {cert} -verify_return_error 2>&1 | grep -m1 HELLO"
    );
    let ran = Command::new("sh").args(["-c", &asked]).output().expect("openssl is installed");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "HELLO\n");
    server.signal("TERM");
    server.ended();
}

#[test]
fn certificates_that_are_none_are_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cert.pem");
    std::fs::write(&path, "no certificate").expect("the folder is ours");
    let path = path.to_str().expect("plain text");
    let flags = ["--tls-cert", path, "--tls-key", path];
    Program::run(&flags, &guest_file("net_tls"), &[]).expect_refusal(&["TLS: no private key"]);
    Program::run(&["--tls-roots", path], &guest_file("net_tls"), &[])
        .expect_refusal(&["TLS: no certificate"]);
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
