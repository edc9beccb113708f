use aws_lc_rs::constant_time::verify_slices_are_equal;
use seaworthy_data::{DataError, sql};
use serde::Serialize;

use crate::{
    AuditLog,
    log::chain,
    record::{Record, hexadecimal},
};

/// Records that are held in memory at a time.
const PAGE: i64 = 1_000;

/// What a look at the whole chain has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// The number of the last one, 0 where there was never any.
    pub last_sequence: i64,
    /// Its hash, in hexadecimal: kept elsewhere, it shows later whether the end was cut off.
    pub last_hash: String,
}

/// The log is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A record was altered, or written by somebody without the key.
    #[error("record {0} is not what was written")]
    Altered(i64),
    /// Records are missing.
    #[error("record {0} is missing")]
    Missing(i64),
    /// The end of the chain is not its last record.
    #[error("the chain ends at record {expected}, and the last one that is here is {found}")]
    End {
        /// What the chain says.
        expected: i64,
        /// What is here.
        found: i64,
    },
    /// It is not what was seen before.
    #[error("record {0} is not the one that was seen before")]
    Replaced(i64),
    /// It cannot be read.
    #[error(transparent)]
    Failed(#[from] DataError),
}

impl AuditLog {
    /// Reads the whole log and follows its chain. `seen` is a number and its hash from an earlier look or from the service's logs: without one, a log whose end was cut off is whole.
    ///
    /// # Errors
    /// [`VerifyError`] names the first record that is wrong.
    pub async fn verify(&self, seen: Option<(i64, &str)>) -> Result<Verified, VerifyError> {
        // Before the records, so that what is appended meanwhile is not missed but left for the next look.
        let chain = chain(&self.database).await?;
        let (mut last, mut hash) = (chain.pruned_sequence, chain.pruned_hash);
        let mut records = 0;
        let mut was_seen = seen.is_none_or(|(sequence, _)| sequence <= last);
        while last < chain.last_sequence {
            let page = self.page(last, chain.last_sequence).await?;
            if page.is_empty() {
                break;
            }
            for record in page {
                if record.sequence != last + 1 {
                    return Err(VerifyError::Missing(last + 1));
                }
                hash = record.chained(&hash, &self.key);
                verify_slices_are_equal(&hash, &record.hash)
                    .map_err(|_| VerifyError::Altered(record.sequence))?;
                if let Some((sequence, expected)) = seen
                    && sequence == record.sequence
                {
                    if !hexadecimal(&hash).eq_ignore_ascii_case(expected) {
                        return Err(VerifyError::Replaced(sequence));
                    }
                    was_seen = true;
                }
                last = record.sequence;
                records += 1;
            }
        }
        if last != chain.last_sequence || hash != chain.last_hash {
            return Err(VerifyError::End {
                expected: chain.last_sequence,
                found: last,
            });
        }
        match seen {
            Some((sequence, _)) if !was_seen => Err(VerifyError::Missing(sequence)),
            _ => Ok(Verified {
                records,
                last_sequence: last,
                last_hash: hexadecimal(&hash),
            }),
        }
    }

    async fn page(&self, after: i64, last: i64) -> Result<Vec<Record>, DataError> {
        sql("SELECT * FROM audit_log WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?")
            .bind(after)
            .bind(last)
            .bind(PAGE)
            .fetch_all(&self.database)
            .await
    }
}
