//! Storms of crashes: what is shown, what is only kept, and what is only counted.
//!
//! Thousands of actors may crash in a second, most of them alike. The first of a kind are shown in full, a few more
//! leave a file, and the rest are counted and told of in one line. All kinds together are bounded too.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxBuildHasher, FxHasher};

use crate::limits::{
    CRASH_KINDS_MAX, CRASH_WINDOW, CRASHES_KEPT_MAX, CRASHES_SHOWN_MAX, HOST_CRASHES_KEPT_MAX,
    HOST_CRASHES_SHOWN_MAX,
};

/// Which crashes are alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Kind(u64);

impl Kind {
    /// All those for which there are too many kinds.
    const OTHERS: Kind = Kind(0);

    /// Crashes that agree in all of this.
    pub(super) fn of(what: impl Hash) -> Kind {
        let mut hasher = FxHasher::default();
        what.hash(&mut hasher);
        Kind(hasher.finish() | 1)
    }
}

/// What is done about one crash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Admitted {
    /// It is shown, and kept. So many like it before were not kept.
    Shown(u64),
    /// It is kept alone.
    Kept(u64),
    /// It is counted.
    Counted,
}

/// Counts what happens in a span of time.
#[derive(Default)]
pub(super) struct Window {
    since_ns: u64,
    count: u32,
}

impl Window {
    /// Counts one more, and answers how many those are in this span.
    pub(super) fn count(&mut self, now_ns: u64) -> u32 {
        if self.is_over(now_ns) {
            *self = Window { since_ns: now_ns, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }

    fn is_over(&self, now_ns: u64) -> bool {
        now_ns.saturating_sub(self.since_ns) >= CRASH_WINDOW.as_nanos() as u64
    }
}

/// Crashes of one kind.
struct Storm {
    window: Window,
    /// What the line says that counts them.
    what: Box<str>,
    /// Not shown, and not yet told of.
    untold: u64,
    /// Without a report since the last one.
    unreported: u64,
}

/// The storms of one host.
#[derive(Default)]
pub(super) struct Storms {
    kinds: HashMap<Kind, Storm, FxBuildHasher>,
    shown: Window,
    kept: Window,
}

impl Storms {
    /// Decides about a crash of this kind; `what` describes it in a few words. What is now to be said of
    /// storms that are over is put into `lines`.
    pub(super) fn admit(
        &mut self,
        kind: Kind,
        now_ns: u64,
        what: impl FnOnce() -> String,
        lines: &mut Vec<String>,
    ) -> Admitted {
        let kind = self.place(kind, now_ns, lines);
        let is_others = kind == Kind::OTHERS;
        let storm = self.kinds.entry(kind).or_insert_with(|| Storm {
            window: Window { since_ns: now_ns, count: 0 },
            what: if is_others { "actors in various ways".into() } else { what().into() },
            untold: 0,
            unreported: 0,
        });
        if storm.window.is_over(now_ns) {
            lines.extend(storm.line());
        }
        let alike = storm.window.count(now_ns);
        if alike > CRASHES_KEPT_MAX || self.kept.count(now_ns) > HOST_CRASHES_KEPT_MAX {
            storm.untold += 1;
            storm.unreported += 1;
            return Admitted::Counted;
        }
        let unreported = std::mem::take(&mut storm.unreported);
        if alike > CRASHES_SHOWN_MAX || self.shown.count(now_ns) > HOST_CRASHES_SHOWN_MAX {
            storm.untold += 1;
            return Admitted::Kept(unreported);
        }
        Admitted::Shown(unreported)
    }

    /// What is to be said of the crashes that were not shown.
    pub(super) fn lines(&mut self) -> Vec<String> {
        let mut lines: Vec<String> = self.kinds.values_mut().filter_map(Storm::line).collect();
        lines.sort_unstable();
        lines
    }

    /// Where a kind is counted: by itself, unless there are too many of them.
    fn place(&mut self, kind: Kind, now_ns: u64, lines: &mut Vec<String>) -> Kind {
        if self.kinds.contains_key(&kind) || self.kinds.len() < CRASH_KINDS_MAX {
            return kind;
        }
        self.kinds.retain(|_, storm| {
            let is_over = storm.window.is_over(now_ns);
            if is_over {
                lines.extend(storm.line());
            }
            !is_over
        });
        if self.kinds.len() < CRASH_KINDS_MAX { kind } else { Kind::OTHERS }
    }
}

impl Storm {
    /// The line that counts those that were not shown, once.
    fn line(&mut self) -> Option<String> {
        let more = std::mem::take(&mut self.untold);
        (more > 0).then(|| format!("{more} more crashes like this: {}", self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn admit(storms: &mut Storms, kind: u64, now_ns: u64) -> Admitted {
        storms.admit(Kind::of(kind), now_ns, || "this".to_owned(), &mut Vec::new())
    }

    /// How many of a number of crashes at one moment are shown, kept alone, and counted.
    fn storm(storms: &mut Storms, kinds: u64, each: u64, now_ns: u64) -> [u32; 3] {
        let mut counts = [0; 3];
        for crash in 0..kinds * each {
            match admit(storms, crash % kinds, now_ns) {
                Admitted::Shown(_) => counts[0] += 1,
                Admitted::Kept(_) => counts[1] += 1,
                Admitted::Counted => counts[2] += 1,
            }
        }
        counts
    }

    #[test]
    fn few_of_a_kind_are_shown_and_some_kept() {
        let mut storms = Storms::default();
        let (shown, kept) = (CRASHES_SHOWN_MAX, CRASHES_KEPT_MAX);
        assert_eq!(storm(&mut storms, 1, 1000, 5), [shown, kept - shown, 1000 - kept]);
        assert_eq!(storm(&mut storms, 1, 1, SECOND), [0, 0, 1], "the second is not over");
        let unreported = u64::from(1000 - kept) + 1;
        let mut lines = Vec::new();
        let later = storms.admit(Kind::of(0_u64), SECOND + 5, String::new, &mut lines);
        assert_eq!(later, Admitted::Shown(unreported));
        assert_eq!(lines, [format!("{} more crashes like this: this", 1001 - shown)]);
        assert_eq!(admit(&mut storms, 0, SECOND + 5), Admitted::Shown(0));
    }

    #[test]
    fn all_kinds_together_are_bounded() {
        let mut storms = Storms::default();
        let [shown, kept, _] = storm(&mut storms, 1000, 10, 5);
        assert_eq!((shown, shown + kept), (HOST_CRASHES_SHOWN_MAX, HOST_CRASHES_KEPT_MAX));
        assert!(storms.kinds.len() <= CRASH_KINDS_MAX + 1, "{}", storms.kinds.len());
        storm(&mut storms, 1, 1, 2 * SECOND);
        let [shown, ..] = storm(&mut storms, 1, 1, 5 * SECOND);
        assert_eq!(shown, 1, "another second has room again");
    }

    #[test]
    fn what_was_told_is_not_told_again() {
        let mut storms = Storms::default();
        storm(&mut storms, 1, 100, 5);
        assert_eq!(storms.lines(), [format!("{} more crashes like this: this", 100 - CRASHES_SHOWN_MAX)]);
        assert_eq!(storms.lines(), [""; 0]);
    }
}
