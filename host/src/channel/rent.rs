//! What a channel pays for the room of the values that it holds: a block at a time, so that a value costs nothing.

use std::sync::Arc;

use crate::budget::{HeldBytes, Ledger};
use crate::limits::{VALUE_BYTES, VALUES_CHARGED_FIRST};

/// The blocks that one channel has paid for.
pub(crate) struct Rent {
    ledger: Arc<Ledger>,
    places: usize,
    blocks: Vec<HeldBytes>,
}

impl Rent {
    /// Nothing yet.
    pub(crate) fn new(ledger: Arc<Ledger>) -> Rent {
        Rent { ledger, places: 0, blocks: Vec::new() }
    }

    /// Sees to it that so many values are paid for, if the budget has the bytes.
    pub(crate) fn covers(&mut self, values: usize) -> bool {
        while self.places < values {
            let more = self.places.max(VALUES_CHARGED_FIRST);
            let Some(block) = HeldBytes::take(&self.ledger, more as u64 * VALUE_BYTES) else { return false };
            self.blocks.push(*block);
            self.places += more;
        }
        true
    }

    /// Gives all of it back.
    pub(crate) fn give_back(&mut self) {
        self.blocks.clear();
        self.places = 0;
    }
}
