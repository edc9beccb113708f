use chrono::{DateTime, Utc};
use seaworthy::data::{Connection as _, DataError, Engine, Transaction, sql};
use uuid::Uuid;

use super::scores::{Kind, lock_contribution, set_contribution, set_points};

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
            " AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.occurred_at >= j.occurred_at ELSE l.revision > j.revision END)"
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
    if tx.engine() == Engine::Postgres {
        let previous = insert_and_lock(tx, change, &actor, now).await?;
        let since = joined_since(tx, change.event, &actor).await?;
        return set_points(tx, key, previous, since, now).await;
    }
    // Of two transactions for one user, the second one sees the row of the first one.
    lock_contribution(tx, key, now).await?;
    sql("INSERT INTO feed_joins (actor, event_id, kind, revision, occurred_at, received_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO feed_joins (actor, event_id, kind, revision, occurred_at, received_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(&actor)
        .bind(change.event)
        .bind(if change.is_joined { "join" } else { "leave" })
        .bind(change.revision)
        .bind(change.occurred_at)
        .bind(now)
        .execute(tx)
        .await?;
    let since = joined_since(tx, change.event, &actor).await?;
    set_contribution(tx, key, since, now).await
}

/// Inserts the row of a change, and locks the contribution of the user. Returns its points.
async fn insert_and_lock(
    tx: &Transaction,
    change: JoinChange,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<i64, DataError> {
    let (points,): (i64,) = sql("WITH recorded AS (
                INSERT INTO feed_joins (actor, event_id, kind, revision, occurred_at, received_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            ) INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at) VALUES (?, ?, ?, 0, ?, ?)
            ON CONFLICT (event_id, actor, kind) DO UPDATE SET points = feed_contributions.points RETURNING points")
        .bind(actor)
        .bind(change.event)
        .bind(if change.is_joined { "join" } else { "leave" })
        .bind(change.revision)
        .bind(change.occurred_at)
        .bind(now)
        .bind(change.event)
        .bind(actor)
        .bind(Kind::Join.as_str())
        .bind(now)
        .bind(now)
        .fetch_one(tx)
        .await?;
    Ok(points)
}

/// Returns when a user who takes part joined. The caller has locked the contribution.
async fn joined_since(
    tx: &Transaction,
    event: Uuid,
    actor: &str,
) -> Result<Option<DateTime<Utc>>, DataError> {
    let (since,): (Option<DateTime<Utc>>,) = sql(concat!(
        "SELECT MAX(j.received_at) FROM feed_joins j WHERE j.event_id = ? AND j.actor = ? AND j.kind = 'join' AND NOT ",
        has_left!("")
    ))
    .bind(event)
    .bind(actor)
    .fetch_one(tx)
    .await?;
    Ok(since)
}
