//! What the host has for TLS of its actors, as flags of `run`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::HostBuilder;

/// Certificates for actors that bring none of their own.
#[derive(Args)]
pub(super) struct TlsFlags {
    /// Certificates that TLS servers among the actors show, in PEM, the server's own first; an actor may bring others
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the first of them, in PEM; no actor sees it
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Certificates that TLS clients among the actors trust, in PEM [default: the usual authorities]
    #[arg(long, value_name = "FILE")]
    tls_roots: Option<PathBuf>,
}

impl TlsFlags {
    /// Reads the files; whether they are of use is found out now, and not at the first connection.
    pub(super) fn set_up(&self, mut builder: HostBuilder) -> anyhow::Result<HostBuilder> {
        if let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) {
            let mut pem = read("--tls-cert", cert)?;
            pem.push(b'\n');
            pem.extend(read("--tls-key", key)?);
            builder = builder.tls_identity(pem);
        }
        if let Some(roots) = &self.tls_roots {
            builder = builder.tls_roots(read("--tls-roots", roots)?);
        }
        Ok(builder)
    }
}

fn read(flag: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{flag} {}", path.display()))
}
