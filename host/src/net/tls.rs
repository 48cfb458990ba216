//! TLS over a stream: the protocol is rustls's, the bytes are the socket's.

use std::io::{self, Read, Write};
use std::sync::{Arc, OnceLock};

use flower_abi::Status;
use rustix::net::RecvFlags;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection};

use super::Kind;
use super::error::{NetError, NetResult};
use super::socket::Socket;

/// What the host has for guests that bring nothing of their own.
#[derive(Default)]
pub(crate) struct TlsConfigs {
    /// Whom clients trust; `None` for the usual authorities.
    pub(crate) roots: Option<Vec<u8>>,
    /// What servers show: certificates and a key, in PEM.
    pub(crate) identity: Option<Vec<u8>>,
    /// What is made of them when the first connection needs it.
    client: OnceLock<Arc<ClientConfig>>,
    server: OnceLock<Arc<ServerConfig>>,
}

impl TlsConfigs {
    /// Says what is wrong with what the host was given.
    pub(crate) fn check(&self) -> Result<(), String> {
        let server = self.identity.as_ref().map(|_| self.server().map(drop));
        let client = self.roots.as_ref().map(|_| self.client().map(drop));
        server.into_iter().chain(client).collect::<NetResult<()>>().map_err(|error| error.text)
    }

    fn client(&self) -> NetResult<Arc<ClientConfig>> {
        match self.client.get() {
            Some(config) => Ok(config.clone()),
            None => {
                let config = client_config(self.roots.as_deref())?;
                Ok(self.client.get_or_init(|| config).clone())
            }
        }
    }

    fn server(&self) -> NetResult<Arc<ServerConfig>> {
        let identity = self.identity.as_deref().ok_or_else(|| {
            wrong("a server needs a certificate and a key: neither it nor the host has any".into())
        })?;
        match self.server.get() {
            Some(config) => Ok(config.clone()),
            None => {
                let config = server_config(identity)?;
                Ok(self.server.get_or_init(|| config).clone())
            }
        }
    }
}

/// Which side of a connection it is.
pub(crate) enum TlsRole<'a> {
    /// A client of a server of this name.
    Client(&'a str),
    Server,
}

/// The state of an encrypted stream.
pub(super) struct Tls(Connection);

impl Socket {
    /// Encrypts the stream from now on, or goes on with that. `pem` is what the guest brings: whom it trusts, or what it shows.
    pub(crate) fn start_tls(&self, configs: &TlsConfigs, role: &TlsRole<'_>, pem: &[u8]) -> NetResult<()> {
        let is_stream = matches!(self.kind, Kind::Tcp | Kind::Unix);
        let mut tls = self.tls.lock();
        match &*tls {
            // Who was told that the time is over goes on with it.
            Some(begun) if begun.is_handshaking() => return Ok(()),
            None if is_stream => {}
            _ => return Err(NetError::INVALID),
        }
        let connection = match role {
            TlsRole::Client(name) => client(configs, name, pem),
            TlsRole::Server => server(configs, pem),
        };
        *tls = Some(Box::new(Tls(connection?)));
        Ok(())
    }

    /// Hands to the socket what TLS keeps because there was no room for it.
    pub(crate) fn try_flush(&self) -> NetResult<()> {
        match &mut *self.tls.lock() {
            Some(tls) => tls.flush(self),
            None => Ok(()),
        }
    }

    /// Whether there is something of that.
    pub(crate) fn keeps_bytes(&self) -> bool {
        self.tls.lock().as_ref().is_some_and(|tls| tls.must_write_first())
    }

    /// Goes on with the handshake, as far as it can.
    pub(crate) fn try_handshake(&self) -> NetResult<()> {
        match &mut *self.tls.lock() {
            Some(tls) => tls.handshake(self),
            None => Err(NetError::INVALID),
        }
    }
}

fn client(configs: &TlsConfigs, name: &str, pem: &[u8]) -> NetResult<Connection> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| wrong(format!("{name:?} is no name of a server")))?;
    let config = if pem.is_empty() { configs.client() } else { client_config(Some(pem)) };
    let connection = ClientConnection::new(config?, name);
    connection.map(Connection::Client).map_err(|error| wrong(error.to_string()))
}

