//! Channels: between the tasks of an actor, and between actors.

pub(crate) mod sdk;
