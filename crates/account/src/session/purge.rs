use seaworthy_data::{DataError, sql};
use seaworthy_service::Worker;

use super::Sessions;
use crate::purge::{delete_in_pages, purge_worker};

impl Sessions {
    /// The worker that removes sessions that are over and the used tokens of sessions that are gone. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge sessions", self, async |sessions| {
            sessions.purge().await
        })
    }

    async fn purge(&self) -> Result<(), DataError> {
        delete_in_pages(&self.database, || {
            sql("DELETE FROM account_sessions WHERE id IN (SELECT id FROM account_sessions WHERE until_us <= {now_us} OR ends_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_sessions WHERE until_us <= {now_us} OR ends_us <= {now_us} LIMIT ?")
        })
        .await?;
        delete_in_pages(&self.database, || {
            sql("DELETE FROM account_used_tokens WHERE token_hash IN
                 (SELECT u.token_hash FROM account_used_tokens u WHERE NOT EXISTS (SELECT 1 FROM account_sessions s WHERE s.id = u.session_id) LIMIT ?)")
                .on_mysql("DELETE FROM account_used_tokens WHERE session_id NOT IN (SELECT id FROM account_sessions) LIMIT ?")
        })
        .await
    }
}
