//! Channels: between the tasks of an actor, and between actors.

mod actor;
pub(crate) mod host;
pub(crate) mod sdk;
