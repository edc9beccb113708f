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
        // The outer condition keeps a session that is refreshed after the page was selected.
        let sessions = sql("DELETE FROM account_sessions WHERE (until_us <= {now_us} OR ends_us <= {now_us}) AND id IN (SELECT id FROM account_sessions WHERE until_us <= {now_us} OR ends_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_sessions WHERE until_us <= {now_us} OR ends_us <= {now_us} LIMIT ?");
        let tokens = sql("DELETE FROM account_used_tokens WHERE token_hash IN
                 (SELECT u.token_hash FROM account_used_tokens u WHERE NOT EXISTS (SELECT 1 FROM account_sessions s WHERE s.id = u.session_id) LIMIT ?)")
                .on_mysql("DELETE FROM account_used_tokens WHERE session_id NOT IN (SELECT id FROM account_sessions) LIMIT ?");
        let more_sessions = sessions.delete_page(&self.database).await?;
        let more_tokens = tokens.delete_page(&self.database).await?;
        Ok(more_sessions || more_tokens)
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_data::{Database, DatabaseConfig, Migrator};
    use seaworthy_testkit::{database::EmptyDatabase, eventually};

    use super::*;
    use crate::{MIGRATIONS, Origin, SessionConfig};

    #[tokio::test]
    async fn purge_keeps_session_refreshed_meanwhile_auth_3() {
        let Some(empty) = EmptyDatabase::postgres() else {
            return;
        };
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[MIGRATIONS]);
        migrator.up(false).await.unwrap();
        let sessions = Sessions::new(database.clone(), SessionConfig::default());
        let begun = sessions.begin(&database, "ada", Origin::default()).await;
        let token = begun.unwrap().token;
        sql("UPDATE account_sessions SET until_us = {now_us}")
            .execute(&database)
            .await
            .unwrap();
        let tx = database.begin().await.unwrap();
        sql("UPDATE account_sessions SET until_us = {now_us} + 60000000")
            .execute(&tx)
            .await
            .unwrap();
        let purge = tokio::spawn({
            let sessions = sessions.clone();
            async move { sessions.purge().await }
        });
        eventually(async || empty.blocked_statements("DELETE") > 0).await;
        tx.commit().await.unwrap();
        purge.await.unwrap().unwrap();
        sessions.refresh(&token).await.unwrap();
    }
}
