use chrono::{DateTime, Utc};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

/// A join or a leave of a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JoinChange {
    pub(crate) user: Uuid,
    pub(crate) event: Uuid,
    /// Whether the user takes part after the change.
    pub(crate) is_joined: bool,
    /// Revision of the event's seat counts. It orders the changes that two replicas publish.
    pub(crate) revision: Option<i64>,
    pub(crate) occurred_at: DateTime<Utc>,
}

/// Condition: the user of the join in row `j` had left again at the time that it binds once.
macro_rules! has_left {
    () => {
        "EXISTS (SELECT 1 FROM feed_joins l WHERE l.event_id = j.event_id AND l.actor = j.actor AND l.kind = 'leave' AND l.heard_at <= ?
            AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.told_at >= j.told_at ELSE l.revision > j.revision END)"
    };
}
pub(super) use has_left;

/// Records a join or a leave.
pub(crate) async fn record_join(tx: &Transaction, change: JoinChange) -> Result<(), DataError> {
    sql("INSERT INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(format!("u:{}", change.user))
        .bind(change.event)
        .bind(if change.is_joined { "join" } else { "leave" })
        .bind(change.revision)
        .bind(change.occurred_at)
        .bind(Utc::now())
        .execute(tx)
        .await
        .map(drop)
}
