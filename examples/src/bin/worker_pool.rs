//! A pool of four workers looks up nineteen addresses, some of which no worker survives.
//!
//! Each worker asks a directory, and dies of an address that is not there. Its item has no result then,
//! another worker takes its place, and the results come in the order of the items all the same.

use std::time::Duration;

use flower::{Pid, Pool, call, receive_request, register, spawn};

/// Knows the host of every address but the multiples of five.
fn directory((): ()) {
    while let Ok((address, reply)) = receive_request::<u32>() {
        let host = (address % 5 != 0).then(|| format!("host-{address}.example"));
        reply.send(&host).expect("the worker waits");
    }
}

/// What a worker does with an item.
fn resolve(address: u32) -> String {
    let host: Option<String> = call("directory", &address, Duration::from_secs(5)).expect("it answers");
    host.expect("every address has a host")
}

fn main() {
    let directory: Pid = spawn(directory, ());
    register("directory", directory).expect("the name is free");

    let pool = Pool::new(4, resolve);
    let addresses = 1..=19;
    let hosts = pool.map(addresses.clone());
    for (address, host) in addresses.zip(hosts) {
        println!("10.0.0.{address}: {:?}", host.ok());
    }
    pool.stop().expect("whoever started it may");
}
