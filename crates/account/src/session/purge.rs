use seaworthy_core::{Error, Timeout};
use seaworthy_data::{DataError, sql};
use seaworthy_service::{Schedule, Worker};

use super::Sessions;

/// Often enough that little has gathered, seldom enough to be no load.
const EVERY: Timeout = Timeout::from_secs(10 * 60);

impl Sessions {
    /// The worker that removes sessions that are over and the used tokens of sessions that are gone. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        let sessions = self.clone();
        Worker::new("purge sessions", Schedule::Interval(EVERY), move |_| {
            let sessions = sessions.clone();
            async move { sessions.purge().await.map_err(Error::from) }
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
