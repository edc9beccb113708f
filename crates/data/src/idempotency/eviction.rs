//! Chooses the responses that make room for a key.

use std::collections::{HashMap, VecDeque};

use super::capacity::Demand;

/// The space that rows occupy in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) entries: i64,
    /// The size, in bytes.
    pub(super) size: i64,
}

/// The space that an eviction must free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequiredSpace {
    Entries(i64),
    /// The size, in bytes.
    Size(i64),
}

/// The share of one caller in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) used: Used,
}

/// A row that may be evicted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) digest: String,
    pub(super) share: String,
    /// The size, in bytes.
    pub(super) size: i64,
}

impl Used {
    pub(super) const fn with(self, entries: i64, size: i64) -> Self {
        Self {
            entries: self.entries.saturating_add(entries),
            size: self.size.saturating_add(size),
        }
    }

    const fn of(self, required: RequiredSpace) -> i64 {
        match required {
            RequiredSpace::Entries(_) => self.entries,
            RequiredSpace::Size(_) => self.size,
        }
    }
}

/// Returns the digests of the rows to delete. Each row belongs to the caller with the largest share
/// at that moment. The requested space counts for the calling caller, so no caller with a smaller
/// share loses a row.
///
/// `candidates` are in the order of eviction for each caller.
pub(super) fn choose(
    required: RequiredSpace,
    mut shares: Vec<Share>,
    candidates: Vec<Candidate>,
    demand: Demand<'_>,
) -> Vec<String> {
    let mut rows: HashMap<String, VecDeque<Candidate>> = HashMap::new();
    for candidate in candidates {
        let of_share = rows.entry(candidate.share.clone()).or_default();
        of_share.push_back(candidate);
    }
    let own = Used {
        entries: demand.entries,
        size: demand.size,
    };
    match shares.iter_mut().find(|share| share.name == demand.share) {
        Some(share) => share.used = share.used.with(own.entries, own.size),
        None => shares.push(Share {
            name: demand.share.to_owned(),
            used: own,
        }),
    }
    let (RequiredSpace::Entries(mut lacking) | RequiredSpace::Size(mut lacking)) = required;
    let mut digests = Vec::new();
    while lacking > 0 {
        let least = shares
            .iter()
            .find(|share| share.name == demand.share)
            .map_or(0, |share| share.used.of(required));
        let largest = shares
            .iter_mut()
            .filter(|share| rows.get(&share.name).is_some_and(|rows| !rows.is_empty()))
            .max_by_key(|share| (share.used.of(required), share.name == demand.share))
            .filter(|share| share.used.of(required) >= least);
        let Some((share, row)) = largest.and_then(|share| {
            let row = rows.get_mut(&share.name)?.pop_front()?;
            Some((share, row))
        }) else {
            break;
        };
        lacking -= match required {
            RequiredSpace::Entries(_) => 1,
            RequiredSpace::Size(_) => row.size,
        };
        share.used = share.used.with(-1, -row.size);
        digests.push(row.digest);
    }
    digests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(name: &str, entries: i64) -> Share {
        let used = Used {
            entries,
            size: entries * 10,
        };
        Share {
            name: name.to_owned(),
            used,
        }
    }

    fn rows(share: &str, count: usize) -> Vec<Candidate> {
        let row = |number| Candidate {
            digest: format!("{share}{number}"),
            share: share.to_owned(),
            size: 10,
        };
        (0..count).map(row).collect()
    }

    fn demand(share: &str) -> Demand<'_> {
        Demand {
            share,
            entries: 1,
            size: 10,
        }
    }

    #[test]
    fn largest_share_loses_rows_until_others_are_as_large_api_6() {
        let shares = vec![share("greedy", 5), share("mine", 2)];
        let candidates = [rows("greedy", 5), rows("mine", 2)].concat();
        let chosen = choose(
            RequiredSpace::Entries(2),
            shares,
            candidates,
            demand("mine"),
        );
        assert_eq!(chosen, ["greedy0", "greedy1"]);
    }

    #[test]
    fn smaller_share_loses_nothing_api_6() {
        let shares = vec![share("mine", 4), share("other", 2)];
        let chosen = choose(
            RequiredSpace::Entries(1),
            shares,
            rows("other", 2),
            demand("mine"),
        );
        assert!(chosen.is_empty(), "{chosen:?}");
    }

    #[test]
    fn bytes_are_freed_row_by_row_api_6() {
        let shares = vec![share("mine", 4)];
        let chosen = choose(
            RequiredSpace::Size(25),
            shares,
            rows("mine", 4),
            demand("mine"),
        );
        assert_eq!(chosen, ["mine0", "mine1", "mine2"]);
    }

    #[test]
    fn equal_shares_lose_one_row_each_api_6() {
        let shares = vec![share("a", 2), share("b", 2), share("new", 0)];
        let candidates = [rows("a", 2), rows("b", 2)].concat();
        let mut chosen = choose(RequiredSpace::Entries(2), shares, candidates, demand("new"));
        chosen.sort();
        assert_eq!(chosen, ["a0", "b0"]);
    }
}
