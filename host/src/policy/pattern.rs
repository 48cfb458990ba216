//! Names by pattern: whole, or by how they begin.

use std::sync::Arc;

/// Which names are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Patterns {
    /// Every one.
    #[default]
    All,
    /// Those that match one of these; a pattern that ends in `*` matches all that begin so.
    Only(Arc<[Box<str>]>),
}

impl Patterns {
    /// Those that match one of these.
    pub(super) fn only(patterns: impl IntoIterator<Item = impl AsRef<str>>) -> Patterns {
        Patterns::Only(patterns.into_iter().map(|pattern| Box::from(pattern.as_ref())).collect())
    }

    /// Whether a name is meant.
    pub(super) fn match_name(&self, name: &str) -> bool {
        match self {
            Patterns::All => true,
            Patterns::Only(patterns) => patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => **pattern == *name,
            }),
        }
    }

    /// Whether every name that `pattern` matches is meant.
    pub(super) fn cover(&self, pattern: &str) -> bool {
        let Patterns::Only(patterns) = self else { return true };
        let Some(beginning) = pattern.strip_suffix('*') else { return self.match_name(pattern) };
        let covers = |known: &str| known.strip_suffix('*').is_some_and(|known| beginning.starts_with(known));
        patterns.iter().any(|known| covers(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_every_ending() {
        let some = Patterns::only(["db", "web/*"]);
        for (name, meant) in
            [("db", true), ("db2", false), ("web/1", true), ("web/", true), ("web", false), ("", false)]
        {
            assert_eq!(some.match_name(name), meant, "{name:?}");
        }
        assert!(Patterns::All.match_name("anything") && !Patterns::only([""; 0]).match_name("anything"));
    }

    #[test]
    fn a_pattern_is_covered_by_a_wider_one() {
        let some = Patterns::only(["db", "web/*"]);
        for (pattern, covered) in
            [("db", true), ("db*", false), ("web/*", true), ("web/a*", true), ("we*", false), ("*", false)]
        {
            assert_eq!(some.cover(pattern), covered, "{pattern:?}");
        }
        assert!(Patterns::All.cover("*"));
        assert!(!Patterns::only(["web"]).cover("web*"));
    }
}
