//! Interests of visitors: the categories of the events that they joined or viewed.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use seaworthy::data::{DataError, sql};

use super::{Store, joins::has_left};

/// Period of interests.
pub(super) const MONTH: Duration = Duration::days(30);
// Weights of the contract.
const JOIN_WEIGHT: f64 = 1.0;
const ACTION_WEIGHT: f64 = 0.3;

impl Store {
    /// Returns the weight of each category for an actor at a given time.
    pub(crate) async fn interests(
        &self,
        actor: &str,
        at: DateTime<Utc>,
    ) -> Result<HashMap<String, f64>, DataError> {
        let joins: Vec<(String, i64)> = sql(concat!(
            "SELECT e.category, COUNT(DISTINCT j.event_id) FROM feed_joins j JOIN feed_events e ON e.event_id = j.event_id
             WHERE j.kind = 'join' AND j.actor = ? AND j.received_at > ? AND j.received_at <= ? AND NOT ",
            has_left!(" AND l.received_at <= ?"),
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
        for (weight, counts) in [(JOIN_WEIGHT, joins), (ACTION_WEIGHT, actions)] {
            for (category, count) in counts {
                *interests.entry(category).or_default() += weight * times(count);
            }
        }
        Ok(interests)
    }
}
