//! Channels: between the tasks of an actor, and between actors.

mod actor;
pub(crate) mod host;
mod model;
pub(crate) mod sdk;
mod select;
mod storm;
