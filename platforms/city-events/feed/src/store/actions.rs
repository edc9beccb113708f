use chrono::{Duration, Utc};
use seaworthy::data::{DataError, sql};
use uuid::Uuid;

use super::{Store, counts::MONTH};

/// Maximum number of rows that one statement deletes, so that locks are short.
const PURGE_BATCH: i64 = 5_000;
/// Retention of actions and joins: the longest period that any count or interest covers.
const RETENTION: Duration = MONTH;

impl Store {
    /// Stores that an actor viewed a published event, once per day and kind. For any other event it
    /// is a no-op, so that clients cannot fill the table with invented IDs.
    pub(crate) async fn record_action(
        &self,
        actor: &str,
        event: Uuid,
        kind: &str,
    ) -> Result<(), DataError> {
        let now = Utc::now();
        sql("INSERT INTO feed_actions (actor, event_id, kind, on_day, happened_at)
             SELECT ?, event_id, ?, ?, ? FROM feed_events WHERE event_id = ? AND status = 'published' ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO feed_actions (actor, event_id, kind, on_day, happened_at)
             SELECT ?, event_id, ?, ?, ? FROM feed_events WHERE event_id = ? AND status = 'published'")
            .bind(actor)
            .bind(kind)
            .bind(now.format("%Y-%m-%d").to_string())
            .bind(now)
            .bind(event)
            .execute(&self.0)
            .await
            .map(drop)
    }

    /// Deletes a batch of actions and joins older than the retention. Returns whether more rows may
    /// be left.
    pub(crate) async fn purge(&self) -> Result<bool, DataError> {
        let actions = sql("DELETE FROM feed_actions WHERE ctid IN (SELECT ctid FROM feed_actions WHERE happened_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM feed_actions WHERE happened_at < ? LIMIT ?")
            .on_sqlite("DELETE FROM feed_actions WHERE rowid IN (SELECT rowid FROM feed_actions WHERE happened_at < ? LIMIT ?)");
        let joins = sql("DELETE FROM feed_joins WHERE ctid IN (SELECT ctid FROM feed_joins WHERE heard_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM feed_joins WHERE heard_at < ? LIMIT ?")
            .on_sqlite("DELETE FROM feed_joins WHERE rowid IN (SELECT rowid FROM feed_joins WHERE heard_at < ? LIMIT ?)");
        let mut has_more = false;
        for statement in [actions, joins] {
            let statement = statement.bind(Utc::now() - RETENTION).bind(PURGE_BATCH);
            let deleted = statement.execute(&self.0).await?;
            has_more |= deleted.rows_affected() >= PURGE_BATCH.unsigned_abs();
        }
        Ok(has_more)
    }
}
