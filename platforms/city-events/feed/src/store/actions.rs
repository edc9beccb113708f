use chrono::{DateTime, Duration, Utc};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use super::{
    Store,
    interests::MONTH,
    scores::{Kind, change_retention_start, lock_contribution, set_contribution},
};

/// Retention of actions and joins: the longest period that any score or interest covers.
const RETENTION: Duration = MONTH;
/// Kind of the actions that count for scores.
const VIEW: &str = "view";

impl Store {
    /// Stores that an actor viewed a published event, once per day and kind, and updates the score
    /// of the event. For any other event it is a no-op, so that clients cannot fill the table with
    /// invented IDs.
    pub(crate) async fn record_action(
        &self,
        actor: &str,
        event: Uuid,
        kind: &str,
        now: DateTime<Utc>,
    ) -> Result<(), DataError> {
        self.0
            .transaction(|tx| async move {
                let is_new = insert_action(&tx, actor, event, kind, now).await?;
                if is_new && kind == VIEW {
                    let key = (event, actor, Kind::View);
                    lock_contribution(&tx, key, now).await?;
                    set_contribution(&tx, key, Some(now), now).await?;
                }
                Ok(())
            })
            .await
    }

    /// Deletes a batch of actions, joins and score changes beyond their retention. Returns whether
    /// more rows may be left.
    pub(crate) async fn purge(&self) -> Result<bool, DataError> {
        let now = Utc::now();
        let actions = sql("DELETE FROM feed_actions WHERE ctid IN (SELECT ctid FROM feed_actions WHERE happened_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM feed_actions WHERE happened_at < ? LIMIT ?")
            .on_sqlite("DELETE FROM feed_actions WHERE rowid IN (SELECT rowid FROM feed_actions WHERE happened_at < ? LIMIT ?)")
            .bind(now - RETENTION);
        let joins = sql("DELETE FROM feed_joins WHERE ctid IN (SELECT ctid FROM feed_joins WHERE received_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM feed_joins WHERE received_at < ? LIMIT ?")
            .on_sqlite("DELETE FROM feed_joins WHERE rowid IN (SELECT rowid FROM feed_joins WHERE received_at < ? LIMIT ?)")
            .bind(now - RETENTION);
        let changes = sql("DELETE FROM feed_score_changes WHERE ctid IN (SELECT ctid FROM feed_score_changes WHERE changed_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM feed_score_changes WHERE changed_at < ? LIMIT ?")
            .on_sqlite("DELETE FROM feed_score_changes WHERE rowid IN (SELECT rowid FROM feed_score_changes WHERE changed_at < ? LIMIT ?)")
            .bind(change_retention_start(now));
        let mut has_more = false;
        for statement in [actions, joins, changes] {
            has_more |= statement.delete_page(&self.0).await?;
        }
        Ok(has_more)
    }
}

/// Returns whether the row is new.
async fn insert_action(
    tx: &Transaction,
    actor: &str,
    event: Uuid,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<bool, DataError> {
    let inserted = sql("INSERT INTO feed_actions (actor, event_id, kind, on_day, happened_at)
         SELECT ?, event_id, ?, ?, ? FROM feed_events WHERE event_id = ? AND status = 'published' ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO feed_actions (actor, event_id, kind, on_day, happened_at)
         SELECT ?, event_id, ?, ?, ? FROM feed_events WHERE event_id = ? AND status = 'published'")
        .bind(actor)
        .bind(kind)
        .bind(now.format("%Y-%m-%d").to_string())
        .bind(now)
        .bind(event)
        .execute(tx)
        .await?;
    Ok(inserted.rows_affected() > 0)
}
