//! Scores and the order of events.

use std::{cmp::Ordering, collections::HashMap};

use chrono::{DateTime, SubsecRound as _, Utc};

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
#[derive(Debug, Clone)]
pub(crate) struct Ranked {
    pub(crate) event: Candidate,
    pub(crate) score: f64,
}

impl Ranked {
    fn sort_key(&self, ranked_at: DateTime<Utc>) -> Cursor {
        Cursor {
            ranked_at,
            score: self.score,
            start_time: self.event.start_time,
            id: self.event.id,
        }
    }
}

/// Returns a page of events and the cursor of the next page.
pub(crate) fn page(
    kind: FeedType,
    events: Vec<Candidate>,
    interests: &HashMap<String, f64>,
    (ranked_at, after, limit): (DateTime<Utc>, Option<Cursor>, usize),
) -> (Vec<Ranked>, Option<Cursor>) {
    // The precision of a cursor, so that the next page is ranked at exactly the same time.
    let ranked_at = ranked_at.trunc_subsecs(CURSOR_DIGITS);
    let mut ranked: Vec<Ranked> = events
        .into_iter()
        .map(|event| {
            let score = match kind {
                FeedType::Latest => 0.0,
                _ => {
                    let base = score(event.points, event.start_time, ranked_at);
                    let interest = interests.get(&event.category).copied().unwrap_or_default();
                    base + (interest * INTEREST).min(base * INTEREST)
                }
            };
            Ranked { event, score }
        })
        .collect();
    let order = |left: &Cursor, right: &Cursor| order(kind, left, right);
    ranked.sort_by(|left, right| order(&left.sort_key(ranked_at), &right.sort_key(ranked_at)));
    let is_after_cursor = |event: &Ranked| {
        after.is_none_or(|after| order(&after, &event.sort_key(ranked_at)) == Ordering::Less)
    };
    let mut rest = ranked.into_iter().filter(is_after_cursor);
    let items: Vec<Ranked> = rest.by_ref().take(limit).collect();
    let next = match rest.next() {
        Some(_) => items.last().map(|last| last.sort_key(ranked_at)),
        None => None,
    };
    (items, next)
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

fn order(kind: FeedType, left: &Cursor, right: &Cursor) -> Ordering {
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
        items.iter().map(|item| item.event.id.as_u128()).collect()
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
                let limits = (ranked_at, after, 3);
                let (items, next) = page(kind, events.clone(), &HashMap::new(), limits);
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
        let limits = (now, None, 3);
        let (items, _) = page(FeedType::Personalized, events, &interests, limits);
        assert_eq!(ids(&items), [1, 2, 4]);
        let second = items.get(1).map(|item| item.score).unwrap_or_default();
        assert!((second - 1.5).abs() < 0.01, "{second}");
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
