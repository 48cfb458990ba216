//! HTTP on behalf of actors: each request becomes a message, and its reply the response.
//!
//! The host speaks the protocol (hyper, HTTP/1.1); no actor needs a socket. A connection is native code with a
//! [mailbox](crate::Mailbox) of its own, and to actors the sender of its requests. `docs/http.md` has the form of the messages,
//! for languages without an SDK. Where no response comes of a request, the status says why:
//!
//! | status | why |
//! |---|---|
//! | 400 | it is no HTTP, or asks for a WebSocket without a key |
//! | 408 | the body did not come in time |
//! | 413 | the body is longer than allowed |
//! | 426 | it asks for a WebSocket of another version |
//! | 431 | the header is longer than allowed |
//! | 502 | the actor ended before it answered, or answered with something else; the body has the id of the log's line |
//! | 503 | the mailbox is full, or there is no such actor |
//! | 504 | no answer came in time |
//!
//! Where not even the header comes in time, the connection is closed.

mod connection;
mod message;
mod target;
mod websocket;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};

use crate::host::{Host, Spawn};
use crate::limits::{ACCEPT_PAUSE, HTTP_HEAD_PATIENCE, HTTP_STOP_PATIENCE, PEER_PATIENCE};
use crate::shared::{Outstanding, Shared};
use connection::Connection;
use target::Target;

/// Who gets the requests that come in at an address.
#[derive(Clone)]
pub enum HttpTarget {
    /// The actor that is registered under this name at the time.
    Name(String),
    /// The members of this group, one after the other.
    Group(String),
    /// A new actor for each request, which is its first message.
    Spawn(Box<Spawn>),
}

/// How requests are served. [`Host::serve_http`] serves them.
#[derive(Clone)]
pub struct HttpOptions {
    target: HttpTarget,
    timeout: Duration,
    header_timeout: Duration,
    header_bytes_max: usize,
    body_bytes_max: usize,
    connections_max: usize,
}

impl HttpOptions {
    /// For this target, with every default.
    pub fn new(target: HttpTarget) -> HttpOptions {
        HttpOptions {
            target,
            timeout: Duration::from_secs(30),
            header_timeout: HTTP_HEAD_PATIENCE,
            header_bytes_max: 64 << 10,
            body_bytes_max: 1 << 20,
            connections_max: 10_000,
        }
    }

    /// How long an answer may take, and before it the body; 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a client may take for the header of a request, beginning with the answer before it; 30 seconds. Then the
    /// connection is closed.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Bytes of a request's header, 8 KiB at least; 64 KiB.
    pub fn header_bytes_max(mut self, bytes: usize) -> Self {
        self.header_bytes_max = bytes.max(8 << 10);
        self
    }

    /// Bytes of a body, and of a WebSocket message; 1 MiB.
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.body_bytes_max = bytes;
        self
    }

    /// Connections at a time: others wait until one ends; 10,000.
    pub fn connections_max(mut self, connections: usize) -> Self {
        self.connections_max = connections.max(1);
        self
    }
}

/// What serves requests. Dropping it stops that: requests that are under way are answered still.
pub struct HttpServer {
    address: SocketAddr,
    stop: watch::Sender<()>,
}

impl HttpServer {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections, and waits until those there are have ended, for at most ten seconds.
    pub async fn stop(self) {
        self.stop.send_replace(());
        self.stop.closed().await;
    }
}

impl Host {
    /// Serves the HTTP requests that come in at a listener.
    ///
    /// ```no_run
    /// # use flower_host::{Host, HttpOptions, HttpTarget};
    /// # fn serve(host: &Host) -> std::io::Result<()> {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:8080")?;
    /// let server = host.serve_http(listener, HttpOptions::new(HttpTarget::Name("web".into())))?;
    /// println!("http://{}", server.local_addr());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the operating system says of the listener, and `Unsupported` in deterministic mode, where nothing
    /// comes from outside.
    pub fn serve_http(&self, listener: TcpListener, options: HttpOptions) -> io::Result<HttpServer> {
        if self.shared.deterministic {
            let why = "in deterministic mode nothing comes from outside: serve HTTP without it";
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let _entered = self.shared.tokio.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (stop, stopped) = watch::channel(());
        let target = Target::new(options.target.clone());
        let server = Arc::new(Server { shared: self.shared.clone(), options, target });
        // As long as somebody may ask, actors do not wait in vain.
        let pending = Outstanding::new(&self.shared);
        self.shared.tokio.spawn(async move {
            server.serve(listener, stopped).await;
            drop(pending);
        });
        Ok(HttpServer { address, stop })
    }
}

/// What all connections of a server share.
struct Server {
    shared: Arc<Shared>,
    options: HttpOptions,
    target: Target,
}

impl Server {
    async fn serve(self: Arc<Server>, listener: tokio::net::TcpListener, mut stopped: watch::Receiver<()>) {
        let places = Arc::new(Semaphore::new(self.options.connections_max));
        loop {
            let accepted = tokio::select! {
                accepted = accept(&listener, &places) => accepted,
                _ = stopped.changed() => return,
            };
            let (stream, peer, place) = accepted;
            let (server, stopped) = (self.clone(), stopped.clone());
            self.shared.tokio.spawn(async move {
                let served = serve_connection(&server, stream, peer, stopped).await;
                if let Err(error) = served {
                    tracing::debug!(target: "flower", "http: the connection with {peer} failed: {error}");
                }
                drop(place);
            });
        }
    }
}

/// Waits for a place and then for a connection. Where the operating system has no descriptors left it pauses, and
/// the connection waits in the kernel's queue.
async fn accept(
    listener: &tokio::net::TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("nobody closes it");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let keepalive = TcpKeepalive::new().with_time(PEER_PATIENCE);
                // A connection that is gone already says so at its first read.
                let _ = stream.set_nodelay(true);
                let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
                return (stream, peer, place);
            }
            Err(error) => {
                tracing::warn!(target: "flower", "http: no connection can be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves the requests of a connection, and no further one when the server has stopped.
async fn serve_connection(
    server: &Arc<Server>,
    stream: TcpStream,
    peer: SocketAddr,
    mut stopped: watch::Receiver<()>,
) -> hyper::Result<()> {
    let connection = Connection::new(server.clone(), peer);
    let service = hyper::service::service_fn(move |request| {
        let connection = connection.clone();
        async move { Ok::<_, std::convert::Infallible>(connection.respond(request).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(server.options.header_timeout);
    builder.max_buf_size(server.options.header_bytes_max).half_close(true);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    tokio::select! {
        done = served.as_mut() => return done,
        _ = stopped.changed() => served.as_mut().graceful_shutdown(),
    }
    tokio::time::timeout(HTTP_STOP_PATIENCE, served).await.unwrap_or(Ok(()))
}
