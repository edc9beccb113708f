use seaworthy_core::{Error, Timeout};
use seaworthy_data::{DataError, sql};
use seaworthy_service::{Schedule, Worker};

use crate::{AuditLog, AuditLogConfig};

const MICROSECONDS_OF_A_DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// What one transaction removes, so that nobody waits for long to append.
const AT_ONCE: i64 = 5_000;
/// What is kept for days need not go to the minute.
const EVERY: Timeout = Timeout::from_secs(60 * 60);

impl AuditLog {
    /// The worker that removes what is older than the settings say; none where everything is kept.
    #[must_use]
    pub fn prune_worker(&self, config: &AuditLogConfig) -> Option<Worker> {
        let days = config.keep_days?.get();
        let log = self.clone();
        let work = move |_| {
            let log = log.clone();
            async move { log.prune(days).await.map(drop).map_err(Error::from) }
        };
        Some(Worker::new(
            "prune audit log",
            Schedule::Interval(EVERY),
            work,
        ))
    }

    /// Removes the oldest records, those of more than so many days ago, and tells how many. The chain remembers where it goes on, so the rest stays verifiable.
    ///
    /// # Errors
    /// The database's.
    pub async fn prune(&self, days: u32) -> Result<u64, DataError> {
        let age = i64::from(days).saturating_mul(MICROSECONDS_OF_A_DAY);
        let mut removed = 0;
        loop {
            let pruned = self.prune_some(age).await?;
            removed += pruned;
            if pruned < AT_ONCE.unsigned_abs() {
                return Ok(removed);
            }
        }
    }

    async fn prune_some(&self, age: i64) -> Result<u64, DataError> {
        self.database
            .transaction(|tx| async move {
                let chain: Option<(i64, i64)> =
                    sql("SELECT pruned_sequence, last_sequence FROM audit_log_chain WHERE name = 'chain' FOR UPDATE")
                        .on_sqlite("SELECT pruned_sequence, last_sequence FROM audit_log_chain WHERE name = 'chain'")
                        .fetch_optional(&tx)
                        .await?;
                let Some((pruned, last)) = chain else {
                    return Ok(0);
                };
                // The times rise with the numbers, so what is to go is the beginning.
                let end: Option<(i64, Vec<u8>)> =
                    sql("SELECT sequence, hash FROM audit_log WHERE sequence <= ? AND sequence < ? AND at_us < {now_us} - ? ORDER BY sequence DESC LIMIT 1")
                        .bind(pruned.saturating_add(AT_ONCE))
                        .bind(last)
                        .bind(age)
                        .fetch_optional(&tx)
                        .await?;
                let Some((sequence, hash)) = end else {
                    return Ok(0);
                };
                let done = sql("DELETE FROM audit_log WHERE sequence <= ?")
                    .bind(sequence)
                    .execute(&tx)
                    .await?;
                sql("UPDATE audit_log_chain SET pruned_sequence = ?, pruned_hash = ? WHERE name = 'chain'")
                    .bind(sequence)
                    .bind(hash)
                    .execute(&tx)
                    .await?;
                Ok(done.rows_affected())
            })
            .await
    }
}
