//! Sums of joins and views per event, kept current by messages, views and a worker.
//!
//! Each actor who counts for an event has one contribution. A change of a contribution updates the
//! sum of its event in the same transaction, and records the difference. Later pages of a list can
//! therefore use the sums of its first page.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use seaworthy::data::{DataError, Transaction, Value, sql};
use uuid::Uuid;

use super::Store;
use crate::cursor::{MAX_AGE, MAX_CLOCK_SKEW};

const DAY: Duration = Duration::days(1);
const WEEK: Duration = Duration::days(7);
/// Half points of a join in its first day: four points for the day and two for the week.
const JOIN_OF_DAY: i64 = 12;
/// Half points of a join in its first week.
const JOIN_OF_WEEK: i64 = 4;
/// Half points of a view in its first day.
const VIEW_OF_DAY: i64 = 1;
/// Number of contributions that one step of the worker lowers.
const EXPIRY_BATCH: i64 = 1_000;
/// Maximum number of rows of one statement.
const ROWS_PER_STATEMENT: usize = 256;

/// Kind of a contribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Join,
    View,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::View => "view",
        }
    }
}

/// Points of a contribution and the times at which they decrease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Contribution {
    points: i64,
    expires_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

impl Contribution {
    /// Returns the contribution at a time, or `None` after its end.
    fn at(kind: Kind, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<Self> {
        let (day_end, week_end) = (since + DAY, since + WEEK);
        let (points, expires_at, ends_at) = match kind {
            Kind::Join if now < day_end => (JOIN_OF_DAY, day_end, week_end),
            Kind::Join if now < week_end => (JOIN_OF_WEEK, week_end, week_end),
            Kind::View if now < day_end => (VIEW_OF_DAY, day_end, day_end),
            Kind::Join | Kind::View => return None,
        };
        Some(Self {
            points,
            expires_at,
            ends_at,
        })
    }
}

/// Locks a contribution until the transaction ends. Creates one without points if there is none.
pub(super) async fn lock_contribution(
    tx: &Transaction,
    (event, actor, kind): (Uuid, &str, Kind),
    now: DateTime<Utc>,
) -> Result<(), DataError> {
    sql("INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at) VALUES (?, ?, ?, 0, ?, ?)
         ON CONFLICT (event_id, actor, kind) DO UPDATE SET points = feed_contributions.points")
        .on_mysql("INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at) VALUES (?, ?, ?, 0, ?, ?)
         ON DUPLICATE KEY UPDATE points = points")
        .bind(event)
        .bind(actor)
        .bind(kind.as_str())
        .bind(now)
        .bind(now)
        .execute(tx)
        .await
        .map(drop)
}

/// Sets a locked contribution to its points since a time, or removes it for `None`.
pub(super) async fn set_contribution(
    tx: &Transaction,
    (event, actor, kind): (Uuid, &str, Kind),
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), DataError> {
    let (previous,): (i64,) =
        sql("SELECT points FROM feed_contributions WHERE event_id = ? AND actor = ? AND kind = ?")
            .bind(event)
            .bind(actor)
            .bind(kind.as_str())
            .fetch_one(tx)
            .await?;
    set_points(tx, (event, actor, kind), previous, since, now).await
}

/// Sets a locked contribution, whose points are `previous`, as [`set_contribution`] does.
pub(super) async fn set_points(
    tx: &Transaction,
    (event, actor, kind): (Uuid, &str, Kind),
    previous: i64,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), DataError> {
    let contribution = since.and_then(|since| Contribution::at(kind, since, now));
    let statement = match contribution {
        Some(contribution) => sql("UPDATE feed_contributions SET points = ?, expires_at = ?, ends_at = ? WHERE event_id = ? AND actor = ? AND kind = ?")
            .bind(contribution.points)
            .bind(contribution.expires_at)
            .bind(contribution.ends_at),
        None => {
            sql("DELETE FROM feed_contributions WHERE event_id = ? AND actor = ? AND kind = ?")
        }
    };
    statement
        .bind(event)
        .bind(actor)
        .bind(kind.as_str())
        .execute(tx)
        .await?;
    let points = contribution.map_or(0, |contribution| contribution.points);
    add_points(tx, &BTreeMap::from([(event, points - previous)]), now).await
}

/// Adds points to events and records the changes. Events are in the order of their IDs, so that
/// transactions do not deadlock.
async fn add_points(
    tx: &Transaction,
    changes: &BTreeMap<Uuid, i64>,
    now: DateTime<Utc>,
) -> Result<(), DataError> {
    let changes: Vec<_> = changes
        .iter()
        .filter(|(_, points)| **points != 0)
        .map(|(event, points)| (*event, *points))
        .collect();
    for changes in changes.chunks(ROWS_PER_STATEMENT) {
        let rows = changes.iter();
        sql(
            "INSERT INTO feed_scores (event_id, points, is_listed) VALUES (?, ?, FALSE)**
             ON CONFLICT (event_id) DO UPDATE SET points = feed_scores.points + excluded.points",
        )
        .on_mysql(
            "INSERT INTO feed_scores (event_id, points, is_listed) VALUES (?, ?, FALSE)**
             ON DUPLICATE KEY UPDATE points = points + VALUES(points)",
        )
        .bind_rows(rows.map(|(event, points)| [(*event).into(), (*points).into()]))
        .execute(tx)
        .await?;
        let rows = changes.iter();
        let row = |(event, points): &(Uuid, i64)| -> [Value; 3] {
            [(*event).into(), now.into(), (*points).into()]
        };
        sql("INSERT INTO feed_score_changes (event_id, changed_at, points) VALUES (?, ?, ?)**")
            .bind_rows(rows.map(row))
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Stores whether lists contain an event, and its start time.
pub(super) async fn set_listed(
    tx: &Transaction,
    event: Uuid,
    is_listed: bool,
    start_time: Option<DateTime<Utc>>,
) -> Result<(), DataError> {
    sql("INSERT INTO feed_scores (event_id, points, is_listed, start_time) VALUES (?, 0, ?, ?)
         ON CONFLICT (event_id) DO UPDATE SET is_listed = excluded.is_listed, start_time = excluded.start_time")
        .on_mysql("INSERT INTO feed_scores (event_id, points, is_listed, start_time) VALUES (?, 0, ?, ?)
         ON DUPLICATE KEY UPDATE is_listed = VALUES(is_listed), start_time = VALUES(start_time)")
        .bind(event)
        .bind(is_listed && start_time.is_some())
        .bind(start_time)
        .execute(tx)
        .await
        .map(drop)
}

impl Store {
    /// Lowers a batch of expired contributions and removes started events from lists. Returns
    /// whether more contributions may have expired.
    pub(crate) async fn expire(&self, now: DateTime<Utc>) -> Result<bool, DataError> {
        sql("UPDATE feed_scores SET is_listed = FALSE WHERE is_listed = TRUE AND start_time <= ?")
            .bind(now)
            .execute(&self.0)
            .await?;
        self.0
            .transaction(|tx| async move { expire_contributions(&tx, now).await })
            .await
    }
}

async fn expire_contributions(tx: &Transaction, now: DateTime<Utc>) -> Result<bool, DataError> {
    let times: Vec<(DateTime<Utc>,)> = sql("SELECT expires_at FROM feed_contributions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?")
        .bind(now)
        .bind(EXPIRY_BATCH)
        .fetch_all(tx)
        .await?;
    let Some((last,)) = times.last().copied() else {
        return Ok(false);
    };
    let expired: Vec<(Uuid, i64, DateTime<Utc>)> = sql(
        "SELECT event_id, points, ends_at FROM feed_contributions WHERE expires_at <= ? FOR UPDATE",
    )
    .on_sqlite("SELECT event_id, points, ends_at FROM feed_contributions WHERE expires_at <= ?")
    .bind(last)
    .fetch_all(tx)
    .await?;
    sql("DELETE FROM feed_contributions WHERE expires_at <= ? AND ends_at <= ?")
        .bind(last)
        .bind(now)
        .execute(tx)
        .await?;
    sql("UPDATE feed_contributions SET points = ?, expires_at = ends_at WHERE expires_at <= ?")
        .bind(JOIN_OF_WEEK)
        .bind(last)
        .execute(tx)
        .await?;
    let mut changes = BTreeMap::new();
    for (event, points, ends_at) in expired {
        let remaining = if ends_at <= now { 0 } else { JOIN_OF_WEEK };
        *changes.entry(event).or_default() += remaining - points;
    }
    add_points(tx, &changes, now).await?;
    Ok(i64::try_from(times.len()).is_ok_and(|count| count >= EXPIRY_BATCH))
}

/// Returns the time before which no valid cursor needs a change.
pub(super) fn change_retention_start(now: DateTime<Utc>) -> DateTime<Utc> {
    now - MAX_AGE - MAX_CLOCK_SKEW
}
