//! What TLS needs to know.

/// What a side of an encrypted connection needs to know.
#[derive(Clone, Debug)]
pub enum Tls<'a> {
    /// A client: the name that the server's certificate must be for, and in PEM the certificates that it trusts (those of
    /// the host when there are none).
    Client {
        /// The server's name.
        name: &'a str,
        /// Whom it trusts.
        roots: &'a [u8],
    },
    /// A server: its certificates and key in PEM (those of the host when there are none).
    Server {
        /// What it shows.
        identity: &'a [u8],
    },
}

impl Tls<'_> {
    /// The role, the server's name, and what it brings.
    pub(super) fn to_wire(&self) -> (u32, &str, &[u8]) {
        match self {
            Tls::Client { name, roots } => (0, name, roots),
            Tls::Server { identity } => (1, "", identity),
        }
    }
}
