//! Scores and the order of events.

use std::{cmp::Ordering, collections::HashMap};

use chrono::{DateTime, SubsecRound as _, Utc};
use uuid::Uuid;

use crate::{
    cursor::{CURSOR_DIGITS, Cursor},
    store::Candidate,
};

/// Half points of joins and views per score.
pub(crate) const POINTS_PER_SCORE: f64 = 2.0;
/// Half points of an event that starts now, rounded up.
pub(crate) const MAX_NEARNESS_POINTS: i64 = 6;
/// Score of an event that starts now. It falls with 1 / (1 + days until the start).
const NEARNESS: f64 = 3.0;
/// Ratio of an interest's weight that is added to the score. The addition is at most this ratio of
/// the score.
const INTEREST: f64 = 0.5;
const SECONDS_OF_DAY: f64 = 86_400.0;

/// Order of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedType {
    Trending,
    Personalized,
    Latest,
}

impl FeedType {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "trending" => Some(Self::Trending),
            "personalized" => Some(Self::Personalized),
            "latest" => Some(Self::Latest),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Trending => "trending",
            Self::Personalized => "personalized",
            Self::Latest => "latest",
        }
    }
}

/// An event with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) id: Uuid,
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) score: f64,
    /// Position in the categories of the ranking.
    category: usize,
}

/// Events and their scores at one time.
#[derive(Debug)]
pub(crate) struct Ranking {
    ranked_at: DateTime<Utc>,
    /// The events in the order of their scores.
    events: Vec<Ranked>,
    categories: Vec<String>,
    first_start: Option<DateTime<Utc>>,
}

/// A page of a feed, and the cursor of the next one.
pub(crate) type Page = (Vec<Ranked>, Option<Cursor>);

impl Ranking {
    /// Ranks events with their points at a time.
    pub(crate) fn new(candidates: Vec<Candidate>, ranked_at: DateTime<Utc>) -> Self {
        // The precision of a cursor, so that the next page is ranked at exactly the same time.
        let ranked_at = ranked_at.trunc_subsecs(CURSOR_DIGITS);
        let mut positions: HashMap<String, usize> = HashMap::new();
        let mut events: Vec<Ranked> = candidates
            .into_iter()
            .map(|event| {
                let next = positions.len();
                Ranked {
                    id: event.id,
                    start_time: event.start_time,
                    score: score(event.points, event.start_time, ranked_at),
                    category: *positions.entry(event.category).or_insert(next),
                }
            })
            .collect();
        let first_start = events.iter().map(|event| event.start_time).min();
        events.sort_unstable_by(|left, right| order(FeedType::Trending, left, right));
        let mut categories: Vec<_> = positions.into_iter().collect();
        categories.sort_unstable_by_key(|(_, position)| *position);
        Self {
            ranked_at,
            events,
            categories: categories.into_iter().map(|(name, _)| name).collect(),
            first_start,
        }
    }

    /// Returns the time of the scores.
    pub(crate) fn ranked_at(&self) -> DateTime<Utc> {
        self.ranked_at
    }

    /// Returns the start of the event that starts first.
    pub(crate) fn first_start(&self) -> Option<DateTime<Utc>> {
        self.first_start
    }

    /// Returns the first events after a cursor, at most `limit`. Interests are weights of
    /// categories, which count for personalized feeds only.
    pub(crate) fn page(
        &self,
        kind: FeedType,
        interests: &HashMap<String, f64>,
        (after, limit): (Option<Cursor>, usize),
    ) -> Page {
        let weights: Vec<f64> = match kind {
            FeedType::Personalized if !interests.is_empty() => {
                let weight = |name| interests.get(name).copied().unwrap_or_default();
                self.categories.iter().map(weight).collect()
            }
            _ => Vec::new(),
        };
        let after = after.map(Ranked::from);
        // One event more than the page contains.
        let mut first: Vec<Ranked> = Vec::with_capacity(limit + 1);
        for event in &self.events {
            let mut event = *event;
            match weights.get(event.category) {
                _ if kind == FeedType::Latest => event.score = 0.0,
                Some(weight) => event.score += (weight * INTEREST).min(event.score * INTEREST),
                None => {}
            }
            if after.is_some_and(|after| order(kind, &after, &event) != Ordering::Less) {
                continue;
            }
            let is_before = |other: &Ranked| order(kind, other, &event) == Ordering::Less;
            if first.len() > limit {
                if first.last().is_some_and(is_before) {
                    continue;
                }
                first.pop();
            }
            first.insert(first.partition_point(is_before), event);
        }
        let has_more = first.len() > limit;
        first.truncate(limit);
        let last = first.last().filter(|_| has_more);
        let next = last.map(|last| last.sort_key(self.ranked_at));
        (first, next)
    }
}

impl Ranked {
    fn sort_key(&self, ranked_at: DateTime<Utc>) -> Cursor {
        Cursor {
            ranked_at,
            score: self.score,
            start_time: self.start_time,
            id: self.id,
        }
    }
}

impl From<Cursor> for Ranked {
    fn from(cursor: Cursor) -> Self {
        Self {
            id: cursor.id,
            start_time: cursor.start_time,
            score: cursor.score,
            category: 0,
        }
    }
}

/// Returns the score of an event with half points of joins and views at a time.
pub(crate) fn score(points: i64, start_time: DateTime<Utc>, at: DateTime<Utc>) -> f64 {
    let seconds = (start_time - at).num_seconds().max(0);
    // Beyond 136 years the difference does not matter.
    score_before_start(points, u32::try_from(seconds).unwrap_or(u32::MAX))
}

