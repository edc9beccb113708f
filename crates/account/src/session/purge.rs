use seaworthy_data::{DataError, sql};
use seaworthy_service::Worker;

use super::Sessions;
use crate::purge::purge_worker;

impl Sessions {
    /// The worker that removes sessions that are over and the used tokens of sessions that are gone. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge sessions", self, async |sessions| {
            sessions.purge().await
        })
    }

    async fn purge(&self) -> Result<(), DataError> {
        sql("DELETE FROM account_sessions WHERE until_us <= {now_us} OR ends_us <= {now_us}")
            .execute(&self.database)
            .await?;
        sql("DELETE FROM account_used_tokens WHERE session_id NOT IN (SELECT id FROM account_sessions)")
            .execute(&self.database)
            .await
            .map(drop)
    }
}
