//! What threads meet at in the cores of the scheduler. `tests/loom` compiles the same files with a
//! module of this name that gives them loom's, which runs them in every order.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

pub(crate) use parking_lot::{Condvar, Mutex};
pub(crate) use tokio::sync::Notify;
