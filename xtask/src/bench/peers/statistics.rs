//! The middle of several runs, and how far they lie apart.

/// What several runs say together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Summary {
    /// The middle one, or the mean of the two in the middle.
    pub(super) median: f64,
    /// The smallest.
    pub(super) least: f64,
    /// The largest.
    pub(super) most: f64,
}

impl Summary {
    /// Of all these; `None` if there are none.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Summary> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        Some(Summary { median: median(&values), least, most })
    }

    /// How far the smallest and the largest lie from the median, in percent of it.
    pub(super) fn spread(&self) -> (f64, f64) {
        let percent = |value: f64| if self.median == 0.0 { 0.0 } else { (value / self.median - 1.0) * 100.0 };
        (percent(self.least), percent(self.most))
    }
}

/// Of sorted values, of which there is at least one.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Summary::of([3.0, 1.0, 2.0]).map(|summary| summary.median), Some(2.0));
        assert_eq!(Summary::of([4.0, 1.0, 2.0, 3.0]).map(|summary| summary.median), Some(2.5));
        assert_eq!(Summary::of([]), None);
    }

    #[test]
    fn the_spread_is_in_percent_of_the_median() {
        let summary = Summary::of([100.0, 90.0, 130.0]).expect("three values");
        let (least, most) = summary.spread();
        assert!((least + 10.0).abs() < 1e-9 && (most - 30.0).abs() < 1e-9);
        assert_eq!(Summary::of([0.0, 0.0]).expect("two values").spread(), (0.0, 0.0));
    }
}
