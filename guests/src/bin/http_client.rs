//! Asks a server for one page after the other, over one connection, and prints what it is told. Its arguments are `http` or
//! `https`, the server's name and port, and the pages.

use flower::http::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [scheme, address, targets @ ..] = &args[..] else { panic!("too few arguments") };
    let connect = if scheme == "https" { Client::connect_tls } else { Client::connect };
    let mut client = connect(address)?;
    for target in targets {
        assert!(client.is_open(), "the server keeps the connection");
        let response = client.get(target)?;
        println!("{} {}", response.status, String::from_utf8_lossy(&response.body.0));
    }
    Ok(())
}