fn score_before_start(points: i64, seconds: u32) -> f64 {
    let points = f64::from(i32::try_from(points).unwrap_or(i32::MAX));
    points / POINTS_PER_SCORE + NEARNESS / (1.0 + f64::from(seconds) / SECONDS_OF_DAY)
}

/// Returns the number of seconds to the start from which the score of an event with these points
/// is at most `score`. Returns `None` if it is always higher.
pub(crate) fn first_second_at_most(score: f64, points: i64) -> Option<u32> {
    let is_at_most = |seconds| score_before_start(points, seconds) <= score;
    if !is_at_most(u32::MAX) {
        return None;
    }
    let (mut low, mut high) = (0, u32::MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_at_most(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

fn order(kind: FeedType, left: &Ranked, right: &Ranked) -> Ordering {
    let by_id = right.id.cmp(&left.id);
    match kind {
        FeedType::Latest => right.start_time.cmp(&left.start_time).then(by_id),
        _ => right
            .score
            .total_cmp(&left.score)
            .then(left.start_time.cmp(&right.start_time))
            .then(by_id),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;

    fn events(now: DateTime<Utc>) -> Vec<Candidate> {
        (1..=7_u8)
            .map(|day| Candidate {
                id: Uuid::from_u128(day.into()),
                category: if day % 2 == 0 { "Music" } else { "Art" }.to_owned(),
                start_time: now + Duration::days(day.into()),
                points: if day == 6 { 24 } else { 0 },
            })
            .collect()
    }

    fn ids(items: &[Ranked]) -> Vec<u128> {
        items.iter().map(|item| item.id.as_u128()).collect()
    }

    #[test]
    fn pages_return_each_event_once_while_time_passes_api_5() {
        let now = Utc::now();
        // The precision of the database.
        let events = events(now.trunc_subsecs(CURSOR_DIGITS));
        for kind in [FeedType::Trending, FeedType::Latest] {
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let ranked_at = after.map_or(now, |after: Cursor| after.ranked_at);
                let ranking = Ranking::new(events.clone(), ranked_at);
                let (items, next) = ranking.page(kind, &HashMap::new(), (after, 3));
                seen.extend(ids(&items));
                match next {
                    Some(cursor) => after = Cursor::parse(&cursor.to_string(), now),
                    None => break,
                }
            }
            let expected = match kind {
                FeedType::Latest => vec![7, 6, 5, 4, 3, 2, 1],
                _ => vec![6, 1, 2, 3, 4, 5, 7],
            };
            assert_eq!(seen, expected, "{kind:?}");
        }
    }

    #[test]
    fn interests_add_at_most_half_of_the_score() {
        let now = Utc::now();
        let interests = HashMap::from([("Music".to_owned(), 1_000.0)]);
        let mut events = events(now);
        events.iter_mut().for_each(|event| event.points = 0);
        let ranking = Ranking::new(events, now);
        let (items, _) = ranking.page(FeedType::Personalized, &interests, (None, 3));
        assert_eq!(ids(&items), [1, 2, 4]);
        let second = items.get(1).map(|item| item.score).unwrap_or_default();
        assert!((second - 1.5).abs() < 0.01, "{second}");
    }

    /// Sorts all events, as a reference for [`Ranking::page`].
    fn sorted(ranking: &Ranking, kind: FeedType, interests: &HashMap<String, f64>) -> Vec<Ranked> {
        let (mut all, _) = ranking.page(kind, interests, (None, ranking.events.len()));
        all.sort_by(|left, right| order(kind, left, right));
        all
    }

    #[test]
    fn pages_equal_the_order_of_all_events_api_5() {
        let now = Utc::now().trunc_subsecs(CURSOR_DIGITS);
        let candidates = (0..200_u128).map(|index| Candidate {
            id: Uuid::from_u128(index * 7_919 % 200),
            category: ["Art", "Music", "Sport"][usize::try_from(index % 3).unwrap()].to_owned(),
            start_time: now + Duration::hours(i64::try_from(index * 31 % 17).unwrap() + 1),
            points: i64::try_from(index * 13 % 9).unwrap(),
        });
        let ranking = Ranking::new(candidates.collect(), now);
        let interests = HashMap::from([("Music".to_owned(), 2.0), ("Sport".to_owned(), 0.3)]);
        for kind in [FeedType::Trending, FeedType::Personalized, FeedType::Latest] {
            let expected = sorted(&ranking, kind, &interests);
            assert_eq!(expected.len(), 200);
            for limit in [1, 7, 50, 200] {
                let (mut seen, mut after) = (Vec::new(), None);
                loop {
                    let (items, next) = ranking.page(kind, &interests, (after, limit));
                    assert!(items.len() <= limit);
                    seen.extend(items);
                    after = next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{kind:?} {limit}");
            }
        }
        let trending = sorted(&ranking, FeedType::Trending, &interests);
        let personalized = sorted(&ranking, FeedType::Personalized, &interests);
        assert_ne!(ids(&trending), ids(&personalized));
    }

    #[test]
    fn first_second_at_most_is_the_inverse_of_score() {
        for (points, seconds) in [(0, 0), (0, 86_400), (3, 1_000_000), (12, 7)] {
            let score = score_before_start(points, seconds);
            assert_eq!(first_second_at_most(score, points), Some(seconds));
        }
        assert_eq!(first_second_at_most(6.0, 12), None);
        assert_eq!(first_second_at_most(3.1, 0), Some(0));
    }
}