fn client_config(pem: Option<&[u8]>) -> NetResult<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    match pem {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in certificates(pem)? {
                roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
            }
        }
    }
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong(error.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn server(configs: &TlsConfigs, pem: &[u8]) -> NetResult<Connection> {
    let config = if pem.is_empty() { configs.server() } else { server_config(pem) };
    let connection = ServerConnection::new(config?);
    connection.map(Connection::Server).map_err(|error| wrong(error.to_string()))
}

fn server_config(pem: &[u8]) -> NetResult<Arc<ServerConfig>> {
    let key =
        PrivateKeyDer::from_pem_slice(pem).map_err(|error| wrong(format!("no private key: {error}")))?;
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong(error.to_string()))?.with_no_client_auth();
    let config = config.with_single_cert(certificates(pem)?, key);
    config.map(Arc::new).map_err(|error| wrong(error.to_string()))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certificates(pem: &[u8]) -> NetResult<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|error| wrong(format!("no certificate: {error}")))?;
    if all.is_empty() { Err(wrong("no certificate in PEM was given".into())) } else { Ok(all) }
}

fn wrong(text: String) -> NetError {
    NetError::new(Status::TLS, text)
}

impl Tls {
    fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// Whether the socket has to take something before anything can be read.
    pub(super) fn must_write_first(&self) -> bool {
        self.0.wants_write()
    }

    fn handshake(&mut self, socket: &Socket) -> NetResult<()> {
        while self.0.is_handshaking() {
            self.flush(socket)?;
            if self.0.is_handshaking() {
                self.fill(socket)?;
            }
        }
        self.flush(socket)
    }

    /// Reads plain bytes; 0 when the peer has said goodbye.
    pub(super) fn read(&mut self, socket: &Socket, buffer: &mut [u8]) -> NetResult<usize> {
        loop {
            match self.0.reader().read(buffer) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(wrong(error.to_string())),
            }
            self.flush(socket)?;
            self.fill(socket)?;
        }
    }

    /// Encrypts as much as there is room for, and sends what the socket takes.
    pub(super) fn write(&mut self, socket: &Socket, bytes: &[u8]) -> NetResult<usize> {
        self.flush(socket)?;
        let written = self.0.writer().write(bytes)?;
        match self.flush(socket) {
            Err(error) if error != NetError::WOULD_PARK => Err(error),
            _ => Ok(written),
        }
    }

    /// Tells the peer that nothing more comes; `WOULD_PARK` as long as the socket has no room for that.
    pub(super) fn say_goodbye(&mut self, socket: &Socket) -> NetResult<()> {
        self.0.send_close_notify();
        self.flush(socket)
    }

    fn flush(&mut self, socket: &Socket) -> NetResult<()> {
        while self.0.wants_write() {
            self.0.write_tls(&mut Wire(socket))?;
        }
        Ok(())
    }

    fn fill(&mut self, socket: &Socket) -> NetResult<()> {
        let read = self.0.read_tls(&mut Wire(socket))?;
        let processed = self.0.process_new_packets();
        if let Err(error) = processed {
            // The peer is told why, if the socket takes it.
            let _ = self.flush(socket);
            return Err(wrong(error.to_string()));
        }
        if read == 0 && self.0.is_handshaking() {
            return Err(wrong("the peer ended in the middle of the handshake".into()));
        }
        Ok(())
    }
}

/// The socket as rustls wants it.
struct Wire<'a>(&'a Socket);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.receive(buffer, RecvFlags::empty()).map_err(into_io)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.transmit(bytes).map_err(into_io)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn into_io(error: NetError) -> io::Error {
    let kind = match error.status {
        Status::WOULD_PARK => io::ErrorKind::WouldBlock,
        Status::CONNECTION_RESET => io::ErrorKind::ConnectionReset,
        Status::BROKEN_PIPE => io::ErrorKind::BrokenPipe,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.text)
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}
