use chrono::{DateTime, Utc};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

/// Word of somebody who joined an event, or left it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Joined {
    pub(crate) user: Uuid,
    pub(crate) event: Uuid,
    pub(crate) is_in: bool,
    /// That of the event's places; it alone tells the order of what two replicas tell.
    pub(crate) revision: Option<i64>,
    pub(crate) told_at: DateTime<Utc>,
}

/// Whether somebody who joined, in the line `j`, had left again by a moment, which is bound once.
macro_rules! has_left {
    () => {
        "EXISTS (SELECT 1 FROM feed_joins l WHERE l.event_id = j.event_id AND l.actor = j.actor AND l.kind = 'leave' AND l.heard_at <= ?
            AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.told_at >= j.told_at ELSE l.revision > j.revision END)"
    };
}
pub(super) use has_left;

/// Remembers it.
pub(crate) async fn moved(tx: &Transaction, joined: Joined) -> Result<(), DataError> {
    sql("INSERT INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(format!("u:{}", joined.user))
        .bind(joined.event)
        .bind(if joined.is_in { "join" } else { "leave" })
        .bind(joined.revision)
        .bind(joined.told_at)
        .bind(Utc::now())
        .execute(tx)
        .await
        .map(drop)
}
