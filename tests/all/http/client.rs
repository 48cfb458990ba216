//! The client of guests, with an ordinary server: Python's.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Program, Watchdog, guest_file};

/// Serves pages until it is killed; its first line is its port. With a folder it speaks TLS.
const SERVER: &str = "
import http.server, ssl, sys
class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        body = b'you asked for ' + self.path.encode()
        self.send_response(404 if self.path == '/gone' else 200)
        if self.path == '/chunks':
            self.send_header('transfer-encoding', 'chunked')
            self.end_headers()
            self.wfile.write(b''.join(b'%x\\r\\n%b\\r\\n' % (len(part), part) for part in (body, b' in two')) + b'0\\r\\n\\r\\n')
        else:
            self.send_header('content-length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Pages)
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1] + '/cert.pem', sys.argv[1] + '/key.pem')
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
";

/// A server that ends with the test.
struct Server {
    child: Child,
    address: String,
    _watchdog: Watchdog,
}

impl Server {
    fn start(folder: Option<&Path>) -> Server {
        let watchdog = Watchdog::start();
        let mut command = Command::new("python3");
        command.args(["-c", SERVER]).args(folder).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 is installed: `cargo xtask setup` installs it");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it prints text");
        Server { child, address: format!("localhost:{}", line.trim_end()), _watchdog: watchdog }
    }

    /// The client, which may reach this server and no other, and its pages.
    fn client(&self, flags: &[&str], scheme: &str, pages: &[&str]) -> crate::support::Ran {
        let rule = format!("connect:{}", self.address);
        let flags = [&["--allow-net", &rule], flags].concat();
        Program::run(&flags, &guest_file("http_client"), &[&[scheme, &self.address], pages].concat())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PAGES: [&str; 4] = ["/1", "/chunks", "/gone", "/2"];
const TOLD: &str =
    "200 you asked for /1\n200 you asked for /chunks in two\n404 you asked for /gone\n200 you asked for /2\n";

#[test]
fn a_guest_asks_an_ordinary_server() {
    let server = Server::start(None);
    assert_eq!(server.client(&[], "http", &PAGES).expect_code(0).stdout, TOLD);
}

#[test]
fn a_guest_asks_an_ordinary_server_with_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let cert = folder.path().join("cert.pem");
    std::fs::write(&cert, made.cert.pem()).expect("the folder is ours");
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem())
        .expect("the folder is ours");
    let server = Server::start(Some(folder.path()));
    let roots = ["--tls-roots", cert.to_str().expect("plain text")];
    assert_eq!(server.client(&roots, "https", &PAGES).expect_code(0).stdout, TOLD);
    let untrusted = server.client(&[], "https", &PAGES).expect_code(1);
    assert_eq!(untrusted.stdout, "");
    untrusted.expect_in_stderr(&["certificate"]);
}
