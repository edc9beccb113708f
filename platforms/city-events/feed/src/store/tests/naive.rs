//! The reference for scores: counts over all joins and views.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use seaworthy::data::{Database, sql};
use uuid::Uuid;

use super::super::joins::has_left;

/// Returns the half points of each event with joins or views, by counting the rows of the last
/// week.
pub(super) async fn points(database: &Database, at: DateTime<Utc>) -> HashMap<Uuid, i64> {
    let day = at - Duration::days(1);
    let joins: Vec<(Uuid, i64, i64)> = sql(concat!(
        "SELECT j.event_id, COUNT(DISTINCT CASE WHEN j.received_at > ? THEN j.actor END), COUNT(DISTINCT j.actor)
         FROM feed_joins j WHERE j.kind = 'join' AND j.received_at > ? AND j.received_at <= ? AND NOT ",
        has_left!(" AND l.received_at <= ?"),
        " GROUP BY j.event_id"
    ))
    .bind(day)
    .bind(at - Duration::days(7))
    .bind(at)
    .bind(at)
    .fetch_all(database)
    .await
    .unwrap();
    let views: Vec<(Uuid, i64)> = sql("SELECT event_id, COUNT(DISTINCT actor) FROM feed_actions WHERE kind = 'view' AND happened_at > ? AND happened_at <= ? GROUP BY event_id")
        .bind(day)
        .bind(at)
        .fetch_all(database)
        .await
        .unwrap();
    let mut points = HashMap::new();
    for (event, day, week) in joins {
        // Four points for the day and two for the week.
        *points.entry(event).or_default() += 8 * day + 4 * week;
    }
    for (event, views) in views {
        *points.entry(event).or_default() += views;
    }
    points
}
