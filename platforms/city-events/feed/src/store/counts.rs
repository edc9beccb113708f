//! Counts of joins and views, and interests of visitors.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use seaworthy::data::{DataError, sql};
use uuid::Uuid;

use super::{Store, UpcomingEvent, joins::has_left};

/// Period of the weekly count of joins.
const WEEK: Duration = Duration::days(7);
/// Period of interests.
pub(super) const MONTH: Duration = Duration::days(30);
/// Events whose counts one statement reads. A bound list is padded to a power of two.
const EVENTS_PER_STATEMENT: usize = 512;
// Weights of interests, as the contract requires.
const JOIN_WEIGHT: f64 = 1.0;
const ACTION_WEIGHT: f64 = 0.3;

/// Numbers of distinct actors who joined or viewed an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) joins_of_day: u32,
    pub(crate) joins_of_week: u32,
    pub(crate) views_of_day: u32,
}

impl Store {
    /// Counts the actions on these events at a given time. The number of rows that it reads depends
    /// only on the events, not on what clients track.
    pub(crate) async fn counts(
        &self,
        events: &[UpcomingEvent],
        at: DateTime<Utc>,
    ) -> Result<HashMap<Uuid, Counts>, DataError> {
        let mut counts = HashMap::with_capacity(events.len());
        for events in events.chunks(EVENTS_PER_STATEMENT) {
            let events: Vec<_> = events.iter().map(|event| event.id).collect();
            self.add_counts(&events, at, &mut counts).await?;
        }
        Ok(counts)
    }

    async fn add_counts(
        &self,
        events: &[Uuid],
        at: DateTime<Utc>,
        counts: &mut HashMap<Uuid, Counts>,
    ) -> Result<(), DataError> {
        let day = at - Duration::days(1);
        let joins: Vec<(Uuid, i64, i64)> = sql(concat!(
            "SELECT j.event_id, COUNT(DISTINCT CASE WHEN j.heard_at > ? THEN j.actor END), COUNT(DISTINCT j.actor)
             FROM feed_joins j WHERE j.event_id IN (?*) AND j.kind = 'join' AND j.heard_at > ? AND j.heard_at <= ? AND NOT ",
            has_left!(),
            " GROUP BY j.event_id"
        ))
        .bind(day)
        .bind_list(events.iter().copied())
        .bind(at - WEEK)
        .bind(at)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let views: Vec<(Uuid, i64)> = sql(
            "SELECT event_id, COUNT(DISTINCT actor) FROM feed_actions WHERE event_id IN (?*) AND kind = 'view' AND happened_at > ? AND happened_at <= ? GROUP BY event_id",
        )
        .bind_list(events.iter().copied())
        .bind(day)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        for (event, day, week) in joins {
            let counts: &mut Counts = counts.entry(event).or_default();
            (counts.joins_of_day, counts.joins_of_week) = (number(day), number(week));
        }
        for (event, views) in views {
            counts.entry(event).or_default().views_of_day = number(views);
        }
        Ok(())
    }

    /// Returns the weight of each category for an actor at a given time.
    pub(crate) async fn interests(
        &self,
        actor: &str,
        at: DateTime<Utc>,
    ) -> Result<HashMap<String, f64>, DataError> {
        let joins: Vec<(String, i64)> = sql(concat!(
            "SELECT e.category, COUNT(DISTINCT j.event_id) FROM feed_joins j JOIN feed_events e ON e.event_id = j.event_id
             WHERE j.kind = 'join' AND j.actor = ? AND j.heard_at > ? AND j.heard_at <= ? AND NOT ",
            has_left!(),
            " GROUP BY e.category"
        ))
        .bind(actor)
        .bind(at - MONTH)
        .bind(at)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let actions: Vec<(String, i64)> = sql(
            "SELECT e.category, COUNT(*) FROM feed_actions a JOIN feed_events e ON e.event_id = a.event_id
             WHERE a.actor = ? AND a.happened_at > ? AND a.happened_at <= ? GROUP BY e.category",
        )
        .bind(actor)
        .bind(at - MONTH)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let times = |count: i64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let mut interests: HashMap<String, f64> = HashMap::new();
        for (weight, all) in [(JOIN_WEIGHT, joins), (ACTION_WEIGHT, actions)] {
            for (category, count) in all {
                *interests.entry(category).or_default() += weight * times(count);
            }
        }
        Ok(interests)
    }
}
