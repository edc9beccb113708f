//! Interests of visitors: the categories of the events that they joined or viewed.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use seaworthy::data::{DataError, sql};
use uuid::Uuid;

use super::{
    Store,
    events::{DetailsRow, EventDetails, published_details},
    joins::has_left,
};

/// Period of interests.
pub(super) const MONTH: Duration = Duration::days(30);
// Weights of the contract.
const JOIN_WEIGHT: f64 = 1.0;
const ACTION_WEIGHT: f64 = 0.3;

/// The details of events by ID, and the weight of each category.
pub(crate) type DetailsAndInterests = (HashMap<Uuid, EventDetails>, HashMap<String, f64>);

/// An event, or a category with the joins and actions of an actor.
type EventOrCategory = (
    Option<Uuid>,
    Option<String>,
    Option<String>,
    String,
    Option<DateTime<Utc>>,
    Option<String>,
    i64,
    i64,
);

impl Store {
    /// Returns the details of published events, and the weight of each category for an actor at a
    /// given time, in one round trip.
    pub(crate) async fn details_and_interests(
        &self,
        events: &[Uuid],
        actor: &str,
        at: DateTime<Utc>,
    ) -> Result<DetailsAndInterests, DataError> {
        // The first part decides the types of the columns.
        let rows: Vec<EventOrCategory> = sql(concat!(
            published_details!(", 0 AS joins, 0 AS actions"),
            " UNION ALL SELECT NULL, NULL, NULL, e.category, NULL, NULL, COUNT(DISTINCT j.event_id), 0
             FROM feed_joins j JOIN feed_events e ON e.event_id = j.event_id
             WHERE j.kind = 'join' AND j.actor = ? AND j.received_at > ? AND j.received_at <= ? AND NOT ",
            has_left!(" AND l.received_at <= ?"),
            " GROUP BY e.category
             UNION ALL SELECT NULL, NULL, NULL, e.category, NULL, NULL, 0, COUNT(*)
             FROM feed_actions a JOIN feed_events e ON e.event_id = a.event_id
             WHERE a.actor = ? AND a.happened_at > ? AND a.happened_at <= ? GROUP BY e.category"
        ))
        .bind_list(events.iter().copied())
        .bind(actor)
        .bind(at - MONTH)
        .bind(at)
        .bind(at)
        .bind(actor)
        .bind(at - MONTH)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let times = |count: i64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let mut details = HashMap::new();
        let mut interests: HashMap<String, f64> = HashMap::new();
        for (id, title, city, category, start_time, covers, joins, actions) in rows {
            if let (Some(id), Some(title), Some(city), Some(covers)) = (id, title, city, covers) {
                let row: DetailsRow = (id, title, city, category, start_time, covers);
                details.extend([EventDetails::from_row(row)]);
            } else {
                *interests.entry(category).or_default() +=
                    JOIN_WEIGHT * times(joins) + ACTION_WEIGHT * times(actions);
            }
        }
        Ok((details, interests))
    }
}
