//! `run --http` with guests, asked by curl, by Python and by a WebSocket library.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use tungstenite::Message;

use super::{curl, free_port, get};
use crate::support::{Program, Running, Watchdog, guest_file, host_program};

/// A program behind HTTP, once it has said its first line.
pub(super) fn program(name: &str, flags: &[&str]) -> (Running, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let served = format!("{address}=web");
    let flags = [&["--http", &served, "--stop-deadline-ms", "1"], flags].concat();
    let mut running = Program::of_run(&flags, &guest_file(name), &[]).start();
    running.line();
    (running, address)
}

#[test]
fn curl_asks_a_guest() {
    let (running, address) = program("http_requests", &["--http-timeout-ms", "300", "--http-body-max", "1K"]);
    let at = |path: &str| format!("http://{address}{path}");
    assert_eq!(curl(&["-H", "X-A: b", "-d", "body", &at("/x?y=z")]), "POST /x?y=z [x-a=b] body\n");
    assert_eq!(curl(&[&at("/1"), &at("/2")]), "GET /1 [] \nGET /2 [] \n");
    assert_eq!(curl(&[&at("/later")]), "from the deputy\n");
    assert_eq!(curl(&["-w", " %{content_type}", &at("/json")]), "[1,2,3] application/json");
    assert_eq!(curl(&[&at("/large")]).len(), 300_000);
    assert_eq!(curl(&["-w", "%{http_code} %header{x-why}", &at("/gone")]), "404 it was never there");
    assert_eq!(curl(&["-I", "-o", "/dev/null", "-w", "%{http_code}", &at("/head")]), "200");
    assert!(curl(&["-w", "%{http_code}", &at("/silent")]).ends_with("504"));
    assert!(curl(&["-w", "%{http_code}", "-d", &"x".repeat(2000), &at("/")]).ends_with("413"));
    assert!(curl(&["-w", "%{http_code}", &at("/wrong")]).ends_with("502"));
    let crashed = curl(&["-w", "%{http_code}", &at("/panic")]);
    assert!(crashed.ends_with("502") && !crashed.contains("secret"), "{crashed}");
    let id =
        crashed.split_whitespace().find(|word| word.len() == 16).expect("the id of the crash").to_owned();
    let ran = running.ended();
    assert!(ran.stderr.contains(&format!("http {id}: GET /panic")), "{}", ran.stderr);
}

#[test]
fn a_handler_answers_fifty_connections_of_curl() {
    let (running, address) = program("http_hello", &[]);
    let url = format!("http://{address}/[1-1000]");
    let hellos = curl(&["--parallel", "--parallel-max", "50", &url]);
    assert_eq!(hellos.lines().filter(|line| *line == "hello").count(), 1000, "{hellos}");
    running.signal("TERM");
    running.ended();
}

#[test]
fn a_client_that_reads_late_sends_half_or_breaks_off_delays_nobody() {
    let (running, address) = program("http_requests", &[]);
    let connect = || TcpStream::connect(&address).expect("it listens");
    let large = "GET /large HTTP/1.1\r\nhost: h\r\n\r\n".repeat(29) + &get("/large");
    let mut late = connect();
    late.write_all(large.as_bytes()).expect("it is open");
    let mut half = connect();
    half.write_all(b"POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 8\r\n\r\nhalf")
        .expect("it is open");
    for _ in 0..20 {
        let mut rude = connect();
        rude.write_all(large.as_bytes()).expect("it is open");
        socket2::SockRef::from(&rude).set_linger(Some(Duration::ZERO)).expect("it can be");
    }
    assert_eq!(curl(&[&format!("http://{address}/1")]), "GET /1 [] \n");
    half.write_all(b"body").expect("it is open");
    let mut answer = String::new();
    half.read_to_string(&mut answer).expect("it is answered and closed");
    assert!(answer.ends_with("POST / [] halfbody\n"), "{answer}");
    let (mut buffer, mut read) = ([0; 10_000], 0);
    loop {
        match late.read(&mut buffer).expect("it is answered and closed") {
            0 => break,
            more => read += more,
        }
    }
    assert!(read > 30 * 300_000, "{read}");
    running.signal("TERM");
    running.ended();
}

