//! HTTP on behalf of actors: `Host::serve_http` with native code in the actor's place, and `run --http` ([`programs`]).

mod client;
mod load;
mod programs;
mod rude;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use flower_host::{Codec, Host, HttpOptions, HttpServer, HttpTarget, Limits, Mailbox, Received};

use crate::wat::{self, threads};

/// The guests that the tests of this file run.
pub(crate) const GUESTS: &[&str] = &["http_client", "http_hello", "http_requests"];

fn options() -> HttpOptions {
    HttpOptions::new(HttpTarget::Name("web".into()))
}

/// A server at a free port.
fn serve(host: &Host, options: HttpOptions) -> HttpServer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    host.serve_http(listener, options).expect("it can be served")
}

/// A host, a server, and native code in the place of the actor `web`.
fn native(options: HttpOptions) -> (Host, HttpServer, Mailbox) {
    native_on(threads().build().expect("a host"), options)
}

fn native_on(host: Host, options: HttpOptions) -> (Host, HttpServer, Mailbox) {
    let server = serve(&host, options);
    let mailbox = host.mailbox().expect("a mailbox");
    mailbox.register("web").expect("the name is free");
    (host, server, mailbox)
}

/// Sends some bytes as they are and reads all that comes, on a thread beside the test's own.
fn exchange(to: SocketAddr, bytes: impl Into<Vec<u8>>) -> tokio::task::JoinHandle<String> {
    let bytes = bytes.into();
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(to).expect("it listens");
        // A server that refuses a long request may close before it has read it all.
        let _ = stream.write_all(&bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn answer(mailbox: &Mailbox, request: &Received, json: &str) {
    mailbox
        .reply(request.reply.expect("it is a request"), Codec::JSON, json.as_bytes())
        .expect("somebody waits");
}

#[test]
fn a_request_is_a_message_and_its_reply_the_response() {
    wat::run(async {
        let (_host, server, mut mailbox) = native(options());
        let answered = exchange(
            server.local_addr(),
            "POST /a?b HTTP/1.1\r\nhost: h\r\nX-Y: z\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi",
        );
        let request = mailbox.receive().await;
        assert_eq!((request.codec, request.fingerprint), (Codec::BINARY, flower_abi::HTTP_REQUEST));
        let start = b"\x04POST\x04/a?b\x04\x04host\x01h\x03x-y\x01z";
        assert_eq!(&request.body[..start.len()], start);
        assert!(request.body.windows(3).any(|part| part == b"\x02hi"), "the body is missing");
        answer(&mailbox, &request, r#"{"status":418,"headers":[["x-a","62"]],"body":"74656100"}"#);
        let answered = answered.await.expect("the client does not panic");
        assert!(answered.starts_with("HTTP/1.1 418 I'm a teapot\r\n"), "{answered}");
        assert!(answered.contains("x-a: b\r\n") && answered.ends_with("\r\n\r\ntea\0"), "{answered}");
    });
}

#[test]
fn a_connection_is_kept_and_asks_one_thing_after_the_other() {
    wat::run(async {
        let (_host, server, mut mailbox) = native(options());
        let both = format!("GET /1 HTTP/1.1\r\nhost: h\r\n\r\n{}", get("/2"));
        let answered = exchange(server.local_addr(), both);
        let first = mailbox.receive().await;
        assert!(mailbox.try_receive().is_none(), "the second comes when the first is answered");
        answer(&mailbox, &first, r#"{"status":200,"body":"31"}"#);
        let second = mailbox.receive().await;
        assert_eq!(first.sender, second.sender, "the connection is the sender");
        answer(&mailbox, &second, r#"{"status":200,"body":"32"}"#);
        let answered = answered.await.expect("the client does not panic");
        assert_eq!(answered.matches("HTTP/1.1 200 OK").count(), 2, "{answered}");
        assert!(answered.contains("\r\n\r\n1HTTP") && answered.ends_with("\r\n\r\n2"), "{answered}");
    });
}

#[test]
fn no_answer_in_time_is_504() {
    wat::run(async {
        let (_host, server, mut mailbox) = native(options().timeout(Duration::from_millis(50)));
        let answered = exchange(server.local_addr(), get("/")).await.expect("the client does not panic");
        assert_eq!(status(&answered), "504", "{answered}");
        assert!(mailbox.receive().await.reply.is_some(), "it was asked all the same");
    });
}

#[test]
fn a_full_mailbox_is_503() {
    wat::run(async {
        let mut limits = Limits::default();
        limits.mailbox_len_max = 1;
        let host = threads().limits(limits).build().expect("a host");
        let (_host, server, mut mailbox) = native_on(host, options());
        let first = exchange(server.local_addr(), get("/"));
        // Whoever comes first has its place; the other is refused, and then the place is looked at.
        let second = exchange(server.local_addr(), get("/"));
        let refused = tokio::select! { one = first => one, other = second => other };
        let refused = refused.expect("the client does not panic");
        assert_eq!(status(&refused), "503", "{refused}");
        assert!(refused.contains("retry-after: 1\r\n") && refused.contains("mailbox is full"), "{refused}");
        let request = mailbox.receive().await;
        answer(&mailbox, &request, r#"{"status":200}"#);
    });
}

#[test]
fn nobody_there_is_503() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let server = serve(&host, options());
        let answered = exchange(server.local_addr(), get("/")).await.expect("the client does not panic");
        assert_eq!(status(&answered), "503", "{answered}");
        assert!(answered.contains("no actor is registered as \"web\""), "{answered}");
    });
}

#[test]
fn the_end_of_the_actor_is_502() {
    wat::run(async {
        let (_host, server, mut mailbox) = native(options());
        let answered = exchange(server.local_addr(), get("/"));
        mailbox.receive().await;
        drop(mailbox);
        let answered = answered.await.expect("the client does not panic");
        assert_eq!(status(&answered), "502", "{answered}");
        assert!(answered.contains("crash "), "{answered}");
    });
}

#[test]
fn an_answer_that_is_none_is_502() {
    wat::run(async {
        let (_host, server, mut mailbox) = native(options());
        for wrong in
            ["5", r#"{"status":99}"#, r#"{"status":101}"#, r#"{"status":200,"headers":[["a b","00"]]}"#]
        {
            let answered = exchange(server.local_addr(), get("/"));
            let request = mailbox.receive().await;
            answer(&mailbox, &request, wrong);
            let answered = answered.await.expect("the client does not panic");
            assert_eq!(status(&answered), "502", "{wrong}: {answered}");
        }
    });
}

#[test]
fn a_long_body_is_413_whether_or_not_it_says_how_long_it_is() {
    wat::run(async {
        let (_host, server, _mailbox) = native(options().body_bytes_max(1000));
        let said =
            "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1001\r\nconnection: close\r\n\r\n".to_owned();
        let chunked = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            .to_owned();
        let chunks = format!("{chunked}{}0\r\n\r\n", format!("64\r\n{}\r\n", "x".repeat(100)).repeat(11));
        for request in [said, chunks] {
            let answered = exchange(server.local_addr(), request).await.expect("the client does not panic");
            assert_eq!(status(&answered), "413", "{answered}");
        }
    });
}

#[test]
fn a_long_header_is_431() {
    wat::run(async {
        let (_host, server, _mailbox) = native(options().header_bytes_max(8192));
        let long = format!("x: {}\r\n", "y".repeat(8192 - 20));
        for headers in [long, "x: y\r\n".repeat(200)] {
            let request = format!("GET / HTTP/1.1\r\n{headers}\r\n");
            let answered = exchange(server.local_addr(), request).await.expect("the client does not panic");
            assert_eq!(status(&answered), "431", "{answered}");
        }
    });
}

#[test]
fn a_group_takes_turns() {
    wat::run(async {
        let (host, _, _web) = native(options());
        let pool = serve(&host, HttpOptions::new(HttpTarget::Group("pool".into())));
        let answered = exchange(pool.local_addr(), get("/")).await.expect("the client does not panic");
        assert!(answered.contains("the group \"pool\" has no members"), "{answered}");
        let mut workers = [host.mailbox().expect("a mailbox"), host.mailbox().expect("a mailbox")];
        for worker in &workers {
            worker.join_group("pool").expect("there is room");
        }
        for turn in 0..4 {
            let answered = exchange(pool.local_addr(), get("/"));
            let request = workers[turn % 2].receive().await;
            answer(&workers[turn % 2], &request, r#"{"status":204}"#);
            assert_eq!(status(&answered.await.expect("the client does not panic")), "204");
        }
    });
}

#[test]
fn a_host_that_serves_is_not_stuck() {
    wat::run(async {
        let (host, server, mut mailbox) = native(options());
        let quiet = tokio::time::timeout(Duration::from_millis(100), host.quiescent()).await;
        assert!(quiet.is_err(), "somebody may still ask");
        let answered = exchange(server.local_addr(), get("/"));
        let request = mailbox.receive().await;
        let stopped = tokio::spawn(server.stop());
        answer(&mailbox, &request, r#"{"status":200}"#);
        assert_eq!(status(&answered.await.expect("the client does not panic")), "200");
        stopped.await.expect("it stops");
        host.quiescent().await;
    });
}

#[test]
fn nothing_comes_from_outside_in_deterministic_mode() {
    wat::run(async {
        let host = wat::deterministic(1).build().expect("a host");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let refused = host.serve_http(listener, options()).err().expect("it is refused");
        assert_eq!(refused.kind(), std::io::ErrorKind::Unsupported);
    });
}

/// A port that nobody else gets: below those that the system hands out, and another one each time.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + (std::process::id() % 100 * 100) as u16;
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed) % 1000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What curl prints.
pub(crate) fn curl(args: &[&str]) -> String {
    let ran = Command::new("curl")
        .args(["-sS", "--max-time", "20"])
        .args(args)
        .output()
        .expect("curl is installed: `cargo xtask setup` installs it");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}
