use seaworthy_data::{DataError, purge_worker, sql};
use seaworthy_service::Worker;

use super::Sessions;

impl Sessions {
    /// Returns the worker that deletes expired sessions and the rotated tokens of deleted sessions.
    /// It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge sessions", self, async |sessions| {
            sessions.purge().await
        })
    }

    async fn purge(&self) -> Result<bool, DataError> {
        let sessions = sql("DELETE FROM account_sessions WHERE id IN (SELECT id FROM account_sessions WHERE until_us <= {now_us} OR ends_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_sessions WHERE until_us <= {now_us} OR ends_us <= {now_us} LIMIT ?");
        let tokens = sql("DELETE FROM account_used_tokens WHERE token_hash IN
                 (SELECT u.token_hash FROM account_used_tokens u WHERE NOT EXISTS (SELECT 1 FROM account_sessions s WHERE s.id = u.session_id) LIMIT ?)")
                .on_mysql("DELETE FROM account_used_tokens WHERE session_id NOT IN (SELECT id FROM account_sessions) LIMIT ?");
        let more_sessions = sessions.delete_page(&self.database).await?;
        let more_tokens = tokens.delete_page(&self.database).await?;
        Ok(more_sessions || more_tokens)
    }
}