#[test]
fn without_descriptors_clients_wait_until_there_are_some() {
    let address = format!("127.0.0.1:{}", free_port());
    let script =
        format!("ulimit -n 64; exec \"$0\" run --http {address}=web --stop-deadline-ms 1 --no-cache \"$1\"");
    let command = Program::other("/bin/sh".as_ref(), ["-c", &script]);
    let mut running = command.arg(host_program()).arg(guest_file("http_hello")).start();
    running.line();
    let mut streams: Vec<_> =
        (0..100).map(|_| TcpStream::connect(&address).expect("the kernel accepts")).collect();
    let mut last = streams.pop().expect("there are some");
    last.write_all(get("/").as_bytes()).expect("it is open");
    drop(streams);
    let mut answer = String::new();
    last.read_to_string(&mut answer).expect("it is answered and closed");
    assert!(answer.ends_with("hello\n"), "{answer}");
    running.signal("TERM");
    running.ended();
}

#[test]
fn a_new_actor_answers_each_request() {
    let address = format!("127.0.0.1:{}", free_port());
    let flags = ["--http", &format!("{address}=spawn:page"), "--stop-deadline-ms", "1"];
    let mut running = Program::of_run(&flags, &guest_file("http_requests"), &[]).start();
    running.line();
    let at = |path: &str| format!("http://{address}{path}");
    assert_eq!(curl(&[&at("/1"), &at("/2")]), "request 1\nrequest 1\n", "no memory is used twice");
    for (path, why) in [("/panic", "the secret"), ("/end", "answer")] {
        let failed = curl(&["-w", "%{http_code}", &at(path)]);
        assert!(failed.starts_with("the actor failed: crash ") && failed.ends_with("502"), "{failed}");
        assert!(!failed.contains(why), "{failed}");
    }
    assert_eq!(curl(&[&at("/3")]), "request 1\n");
    running.signal("TERM");
    running.ended();
}

#[test]
fn python_keeps_its_connection() {
    let (running, address) = program("http_requests", &[]);
    let script = format!(
        "import http.client\nc = http.client.HTTPConnection('{address}', timeout=20)\n\
         for n in range(100):\n    c.request('PUT', f'/{{n}}', body=b'b' * n)\n    r = c.getresponse()\n    \
         assert r.read().decode() == f'PUT /{{n}} [] ' + 'b' * n + '\\n'\nprint('done')"
    );
    let ran = Command::new("python3")
        .args(["-c", &script])
        .output()
        .expect("python3 is installed: `cargo xtask setup` installs it");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "done\n", "{}", String::from_utf8_lossy(&ran.stderr));
    running.signal("TERM");
    running.ended();
}

#[test]
fn a_web_socket_delivers_frames_as_messages() {
    let _watchdog = Watchdog::start();
    let (mut running, address) = program("http_requests", &["--http-body-max", "64K"]);
    let (mut socket, response) = tungstenite::connect(format!("ws://{address}/chat")).expect("it agrees");
    assert_eq!(response.status(), 101);
    for n in 0..100 {
        socket.send(Message::text(n.to_string())).expect("it listens");
        assert_eq!(socket.read().expect("an answer"), Message::text(format!("you said {n}")));
    }
    socket.send(Message::binary(vec![1, 2, 3])).expect("it listens");
    assert_eq!(socket.read().expect("an answer"), Message::binary(vec![3, 2, 1]));
    socket.send(Message::Ping("still there?".into())).expect("it listens");
    assert_eq!(socket.read().expect("an answer"), Message::Pong("still there?".into()));
    socket.send(Message::text("bye")).expect("it listens");
    let Message::Close(Some(close)) = socket.read().expect("an answer") else { panic!("it was to close") };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1000, "goodbye"));

    let (mut other, _) = tungstenite::connect(format!("ws://{address}/chat")).expect("it agrees");
    other.close(None).expect("it is open");
    assert_eq!(running.line(), "closed with 1000");
    let (other, _) = tungstenite::connect(format!("ws://{address}/chat")).expect("it agrees");
    drop(other);
    assert_eq!(running.line(), "closed with 1006");
    let (mut long, _) = tungstenite::connect(format!("ws://{address}/chat")).expect("it agrees");
    long.send(Message::binary(vec![0; 100_000])).expect("it listens");
    assert_eq!(running.line(), "closed with 1009");
    running.signal("TERM");
    running.ended();
}

#[test]
fn a_counter_behind_http_survives_its_crash() {
    let (running, address) = program("counter_service", &[]);
    let at = |path: &str| format!("http://{address}{path}");
    let post = |path: &str| curl(&["-X", "POST", &at(path)]);
    assert_eq!(
        (post("/add/5"), post("/add/7"), curl(&[&at("/")])),
        ("6\n".into(), "13\n".into(), "13\n".into())
    );
    assert!(post("/crash").contains("panicked"), "the crash is told");
    assert_eq!(curl(&[&at("/")]), "1\n", "the supervisor has started another");
    assert_eq!(curl(&["-w", "%{http_code}", "-o", "/dev/null", &at("/other")]), "404");
    running.signal("INT");
    running.ended();
}
