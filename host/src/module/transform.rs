//! The stage between checking and compiling, where the host may rewrite a module.
//!
//! It does nothing yet. Later it exports mutable globals, so that a snapshot can read them. What it
//! gives is checked again, and [`VERSION`] is part of the key of every compiled artifact.

use std::borrow::Cow;

/// Raised with every change of [`apply`]: artifacts of another version are compiled again.
pub(crate) const VERSION: u32 = 0;

/// Rewrites a checked module; borrowed when there was nothing to do.
pub(crate) fn apply(module: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(module)
}
