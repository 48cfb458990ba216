//! `run --http`: actors that answer the requests of an address.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::values::Size;
use crate::{Host, HttpOptions, HttpServer, HttpTarget, Module, Spawn};

/// The flags that have to do with HTTP.
#[derive(Args)]
pub(super) struct HttpFlags {
    /// Send the requests that come to an address to the actor registered as NAME (repeatable). In its place:
    /// group:NAME for the members of a group in turn, spawn:ENTRY for a new actor of the program for each request
    #[arg(long = "http", value_name = "ADDR=NAME", conflicts_with = "deterministic")]
    servers: Vec<HttpFlag>,
    /// How long an answer may take before the client is told 504, in milliseconds [default: 30000]
    #[arg(long, value_name = "MS")]
    http_timeout_ms: Option<u64>,
    /// How long a client may take for a request's header, and be idle before it, in milliseconds [default: 30000]
    #[arg(long, value_name = "MS")]
    http_header_timeout_ms: Option<u64>,
    /// Bytes of a request's header [default: 64K]
    #[arg(long, value_name = "SIZE")]
    http_header_max: Option<Size>,
    /// Bytes of a request's body, and of a WebSocket message [default: 1M]
    #[arg(long, value_name = "SIZE")]
    http_body_max: Option<Size>,
    /// HTTP connections at a time [default: 10000]
    #[arg(long, value_name = "N")]
    http_connections_max: Option<usize>,
}

/// `ADDR=NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HttpFlag {
    address: String,
    target: TargetFlag,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TargetFlag {
    Name(String),
    Group(String),
    Spawn(String),
}

impl FromStr for HttpFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<HttpFlag, String> {
        let wrong = || format!("{text:?} is not ADDR=NAME, as in 127.0.0.1:8080=web");
        let (address, name) = text.split_once('=').ok_or_else(wrong)?;
        let target = match name.split_once(':') {
            Some(("group", name)) => TargetFlag::Group(name.to_owned()),
            Some(("spawn", entry)) => TargetFlag::Spawn(entry.to_owned()),
            _ => TargetFlag::Name(name.to_owned()),
        };
        let (TargetFlag::Name(inner) | TargetFlag::Group(inner) | TargetFlag::Spawn(inner)) = &target;
        if inner.is_empty() || !address.contains(':') {
            return Err(wrong());
        }
        Ok(HttpFlag { address: address.to_owned(), target })
    }
}

impl HttpFlags {
    /// Listens, before the program runs, and says where.
    pub(super) fn serve(&self, host: &Host, program: &Module) -> anyhow::Result<Vec<HttpServer>> {
        self.servers.iter().map(|server| self.serve_one(server, host, program)).collect()
    }

    fn serve_one(&self, flag: &HttpFlag, host: &Host, program: &Module) -> anyhow::Result<HttpServer> {
        let about = || format!("--http {}", flag.address);
        let addresses: Vec<SocketAddr> = flag.address.to_socket_addrs().with_context(about)?.collect();
        let listener = TcpListener::bind(&*addresses).with_context(about)?;
        let server = host.serve_http(listener, self.options(&flag.target, program)).with_context(about)?;
        tracing::info!("http://{} is served", server.local_addr());
        Ok(server)
    }

    fn options(&self, target: &TargetFlag, program: &Module) -> HttpOptions {
        let target = match target {
            TargetFlag::Name(name) => HttpTarget::Name(name.clone()),
            TargetFlag::Group(name) => HttpTarget::Group(name.clone()),
            TargetFlag::Spawn(entry) => HttpTarget::Spawn(Box::new(Spawn::entry(program, entry))),
        };
        let mut options = HttpOptions::new(target);
        if let Some(ms) = self.http_timeout_ms {
            options = options.timeout(Duration::from_millis(ms));
        }
        if let Some(ms) = self.http_header_timeout_ms {
            options = options.header_timeout(Duration::from_millis(ms));
        }
        if let Some(Size(bytes)) = self.http_header_max {
            options = options.header_bytes_max(bytes as usize);
        }
        if let Some(Size(bytes)) = self.http_body_max {
            options = options.body_bytes_max(bytes as usize);
        }
        if let Some(connections) = self.http_connections_max {
            options = options.connections_max(connections);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_who_answers() {
        let parsed = |text: &str| text.parse::<HttpFlag>();
        let flag = |address: &str, target| Ok(HttpFlag { address: address.to_owned(), target });
        assert_eq!(parsed("[::1]:80=web"), flag("[::1]:80", TargetFlag::Name("web".into())));
        assert_eq!(parsed("localhost:80=group:web"), flag("localhost:80", TargetFlag::Group("web".into())));
        assert_eq!(parsed("0.0.0.0:80=spawn:page"), flag("0.0.0.0:80", TargetFlag::Spawn("page".into())));
        for wrong in ["", "80=web", "127.0.0.1:80", "127.0.0.1:80=", "127.0.0.1:80=spawn:"] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
