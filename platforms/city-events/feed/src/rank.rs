//! Scores and the order of events.

use std::{cmp::Ordering, collections::HashMap};

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::{
    cursor::{CURSOR_DIGITS, Cursor},
    store::{Counts, UpcomingEvent},
};

// Weights of the contract.
const JOIN_OF_DAY: f64 = 4.0;
const JOIN_OF_WEEK: f64 = 2.0;
const VIEW_OF_DAY: f64 = 0.5;
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
    pub(crate) event: UpcomingEvent,
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
    events: Vec<UpcomingEvent>,
    counts: &HashMap<uuid::Uuid, Counts>,
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
                    let base = score(&event, counts.get(&event.id), ranked_at);
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

fn score(event: &UpcomingEvent, counts: Option<&Counts>, now: DateTime<Utc>) -> f64 {
    let counts = counts.copied().unwrap_or_default();
    let seconds = (event.start_time - now).num_seconds().max(0);
    // Beyond 136 years the difference does not matter.
    let days = f64::from(u32::try_from(seconds).unwrap_or(u32::MAX)) / SECONDS_OF_DAY;
    JOIN_OF_DAY * f64::from(counts.joins_of_day)
        + JOIN_OF_WEEK * f64::from(counts.joins_of_week)
        + VIEW_OF_DAY * f64::from(counts.views_of_day)
        + NEARNESS / (1.0 + days)
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

    fn events(now: DateTime<Utc>) -> Vec<UpcomingEvent> {
        (1..=7_u8)
            .map(|day| UpcomingEvent {
                id: Uuid::from_u128(day.into()),
                title: format!("event {day}"),
                city: "Rome".to_owned(),
                category: if day % 2 == 0 { "Music" } else { "Art" }.to_owned(),
                start_time: now + Duration::days(day.into()),
                covers: Vec::new(),
            })
            .collect()
    }

    fn titles(items: &[Ranked]) -> Vec<&str> {
        items.iter().map(|item| item.event.title.as_str()).collect()
    }

    #[test]
    fn pages_return_each_event_once_while_time_passes_api_5() {
        let now = Utc::now();
        // The precision of the database.
        let listed = events(now.trunc_subsecs(CURSOR_DIGITS));
        let counts = HashMap::from([(
            Uuid::from_u128(6),
            Counts {
                joins_of_day: 2,
                joins_of_week: 2,
                views_of_day: 0,
            },
        )]);
        for kind in [FeedType::Trending, FeedType::Latest] {
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let ranked_at = after.map_or(now, |after: Cursor| after.ranked_at);
                let limits = (ranked_at, after, 3);
                let (items, next) = page(kind, listed.clone(), &counts, &HashMap::new(), limits);
                seen.extend(items.iter().map(|item| item.event.id.as_u128()));
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
        let limits = (now, None, 3);
        let (items, _) = page(
            FeedType::Personalized,
            events(now),
            &HashMap::new(),
            &interests,
            limits,
        );
        assert_eq!(titles(&items), ["event 1", "event 2", "event 4"]);
        let second = items.get(1).map(|item| item.score).unwrap_or_default();
        assert!((second - 1.5).abs() < 0.01, "{second}");
    }
}
