//! TLS: a guest with both ends, and clients of others; certificates of the guest and of the host.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use super::{granted, program};
use crate::http::free_port;
use crate::support::{Guest, Mode, Program, Running, guest_file};

/// A certificate for `flower.test` with its key, and the certificate alone.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["flower.test".to_owned()]).expect("a certificate");
    let certificate = made.cert.pem();
    (format!("{certificate}{}", made.signing_key.serialize_pem()), certificate)
}

#[test]
fn net_tls() {
    let (identity, roots) = certificate();
    let guest = Guest::named("net_tls").env("IDENTITY", &identity).env("ROOTS", &roots);
    guest.net(granted("/none")).run(Mode::Threads).expect_success();
}

/// A server of the guest's, and a client of it that is not ours.
fn served(args: &[&str]) -> (Running, rustls::StreamOwned<rustls::ClientConnection, TcpStream>) {
    let (identity, roots) = certificate();
    let address = format!("127.0.0.1:{}", free_port());
    let (identity, unused) = (format!("IDENTITY={identity}"), "ROOTS=");
    let args = [&[&*address], args].concat();
    let server = program("net_tls", &["--env", &identity, "--env", unused], &args);
    let mut store = rustls::RootCertStore::empty();
    store.add(CertificateDer::from_pem_slice(roots.as_bytes()).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().expect("there are some");
    let config = config.with_root_certificates(store).with_no_client_auth();
    let name = ServerName::try_from("flower.test").expect("a name");
    let client = rustls::ClientConnection::new(Arc::new(config), name).expect("a client");
    (server, rustls::StreamOwned::new(client, TcpStream::connect(&address).expect("it listens")))
}

#[test]
fn an_ordinary_tls_client_is_served() {
    let (server, mut stream) = served(&[]);
    stream.write_all(b"hello").expect("it is open");
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(&answer, b"HELLO");
    server.signal("TERM");
    server.ended();
}

/// It begins to read when there is no room for the farewell, and is told all the same: without, the end would be an error.
#[test]
fn a_client_that_reads_late_sees_a_clean_end() {
    let (mut server, mut stream) = served(&["fill"]);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).expect("they agree");
    }
    let written: usize = server.line().parse().expect("how much it was");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("a clean end");
    assert_eq!((all.len(), all.iter().all(|byte| *byte == b'm')), (written, true));
    server.signal("TERM");
    server.ended();
}

/// The server with a certificate of the host's, which no actor sees; and the file with whom to trust.
fn tls_server(folder: &Path) -> (Running, String, String) {
    let (identity, certificate) = certificate();
    let key = identity.strip_prefix(&certificate).expect("the key comes second");
    let file = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("the folder is ours");
        path.to_str().expect("plain text").to_owned()
    };
    let (cert, key) = (file("cert.pem", &certificate), file("key.pem", key));
    let address = format!("127.0.0.1:{}", free_port());
    let flags = ["--tls-cert", &cert, "--tls-key", &key, "--env", "IDENTITY=", "--env", "ROOTS="];
    (program("net_tls", &flags, &[&address]), address, cert)
}

#[test]
fn openssl_and_python_meet_a_certificate_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, address, cert) = tls_server(folder.path());
    let script = format!(
        "import socket, ssl\nhost, port = '{address}'.split(':')\n\
         s = ssl.create_default_context(cafile='{cert}').wrap_socket(\n    \
         socket.create_connection((host, port), 20), server_hostname='flower.test')\n\
         for n in range(50):\n    s.sendall(b'abc' * n + b'.')\n    \
         got = b''\n    while len(got) < 3 * n + 1: got += s.recv(999)\n    \
         assert got == b'ABC' * n + b'.', got\nprint(s.version())"
    );
    let ran = Command::new("python3").args(["-c", &script]).output().expect("python is installed");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "TLSv1.3\n", "{}", String::from_utf8_lossy(&ran.stderr));
    let asked = format!(
        "(echo hello; sleep 5) | timeout 4 openssl s_client -tls1_2 -quiet -connect {address} -servername flower.test \
         -CAfile {cert} -verify_return_error 2>&1 | grep -m1 HELLO"
    );
    let ran = Command::new("sh").args(["-c", &asked]).output().expect("openssl is installed");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "HELLO\n");
    server.signal("TERM");
    server.ended();
}

#[test]
fn certificates_that_are_none_are_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cert.pem");
    std::fs::write(&path, "no certificate").expect("the folder is ours");
    let path = path.to_str().expect("plain text");
    let flags = ["--tls-cert", path, "--tls-key", path];
    Program::run(&flags, &guest_file("net_tls"), &[]).expect_refusal(&["TLS: no private key"]);
    Program::run(&["--tls-roots", path], &guest_file("net_tls"), &[])
        .expect_refusal(&["TLS: no certificate"]);
}
