//! Sockets in tasks: one actor serves many connections, and is the client of all of them, without waiting for any.

use flower::net::{TcpListener, TcpStream};
use flower::task;
use flower_guests::ms;

async fn serve(stream: TcpStream) {
    let mut buffer = [0; 100];
    while let Ok(len @ 1..) = stream.read_async(&mut buffer).await {
        stream.write_all_async(&buffer[..len]).await.expect("the client reads");
    }
}

async fn ask(stream: TcpStream, n: u8) -> usize {
    let mut came = 0;
    for len in 1..50 {
        stream.write_all_async(&vec![n; len]).await.expect("the server reads");
        let (mut buffer, mut missing) = ([0; 100], len);
        while missing > 0 {
            let read = stream.read_async(&mut buffer).await.expect("the server answers");
            assert!(read > 0 && buffer[..read].iter().all(|byte| *byte == n), "it gets its own bytes");
            missing -= read;
        }
        came += len;
    }
    came
}

/// More than the kernel takes at once, to one that begins to read late.
async fn send_much(address: &str, listener: &TcpListener) {
    let client = TcpStream::connect(address).expect("it listens");
    let server = listener.accept_async().await.expect("it has come");
    let writer = task::spawn(async move { client.write_all_async(&vec![7; 20_000_000]).await });
    task::sleep(ms(1)).await;
    let (mut buffer, mut read) = (vec![0; 65_536], 0);
    while read < 20_000_000 {
        read += server.read_async(&mut buffer).await.expect("it comes");
    }
    writer.await.expect("it is not aborted").expect("all of it is taken");
}

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let address = listener.local_addr().expect("it has one").to_string();
    let came = task::block_on(async {
        let clients: Vec<_> = (0..100_u8)
            .map(|n| (n, TcpStream::connect(&address).expect("it listens")))
            .map(|(n, stream)| task::spawn(ask(stream, n)))
            .collect();
        for _ in 0..100 {
            task::spawn(serve(listener.accept_async().await.expect("it has come")));
        }
        let mut came = 0;
        for client in clients {
            came += client.await.expect("it is not aborted");
        }
        send_much(&address, &listener).await;
        came
    });
    assert_eq!(came, 100 * (1..50).sum::<usize>());
}
