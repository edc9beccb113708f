use seaworthy_data::{DataError, Transaction, sql};

use crate::{
    AuditLog, VerifyError,
    log::{Chain, hold},
};

const MICROSECONDS_OF_A_DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// Maximum records that one transaction removes, so that other transactions can append soon.
const AT_ONCE: i64 = 5_000;

impl AuditLog {
    /// Removes records that are older than `days` and returns their number. Stores a proof of the
    /// new beginning, so the remaining chain can be verified.
    ///
    /// # Errors
    /// [`VerifyError`] if the records to remove are damaged. Nothing more is removed then.
    pub async fn prune(&self, days: u32) -> Result<u64, VerifyError> {
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

    async fn prune_some(&self, age: i64) -> Result<u64, VerifyError> {
        self.database
            .transaction(|tx| async move { self.prune_in(&tx, age).await })
            .await
    }

    async fn prune_in(&self, tx: &Transaction, age: i64) -> Result<u64, VerifyError> {
        let (chain, now) = hold(tx).await?;
        let Some(end) = end(tx, &chain, now.saturating_sub(age)).await? else {
            return Ok(0);
        };
        // Otherwise an attacker who alters times would make the service remove records and sign
        // that.
        let (beginning, _) = self.beginning(&chain)?;
        let pruned = self.follow(tx, beginning, end, |_, _| Ok(())).await?;
        let done = sql("DELETE FROM audit_log WHERE sequence > ? AND sequence <= ?")
            .bind(chain.pruned_sequence)
            .bind(pruned.sequence)
            .execute(tx)
            .await?;
        self.mark(tx, &pruned).await?;
        Ok(done.rows_affected())
    }
}

/// Returns the number of the last record to remove. Times rise with the numbers, so the oldest
/// records are the first ones.
async fn end(tx: &Transaction, chain: &Chain, before_us: i64) -> Result<Option<i64>, DataError> {
    let end: Option<(i64,)> =
        sql("SELECT sequence FROM audit_log WHERE sequence > ? AND sequence <= ? AND sequence < ? AND at_us < ? ORDER BY sequence DESC LIMIT 1")
            .bind(chain.pruned_sequence)
            .bind(chain.pruned_sequence.saturating_add(AT_ONCE))
            .bind(chain.last_sequence)
            .bind(before_us)
            .fetch_optional(tx)
            .await?;
    Ok(end.map(|(sequence,)| sequence))
}
