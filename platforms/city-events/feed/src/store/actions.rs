use chrono::{Duration, Utc};
use seaworthy::data::{DataError, sql};
use uuid::Uuid;

use super::{Store, counts::MONTH};

/// Lines that one step removes, so that no lock is held for long.
const PURGED_AT_ONCE: i64 = 5_000;
/// Longer than anything is counted.
const KEPT: Duration = MONTH;

impl Store {
    /// Stores that an actor viewed a published event, once per day and kind. For any other event it
    /// is a no-op, so that clients cannot fill the table with invented IDs.
    pub(crate) async fn looked(
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

    /// Returns whether people can look at an event.
    pub(crate) async fn is_published(&self, event: Uuid) -> Result<bool, DataError> {
        let found: Option<(Uuid,)> =
            sql("SELECT event_id FROM feed_events WHERE event_id = ? AND status = 'published'")
                .bind(event)
                .fetch_optional(&self.0)
                .await?;
        Ok(found.is_some())
    }

    /// Forgets some of what people did so long ago that it counts no more; `true` says that there may be more.
    pub(crate) async fn forget(&self) -> Result<bool, DataError> {
        let looks = sql("DELETE FROM feed_actions WHERE ctid IN (SELECT ctid FROM feed_actions WHERE happened_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM feed_actions WHERE happened_at < ? LIMIT ?")
            .on_sqlite("DELETE FROM feed_actions WHERE rowid IN (SELECT rowid FROM feed_actions WHERE happened_at < ? LIMIT ?)");
        let joins = sql("DELETE FROM feed_joins WHERE ctid IN (SELECT ctid FROM feed_joins WHERE heard_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM feed_joins WHERE heard_at < ? LIMIT ?")
            .on_sqlite("DELETE FROM feed_joins WHERE rowid IN (SELECT rowid FROM feed_joins WHERE heard_at < ? LIMIT ?)");
        let mut is_more = false;
        for statement in [looks, joins] {
            let statement = statement.bind(Utc::now() - KEPT).bind(PURGED_AT_ONCE);
            let done = statement.execute(&self.0).await?;
            is_more |= done.rows_affected() >= PURGED_AT_ONCE.unsigned_abs();
        }
        Ok(is_more)
    }
}
