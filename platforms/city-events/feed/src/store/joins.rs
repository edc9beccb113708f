use chrono::{DateTime, Utc};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use super::scores::{Kind, lock_contribution, set_contribution};

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

/// Condition: the user of the join in row `j` left again. The argument limits the leaves `l`.
macro_rules! has_left {
    ($leaves:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM feed_joins l WHERE l.event_id = j.event_id AND l.actor = j.actor AND l.kind = 'leave'",
            $leaves,
            " AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.told_at >= j.told_at ELSE l.revision > j.revision END)"
        )
    };
}
pub(super) use has_left;

/// Records a join or a leave that is received at `now`, and updates the score of its event.
pub(crate) async fn record_join(
    tx: &Transaction,
    change: JoinChange,
    now: DateTime<Utc>,
) -> Result<(), DataError> {
    let actor = format!("u:{}", change.user);
    let key = (change.event, actor.as_str(), Kind::Join);
    // Of two transactions for one user, the second one sees the row of the first one.
    lock_contribution(tx, key, now).await?;
    sql("INSERT INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(&actor)
        .bind(change.event)
        .bind(if change.is_joined { "join" } else { "leave" })
        .bind(change.revision)
        .bind(change.occurred_at)
        .bind(now)
        .execute(tx)
        .await?;
    let (since,): (Option<DateTime<Utc>>,) = sql(concat!(
        "SELECT MAX(j.heard_at) FROM feed_joins j WHERE j.event_id = ? AND j.actor = ? AND j.kind = 'join' AND NOT ",
        has_left!("")
    ))
    .bind(change.event)
    .bind(&actor)
    .fetch_one(tx)
    .await?;
    set_contribution(tx, key, since, now).await
}
