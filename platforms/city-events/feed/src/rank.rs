//! What stands before what.

use std::{cmp::Ordering, collections::HashMap};

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::{
    cursor::{CURSOR_DIGITS, Cursor},
    store::{Counts, Listed},
};

/// A join of the last day says most; a look says little.
const JOIN_OF_DAY: f64 = 4.0;
const JOIN_OF_WEEK: f64 = 2.0;
const VIEW_OF_DAY: f64 = 0.5;
/// What an event gets that begins now; one of in two days a third of it.
const NEARNESS: f64 = 3.0;
/// What somebody likes adds this share of its weight, and never more than this share of the score.
const TASTE: f64 = 0.5;
const SECONDS_OF_DAY: f64 = 86_400.0;

/// How events are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedType {
    Trending,
    Personalized,
    Latest,
}

impl FeedType {
    pub(crate) fn named(name: &str) -> Option<Self> {
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
    pub(crate) event: Listed,
    pub(crate) score: f64,
}

impl Ranked {
    fn place(&self, ranked_at: DateTime<Utc>) -> Cursor {
        Cursor {
            ranked_at,
            score: self.score,
            starts: self.event.starts,
            id: self.event.id,
        }
    }
}

/// A page of events, and where the next one begins.
pub(crate) fn page(
    kind: FeedType,
    events: Vec<Listed>,
    counts: &HashMap<uuid::Uuid, Counts>,
    tastes: &HashMap<String, f64>,
    (ranked_at, after, limit): (DateTime<Utc>, Option<Cursor>, usize),
) -> (Vec<Ranked>, Option<Cursor>) {
    // What a cursor can say, so that the next page is ranked at the very moment of this one.
    let ranked_at = ranked_at.trunc_subsecs(CURSOR_DIGITS);
    let mut ranked: Vec<Ranked> = events
        .into_iter()
        .map(|event| {
            let score = match kind {
                FeedType::Latest => 0.0,
                _ => {
                    let plain = score(&event, counts.get(&event.id), ranked_at);
                    let taste = tastes.get(&event.category).copied().unwrap_or_default();
                    plain + (taste * TASTE).min(plain * TASTE)
                }
            };
            Ranked { event, score }
        })
        .collect();
    let order = |left: &Cursor, right: &Cursor| order(kind, left, right);
    ranked.sort_by(|left, right| order(&left.place(ranked_at), &right.place(ranked_at)));
    let behind = |event: &Ranked| {
        after.is_none_or(|after| order(&after, &event.place(ranked_at)) == Ordering::Less)
    };
    let mut rest = ranked.into_iter().filter(behind);
    let items: Vec<Ranked> = rest.by_ref().take(limit).collect();
    let next = match rest.next() {
        Some(_) => items.last().map(|last| last.place(ranked_at)),
        None => None,
    };
    (items, next)
}

fn score(event: &Listed, counts: Option<&Counts>, now: DateTime<Utc>) -> f64 {
    let counts = counts.copied().unwrap_or_default();
    let seconds = (event.starts - now).num_seconds().max(0);
    // An event in a million years has lost nothing that matters.
    let days = f64::from(u32::try_from(seconds).unwrap_or(u32::MAX)) / SECONDS_OF_DAY;
    JOIN_OF_DAY * f64::from(counts.joins_of_day)
        + JOIN_OF_WEEK * f64::from(counts.joins_of_week)
        + VIEW_OF_DAY * f64::from(counts.views_of_day)
        + NEARNESS / (1.0 + days)
}

fn order(kind: FeedType, left: &Cursor, right: &Cursor) -> Ordering {
    let by_id = right.id.cmp(&left.id);
    match kind {
        FeedType::Latest => right.starts.cmp(&left.starts).then(by_id),
        _ => right
            .score
            .total_cmp(&left.score)
            .then(left.starts.cmp(&right.starts))
            .then(by_id),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;

    fn events(now: DateTime<Utc>) -> Vec<Listed> {
        (1..=7_u8)
            .map(|day| Listed {
                id: Uuid::from_u128(day.into()),
                title: format!("event {day}"),
                city: "Rome".to_owned(),
                category: if day % 2 == 0 { "Music" } else { "Art" }.to_owned(),
                starts: now + Duration::days(day.into()),
                covers: Vec::new(),
            })
            .collect()
    }

    fn titles(items: &[Ranked]) -> Vec<&str> {
        items.iter().map(|item| item.event.title.as_str()).collect()
    }

    #[test]
    fn pages_hold_every_event_once_though_the_clock_goes_on_api_1() {
        let now = Utc::now();
        // As the index has them.
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
                    Some(cursor) => after = Cursor::read(&cursor.text(), now),
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
    fn what_somebody_likes_comes_sooner_and_never_adds_more_than_half() {
        let now = Utc::now();
        let tastes = HashMap::from([("Music".to_owned(), 1_000.0)]);
        let limits = (now, None, 3);
        let (items, _) = page(
            FeedType::Personalized,
            events(now),
            &HashMap::new(),
            &tastes,
            limits,
        );
        assert_eq!(titles(&items), ["event 1", "event 2", "event 4"]);
        let second = items.get(1).map(|item| item.score).unwrap_or_default();
        assert!((second - 1.5).abs() < 0.01, "{second}");
    }
}
