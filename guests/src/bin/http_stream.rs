//! HTTP over a socket of its own: a server with an actor for each connection, and its client. With an argument it only
//! serves, at that address; with another, no request may take longer than so many milliseconds.

use std::io::Write;
use std::time::Duration;

use flower::http::{Answer, Client, Limits, Request, Response, WireError, serve_stream};
use flower::net::{TcpListener, TcpStream};
use flower::spawn;

fn respond<S: Write>(request: Request, answer: Answer<'_, S>) -> std::io::Result<()> {
    match request.path() {
        "/numbers" => {
            answer.stream(&Response::new(200), |body| (0..1000).try_for_each(|n| writeln!(body, "{n}")))
        }
        "/gone" => answer.send(&Response::new(404).with_header("X-Why", "it was never there")),
        _ => {
            let body = String::from_utf8_lossy(&request.body.0).into_owned();
            answer.send(&Response::text(format!("{} {} {body}\n", request.method, request.target)))
        }
    }
}

fn connection((stream, patience_ms): (TcpStream, Option<u64>)) {
    let peer = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    let mut limits = Limits { body_bytes_max: 100_000, ..Limits::default() };
    if let Some(patience) = patience_ms.map(Duration::from_millis) {
        stream.set_read_timeout(Some(patience));
        limits.time_max = Some(patience);
    }
    // How it ends is the client's business.
    let _ended = serve_stream(stream, &peer, &limits, respond);
}

fn server((listener, patience_ms): (TcpListener, Option<u64>)) -> ! {
    loop {
        spawn(connection, (listener.accept().expect("it listens"), patience_ms));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"))?;
    let served = listener.local_addr()?.to_string();
    if address.is_some() {
        println!("ready");
        server((listener, std::env::args().nth(2).map(|ms| ms.parse()).transpose()?));
    }
    spawn(server, (listener, None));

    let mut client = Client::connect(&served)?;
    for n in 0..100 {
        let response = client.request("PUT", &format!("/{n}"), &[("x", "y")], &vec![b'b'; n])?;
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, Some("text/plain; charset=utf-8"))
        );
        assert_eq!(response.body.0, format!("PUT /{n} {}\n", "b".repeat(n)).into_bytes());
    }
    assert!(client.is_open(), "the connection is kept");
    let numbers: String = (0..1000).map(|n| format!("{n}\n")).collect();
    assert_eq!(client.get("/numbers")?.body.0, numbers.into_bytes());
    assert_eq!(client.get("/gone")?.header("x-why"), Some("it was never there"));
    assert_eq!(client.request("HEAD", "/numbers", &[], &[])?.body.0, b"");
    assert!(matches!(client.get("/with space"), Err(WireError::Malformed(_))));
    assert_eq!(client.request("POST", "/", &[], &vec![0; 100_001])?.status, 413);
    assert!(!client.is_open(), "the server has closed it");

    let mut bounded = Client::connect(&served)?.limits(Limits { body_bytes_max: 100, ..Limits::default() });
    assert!(matches!(bounded.get("/numbers"), Err(WireError::BodyTooLong)));
    Ok(())
}
