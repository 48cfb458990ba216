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
    pub(crate) fn bounds(self) -> [u64; 7] {
        let options = self.0;
        [
            u64::from(options.cpu_weight),
            options.actors_max,
            options.memory_max,
            options.timers_max,
            options.message_bytes_max,
            options.messages_max,
            options.descriptors_max,
        ]
    }

    /// The budget with these bounds.
    pub(crate) fn from_bounds(bounds: [u64; 7]) -> Budget {
        let [weight, actors_max, memory_max, timers_max, message_bytes_max, messages_max, descriptors_max] =
            bounds;
        let (cpu_weight, rest) = (weight as u32, BudgetOptions::DEFAULT);
        Budget(BudgetOptions {
            cpu_weight,
            actors_max,
            memory_max,
            timers_max,
            message_bytes_max,
            messages_max,
            descriptors_max,
            ..rest
        })
    }

    /// How the time of busy processors is shared out: in proportion to these weights, 1 to 10,000, among the trees
    /// that want more than there is and that hang on one budget. The actors that are in none of them count together as
    /// one more of weight 100.
    pub fn cpu_weight(mut self, weight: u32) -> Self {
        self.0.cpu_weight = weight.clamp(1, 10_000);
        self
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

    /// Sockets that its actors have opened or accepted and that are open, whoever has them now, and their open files, a granted
    /// directory being one of them once it is used; at least one.
    pub fn descriptors_max(mut self, descriptors: u64) -> Self {
        self.0.descriptors_max = descriptors.max(1);
        self
    }
}
