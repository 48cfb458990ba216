//! C2: a rendezvous that nobody comes to. The host says who waits for what.

use flower_guests::channels::Place;

fn main() {
    let (tx, rx) = Place::Host.channel(0);
    println!("will block");
    tx.send("channel".to_owned()).expect("nobody closes it");
    println!("{:?}", rx.recv());
}
