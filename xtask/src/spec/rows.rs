//! The promises that have a figure. Their names are those of `tests/src/bin/spec`.

/// Which of two figures is the better one, and on which side of the bound it has to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    AtMost,
    AtLeast,
}

/// A promise with a figure.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) side: Side,
    pub(super) bound: f64,
    pub(super) unit: &'static str,
}

const fn at_most(name: &'static str, bound: f64, unit: &'static str) -> Row {
    Row { name, side: Side::AtMost, bound, unit }
}

const fn at_least(name: &'static str, bound: f64, unit: &'static str) -> Row {
    Row { name, side: Side::AtLeast, bound, unit }
}

/// All of them, in the order of the document.
pub(super) const ROWS: &[Row] = &[
    at_most("idle-process", 32.0, "KiB each"),
    at_most("idle-handler", 24.0, "KiB each"),
    at_most("idle-connection", 64.0, "KiB each"),
    at_least("http-hello", 0.7, "of bare hyper"),
    at_most("hog-slice", 5.0, "ms, 99 of 100"),
    at_most("beside-hogs", 5.0, "ms, 99 of 100"),
    at_most("beside-bulk", 20.0, "ms, 99 of 100"),
    at_most("beside-flood", 20.0, "ms, 99 of 100"),
    at_most("beside-spawns", 20.0, "ms, 99 of 100"),
    at_most("beside-timers", 20.0, "ms, 99 of 100"),
    at_most("beside-traps", 20.0, "ms, 99 of 100"),
    at_most("beside-recursion", 20.0, "ms, 99 of 100"),
    at_most("beside-memory", 20.0, "ms, 99 of 100"),
    at_most("beside-webs", 20.0, "ms, 99 of 100"),
    at_most("beside-huge", 20.0, "ms, 99 of 100"),
    at_most("beside-names", 20.0, "ms, 99 of 100"),
    at_most("beside-channels", 20.0, "ms, 99 of 100"),
    at_most("beside-sockets", 20.0, "ms, 99 of 100"),
    at_most("beside-prints", 20.0, "ms, 99 of 100"),
    at_most("beside-compiler", 20.0, "ms, 99 of 100"),
    at_least("cpu-shares", 0.95, "by Jain's index"),
    at_least("spawn-and-die", 100.0, "thousands a second"),
    at_most("reclaim", 2.0, "s"),
    at_most("balance", 0.0, "messages"),
];

impl Row {
    /// Whether a figure keeps the promise.
    pub(super) fn holds(&self, figure: f64) -> bool {
        match self.side {
            Side::AtMost => figure <= self.bound,
            Side::AtLeast => figure >= self.bound,
        }
    }

    /// The better of two figures.
    pub(super) fn better(&self, one: f64, other: f64) -> f64 {
        match self.side {
            Side::AtMost => one.min(other),
            Side::AtLeast => one.max(other),
        }
    }

    /// The side in a table.
    pub(super) fn sign(&self) -> &'static str {
        match self.side {
            Side::AtMost => "<=",
            Side::AtLeast => ">=",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_broken_on_one_side() {
        let (most, least) = (at_most("a", 2.0, ""), at_least("b", 2.0, ""));
        assert!(most.holds(2.0) && !most.holds(2.1) && most.better(1.0, 3.0) == 1.0);
        assert!(least.holds(2.0) && !least.holds(1.9) && least.better(1.0, 3.0) == 3.0);
    }
}
