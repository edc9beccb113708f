//! The estimated time of a fix for one engineer who knows the code.

use std::fmt;

use crate::rule::Category;

/// Number of working hours of a day.
const HOURS_PER_DAY: usize = 8;
/// Maximum number of further places that add to the effort. More places are changed by a tool.
const MAX_FURTHER_PLACES: usize = 20;
/// Hours for the first place and for each further one of a group whose places all have a diff.
const BY_DIFF: (usize, usize) = (1, 0);

/// Hours for the first place and for each further one, where they differ from those of the
/// category.
const BY_PROMISE: &[(&str, (usize, usize))] = &[
    ("AUTH-1", (8, 2)),
    ("AUTH-2", (16, 4)),
    ("AUTH-3", (16, 4)),
    ("AUTH-5", (8, 4)),
    ("CONF-5", (2, 1)),
    ("DATA-1", (2, 1)),
    ("DATA-6", (16, 4)),
    ("LIFE-1", (2, 1)),
    ("OBS-1", (2, 1)),
    ("OBS-3", (2, 1)),
    ("OBS-9", (16, 4)),
    ("RES-1", (8, 4)),
    ("RES-3", (2, 1)),
    ("RES-6", (8, 4)),
    ("SEC-1", (16, 8)),
    ("SEC-7", (4, 2)),
    ("SHIP-4", (8, 4)),
    ("SHIP-5", (8, 4)),
];

const fn of_category(category: Category) -> (usize, usize) {
    match category {
        Category::Configuration | Category::Operations => (2, 1),
        Category::Lifecycle | Category::Observability => (8, 4),
        Category::Health => (4, 2),
        Category::Resilience | Category::Security | Category::Contracts => (4, 1),
        Category::Data | Category::Messaging => (16, 8),
    }
}

/// Working time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct Effort {
    hours: usize,
}

impl Effort {
    /// Returns the time for a group of findings. `has_diffs` is true if every place has a diff.
    pub(super) fn of(
        requirement: &str,
        category: Category,
        places: usize,
        has_diffs: bool,
    ) -> Self {
        let (first, further) = if has_diffs {
            BY_DIFF
        } else {
            BY_PROMISE
                .iter()
                .find(|(id, _)| *id == requirement)
                .map_or_else(|| of_category(category), |(_, hours)| *hours)
        };
        let more = places.saturating_sub(1).min(MAX_FURTHER_PLACES);
        Self {
            hours: first + further * more,
        }
    }

    /// The time for several fixes.
    pub(super) fn sum(efforts: impl Iterator<Item = Self>) -> Self {
        Self {
            hours: efforts.map(|effort| effort.hours).sum(),
        }
    }
}

impl fmt::Display for Effort {
    /// `3 h`, `1 day`, `2.5 days`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hours < HOURS_PER_DAY {
            return write!(formatter, "{} h", self.hours);
        }
        let halves = (self.hours * 2).div_ceil(HOURS_PER_DAY);
        match (halves / 2, halves % 2) {
            (1, 0) => formatter.write_str("1 day"),
            (days, 0) => write!(formatter, "{days} days"),
            (days, _) => write!(formatter, "{days}.5 days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Effort;
    use crate::rule::Category;

    #[test]
    fn effort_grows_with_places_and_reads_as_time() {
        let of = |places, diffs| Effort::of("SHIP-1", Category::Operations, places, diffs);
        assert_eq!(of(1, false).to_string(), "2 h");
        assert_eq!(of(7, false).to_string(), "1 day");
        assert_eq!(of(8, false).to_string(), "1.5 days");
        assert_eq!(of(8, true).to_string(), "1 h");
        assert_eq!(of(1000, false), of(21, false));
        let sum = Effort::sum([of(1, false), of(1, false)].into_iter());
        assert_eq!(sum.to_string(), "4 h");
    }
}
