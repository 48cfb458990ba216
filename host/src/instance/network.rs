//! What sockets ask before they do anything: whether the actor may. A refusal is counted and logged here.

use std::net::SocketAddr;
use std::path::Path;

use flower_abi::Status;

use super::ActorState;
use crate::policy::{NetOp, Refusal};

impl ActorState {
    /// Whether the actor may use this address of the network.
    pub(crate) fn check_net(&mut self, op: NetOp, address: SocketAddr) -> Result<(), Status> {
        match self.policy().net_allows(op, address) {
            true => Ok(()),
            false => Err(self.refuse(&Refusal::net(op, address))),
        }
    }

    /// Whether the actor may look up the name in `NAME:PORT`.
    pub(crate) fn check_lookup(&mut self, name: &str) -> Result<(), Status> {
        let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
        match self.policy().net_allows_lookup(host) {
            true => Ok(()),
            false => Err(self.refuse(&Refusal::net_name(NetOp::Connect, name))),
        }
    }

    /// Whether the actor may use an address that a name has resolved to.
    pub(crate) fn check_resolved(
        &mut self,
        op: NetOp,
        name: &str,
        address: SocketAddr,
    ) -> Result<(), Status> {
        match self.policy().net_allows_resolved(op, name, address) {
            true => Ok(()),
            false => Err(self.refuse(&Refusal::net_resolved(op, name, address))),
        }
    }

    /// Whether the actor may use the Unix socket at this path.
    pub(crate) fn check_unix(&mut self, op: NetOp, path: &Path) -> Result<(), Status> {
        match self.policy().net_allows_unix(op, path) {
            true => Ok(()),
            false => Err(self.refuse(&Refusal::unix(op, &path.to_string_lossy()))),
        }
    }
}
