//! Connections: what an idle one takes, and how HTTP for an actor compares with a bare server.
//!
//! The clients are a process of their own, which is this program again.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flower_host::{
    Capture, Host, HttpOptions, HttpTarget, NetRule, Null, Policy, Source, Spawn, Stream, Strings,
};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::load::now;
use crate::size::resident_kib;
use crate::{Failure, count, run};

/// Connections. What a fifth of them takes is subtracted, and with it the host's own part.
const CROWD: u32 = 10_000;

/// Connections of the load, and how many requests all of them send.
const CONNECTIONS: u32 = 50;
const REQUESTS: u32 = 100_000;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: flower\r\n\r\n";
const BODY: &[u8] = b"hello\n";

/// What this program does as a client of itself.
pub(crate) fn be_client(what: &str, address: &str, count: &str) -> Result<(), Failure> {
    match what {
        "hold" => hold(address, count.parse()?),
        "load" => load(address, count.parse()?),
        _ => Err(format!("there are no clients {what:?}").into()),
    }
}

/// KiB for each idle connection of the example `echo_tcp`, which has an actor for each.
pub(crate) fn idle(guests: &Path) -> Result<f64, Failure> {
    allow_descriptors()?;
    let most = count(CROWD);
    let crowds = [most.div_ceil(5), most];
    run(async {
        let few = with_connections(guests, crowds[0]).await?;
        let many = with_connections(guests, crowds[1]).await?;
        Ok((many - few) / f64::from(crowds[1] - crowds[0]))
    })
}

/// KiB of the server while so many connections are open, over each of which something went.
async fn with_connections(guests: &Path, count: u32) -> Result<f64, Failure> {
    let output = Arc::new(Capture::new(1 << 20));
    let host = Host::builder().output(output.clone()).build()?;
    let module = host.load("echo_tcp", &Source::from_file(&guests.join("echo_tcp.wasm"))?)?;
    let policy = Policy::default().net("127.0.0.1:*".parse::<NetRule>()?);
    let policy = policy.args(Strings::args(["echo_tcp", "127.0.0.1:0"])?);
    let server = host.spawn(Spawn::program(&module).policy(policy))?;
    let address = loop {
        let printed = output.text(Stream::Stdout);
        match printed.trim_end().strip_prefix("listening at ") {
            Some(address) => break address.to_owned(),
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let (mut client, _) = client("hold", &address, count)?;
    let kib = resident_kib()?;
    drop(client.stdin.take());
    client.wait()?;
    drop((server, host));
    Ok(kib)
}

/// How many times as many requests a second as a bare hyper server a handler answers through the host.
pub(crate) fn http_hello(guests: &Path) -> Result<f64, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    listener.set_nonblocking(true)?;
    let bare = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    bare.spawn(serve_bare(listener));
    let rate_of_bare = rate(&address)?;
    bare.shutdown_background();

    // As the program `flower-host` does it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let entered = runtime.enter();
    let host = Host::builder().output(Arc::new(Null)).build()?;
    let module = host.load("http_hello", &Source::from_file(&guests.join("http_hello.wasm"))?)?;
    let main = host.spawn(Spawn::program(&module))?;
    let options = HttpOptions::new(HttpTarget::Name("web".into()));
    let server = host.serve_http(TcpListener::bind("127.0.0.1:0")?, options)?;
    let rate_of_actor = rate(&server.local_addr().to_string())?;
    drop(entered);
    drop((server, main, host));
    Ok(rate_of_actor / rate_of_bare)
}

async fn serve_bare(listener: TcpListener) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let hello = service_fn(|_| async {
            let response = hyper::Response::builder().header("content-type", "text/plain; charset=utf-8");
            Ok::<_, Infallible>(response.body(Full::new(Bytes::from_static(BODY))).expect("it is one"))
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), hello),
        );
    }
}

/// Requests a second, once the server is warm.
fn rate(address: &str) -> Result<f64, Failure> {
    let requests = count(REQUESTS);
    client("load", address, requests.div_ceil(10))?.0.wait()?;
    let (mut client, printed) = client("load", address, requests)?;
    client.wait()?;
    Ok(printed.parse()?)
}

/// Starts a client, and waits for its line.
fn client(what: &str, address: &str, count: u32) -> Result<(Child, String), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([what, address, &count.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line)?;
    match line.is_empty() {
        true => Err(format!("the clients failed: {}", child.wait()?).into()),
        false => Ok((child, line.trim_end().to_owned())),
    }
}

/// Holds connections until its stdin ends.
fn hold(address: &str, count: u32) -> Result<(), Failure> {
    allow_descriptors()?;
    let mut held = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"x")?;
        stream.read_exact(&mut [0])?;
        held.push(stream);
    }
    println!("held");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Sends so many requests over the connections, and prints how many were answered a second.
fn load(address: &str, count: u32) -> Result<(), Failure> {
    let each = count.div_ceil(CONNECTIONS);
    let streams: Vec<TcpStream> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(address)).collect::<Result<_, _>>()?;
    let start = now();
    let clients: Vec<_> =
        streams.into_iter().map(|stream| thread::spawn(move || ask(stream, each))).collect();
    for client in clients {
        client.join().map_err(|_| "a client panicked")??;
    }
    println!("{}", f64::from(each * CONNECTIONS) / start.elapsed().as_secs_f64());
    Ok(())
}

/// One request after the other.
fn ask(mut stream: TcpStream, count: u32) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    for _ in 0..count {
        stream.write_all(REQUEST)?;
        let mut len = 0;
        while !buffer[..len].ends_with(BODY) {
            match stream.read(&mut buffer[len..])? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                more => len += more,
            }
        }
        if !buffer.starts_with(b"HTTP/1.1 200 ") {
            return Err(std::io::Error::other(String::from_utf8_lossy(&buffer[..len]).into_owned()));
        }
    }
    Ok(())
}

/// As many descriptors as the system lets this process have.
fn allow_descriptors() -> Result<(), Failure> {
    let most = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?)
}
