//! TLS: a server with a certificate of its own, and clients that trust it or not. With an argument it only serves, at that
//! address, whoever comes; with a second one it says more than there is room for, and farewell.

use std::io::{Read, Write};
use std::net::Shutdown;

use flower::net::{NetErrorKind, TcpListener, TcpStream, Tls};
use flower::{JoinHandle, select, spawn_join};

type Served = JoinHandle<Result<(), String>>;

fn variable(name: &str) -> String {
    std::env::var(name).expect("the test sets it")
}

/// Says back what comes, in capitals.
fn serve((stream, identity): (TcpStream, String)) -> Result<(), String> {
    let tls = Tls::Server { identity: identity.as_bytes() };
    let mut stream = stream.into_tls(&tls).map_err(|error| error.to_string())?;
    let mut buffer = [0; 1000];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => {
                buffer[..len].make_ascii_uppercase();
                stream.write_all(&buffer[..len]).map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Writes more than the kernel takes, and ends.
fn write_much((stream, identity): (TcpStream, String)) -> Result<(), String> {
    let tls = Tls::Server { identity: identity.as_bytes() };
    let mut stream = stream.into_tls(&tls).map_err(|error| error.to_string())?;
    stream.write_all(&vec![b'm'; MUCH]).map_err(|error| error.to_string())
}

/// The same in a task, and awaits an answer before it ends.
fn ask_much((stream, identity): (TcpStream, String)) -> Result<(), String> {
    flower::task::block_on(async move {
        let tls = Tls::Server { identity: identity.as_bytes() };
        let stream = stream.into_tls_async(&tls).await.map_err(|error| error.to_string())?;
        stream.write_all_async(&vec![b'm'; MUCH]).await.map_err(|error| error.to_string())?;
        let answered = stream.read_async(&mut [0; 1]).await.map_err(|error| error.to_string())?;
        if answered == 1 { Ok(()) } else { Err("no answer".to_owned()) }
    })
}

/// Writes until there is no room, says how much that was, and then farewell.
fn fill((stream, identity): (TcpStream, String)) -> Result<(), String> {
    let tls = Tls::Server { identity: identity.as_bytes() };
    let stream = stream.into_tls(&tls).map_err(|error| error.to_string())?;
    let mut written = 0;
    while let Ok(more) = stream.try_write(&[b'm'; 65_536]) {
        written += more;
    }
    println!("{written}");
    stream.shutdown(Shutdown::Write).map_err(|error| error.to_string())
}

const MUCH: usize = 8_000_000;

fn in_full_to_a_late_reader(identity: &str, roots: &str) {
    for asks in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
        let address = listener.local_addr().expect("it has one").to_string();
        let client = TcpStream::connect(&address).expect("it listens");
        let args = (listener.accept().expect("it has come"), identity.to_owned());
        let server = if asks { spawn_join(ask_much, args) } else { spawn_join(write_much, args) };
        let trusting = Tls::Client { name: "flower.test", roots: roots.as_bytes() };
        let mut client = client.into_tls(&trusting).expect("the certificate is trusted");
        flower::sleep(flower_guests::ms(20));
        let mut all = vec![0; MUCH];
        client.read_exact(&mut all).expect("all of it comes");
        assert!(all.iter().all(|byte| *byte == b'm'));
        // Who is not asked has gone.
        let _ = client.write_all(b"!");
        assert_eq!(server.join(), Ok(Ok(())));
    }
}

/// One that does not answer is given up; one that does is served.
fn agreeing_is_an_arm(trusting: &Tls<'_>, (client, server): (TcpStream, Served)) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let address = listener.local_addr().expect("it has one").to_string();
    let to_nobody = TcpStream::connect(&address).expect("it listens");
    let timed_out =
        select! { _ = to_nobody.into_tls(trusting) => false, after(flower_guests::ms(2)) => true };
    assert!(timed_out, "nobody answers");
    let mut client = select! {
        agreed = client.into_tls(trusting) => agreed.expect("the certificate is trusted"),
        _ = receive::<String>() => panic!("nobody writes"),
    };
    client.write_all(b"y").expect("it is open");
    let mut answer = [0];
    client.read_exact(&mut answer).expect("it is answered");
    assert_eq!(&answer, b"Y");
    drop(client);
    assert_eq!(server.join(), Ok(Ok(())));
}

fn main() {
    let (identity, roots) = (variable("IDENTITY"), variable("ROOTS"));
    if let Some(address) = std::env::args().nth(1) {
        let listener = TcpListener::bind(&address).expect("it is granted");
        println!("ready");
        let fills = std::env::args().nth(2).is_some();
        loop {
            let args = (listener.accept().expect("somebody comes"), identity.clone());
            if fills {
                flower::spawn(|args| _ = fill(args), args)
            } else {
                flower::spawn(|args| _ = serve(args), args)
            };
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let address = listener.local_addr().expect("it has one").to_string();
    let connect = || {
        let client = TcpStream::connect(&address).expect("it listens");
        let server = listener.accept().expect("it has come");
        (client, spawn_join(serve, (server, identity.clone())))
    };

    let (client, server) = connect();
    let trusting = Tls::Client { name: "flower.test", roots: roots.as_bytes() };
    let mut client = client.into_tls(&trusting).expect("the certificate is trusted");
    let sent: Vec<u8> = (0..200_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
    let mut came = vec![0; 1000];
    for part in sent.chunks(1000) {
        client.write_all(part).expect("it is open");
        client.read_exact(&mut came[..part.len()]).expect("it is answered");
        assert!(came.iter().eq(part.to_ascii_uppercase().iter()));
    }
    client.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(client.read(&mut came).expect("it ends"), 0);
    drop(client);
    assert_eq!(server.join(), Ok(Ok(())));

    in_full_to_a_late_reader(&identity, &roots);

    for (name, roots) in [("other.test", &roots[..]), ("flower.test", "")] {
        let (client, server) = connect();
        let error =
            client.into_tls(&Tls::Client { name, roots: roots.as_bytes() }).expect_err("it is not trusted");
        assert_eq!(error.kind, NetErrorKind::Tls, "{error}");
        assert!(error.text.contains("invalid peer certificate"), "{error}");
        let served = server.join().expect("it ends");
        assert!(served.expect_err("the client goes").starts_with("Tls"));
    }

    let (client, server) = connect();
    let agreed = flower::task::block_on(client.into_tls_async(&trusting));
    let mut client = agreed.expect("the certificate is trusted");
    client.write_all(b"x").expect("it is open");
    client.read_exact(&mut came[..1]).expect("it is answered");
    drop(client);
    assert_eq!(server.join(), Ok(Ok(())));

    agreeing_is_an_arm(&trusting, connect());

    let (mut client, server) = connect();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("it is open");
    assert!(server.join().expect("it ends").expect_err("that is no TLS").starts_with("Tls"));
}
