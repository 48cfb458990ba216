//! Answers HTTP requests in every way that there is: at once, later, by another, never, wrongly; and talks by WebSocket.

use std::sync::atomic::{AtomicU32, Ordering};

use flower::http::{self, Frame, Request, Response};
use flower::{Binary, Bytes, Pid, Reply, register, self_pid, send, spawn};

/// What it was asked, as text.
fn shown(request: &Request) -> String {
    let headers: Vec<_> = request.headers.iter().filter(|(name, _)| name.starts_with("x-")).collect();
    let headers: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(&value.0))).collect();
    let body = String::from_utf8_lossy(&request.body.0).into_owned();
    format!("{} {} [{}] {body}\n", request.method, request.target, headers.join(", "))
}

/// Answers for somebody else.
fn deputy(reply: Reply) {
    http::answer(reply, Response::text("from the deputy\n")).expect("somebody waits");
}

/// Says back what comes by a WebSocket, until it is told to say goodbye.
fn talk(socket: Pid, frame: Frame) {
    let answer = match frame {
        Frame::Text(text) if text == "bye" => Frame::Close(1000, "goodbye".to_owned()),
        Frame::Text(text) => Frame::Text(format!("you said {text}")),
        Frame::Binary(Bytes(bytes)) => Frame::Binary(Bytes(bytes.into_iter().rev().collect())),
        Frame::Close(code, _) => return println!("closed with {code}"),
    };
    send(socket, &Binary(answer)).expect("it has not gone");
}

fn respond(request: Request, reply: Reply, kept: &mut Vec<Reply>) {
    let response = match request.path() {
        "/panic" => panic!("the secret of this page"),
        "/silent" => return kept.push(reply),
        "/wrong" => return reply.send(&5_u32).expect("somebody waits"),
        "/later" => {
            spawn(deputy, reply);
            return;
        }
        "/chat" if request.wants_web_socket() => Response::web_socket(),
        "/json" => Response::json(&[1, 2, 3]).expect("numbers can be written"),
        "/large" => Response::text("x".repeat(300_000)),
        "/gone" => Response::new(404).with_header("X-Why", "it was never there"),
        _ => Response::text(shown(&request)),
    };
    http::answer(reply, response).expect("somebody waits");
}

/// Answers the one request for which it was spawned: how many such it has had, or by its end.
#[flower::entry]
fn page() {
    static HAD: AtomicU32 = AtomicU32::new(0);
    let (request, reply) = flower::receive_request::<Request>().expect("a request");
    let had = HAD.fetch_add(1, Ordering::Relaxed) + 1;
    match request.path() {
        "/panic" => panic!("the secret of this page"),
        "/end" => {}
        _ => http::answer(reply, Response::text(format!("request {had}\n"))).expect("somebody waits"),
    }
}

fn main() {
    register("web", self_pid()).expect("the name is free");
    println!("ready");
    let mut kept = Vec::new();
    loop {
        let message: flower::Envelope = flower::receive().expect("any message will do");
        if message.is::<Frame>() {
            talk(message.sender(), message.decode().expect("a frame"));
            continue;
        }
        let reply = message.reply().expect("what is no frame is a request");
        respond(message.decode().expect("a request"), reply, &mut kept);
    }
}
