//! Budgets: what an actor and all its descendants may use together.

use flower_abi::BudgetOptions;

/// What an actor and all its descendants may use together, however they share it among themselves. What goes past
/// it is refused to them alone. What is not said is bounded by the spawner's own budget.
///
/// ```no_run
/// use flower::{Budget, Spawn};
///
/// # fn tenant() {}
/// let budget = Budget::new().memory_max(64 << 20).actors_max(1000);
/// let tenant = Spawn::new(tenant, ()).budget(budget).spawn()?;
/// # Ok::<(), flower::SpawnError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget(pub(crate) BudgetOptions);

impl Default for Budget {
    fn default() -> Budget {
        Budget::new()
    }
}

impl Budget {
    /// No bound of its own.
    pub fn new() -> Budget {
        Budget(BudgetOptions::DEFAULT)
    }

    /// Its bounds, in the order of the ABI.
    pub(crate) fn bounds(self) -> [u64; 5] {
        let BudgetOptions { actors_max, memory_max, timers_max, message_bytes_max, messages_max, .. } =
            self.0;
        [actors_max, memory_max, timers_max, message_bytes_max, messages_max]
    }

    /// The budget with these bounds.
    pub(crate) fn from_bounds(bounds: [u64; 5]) -> Budget {
        let [actors_max, memory_max, timers_max, message_bytes_max, messages_max] = bounds;
        let options = BudgetOptions::DEFAULT;
        Budget(BudgetOptions {
            actors_max,
            memory_max,
            timers_max,
            message_bytes_max,
            messages_max,
            ..options
        })
    }

    /// Live actors, the first one among them; at least one.
    pub fn actors_max(mut self, actors: u64) -> Self {
        self.0.actors_max = actors.max(1);
        self
    }

    /// Bytes of linear memory; at least one.
    pub fn memory_max(mut self, bytes: u64) -> Self {
        self.0.memory_max = bytes.max(1);
        self
    }

    /// Armed timers; at least one.
    pub fn timers_max(mut self, timers: u64) -> Self {
        self.0.timers_max = timers.max(1);
        self
    }

    /// Bytes of the messages of more than 256 bytes that its actors have sent and nobody has taken; at least one.
    pub fn message_bytes_max(mut self, bytes: u64) -> Self {
        self.0.message_bytes_max = bytes.max(1);
        self
    }

    /// Messages of any size that its actors have sent and nobody has taken; at least one.
    pub fn messages_max(mut self, messages: u64) -> Self {
        self.0.messages_max = messages.max(1);
        self
    }
}
