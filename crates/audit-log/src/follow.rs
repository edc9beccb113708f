use aws_lc_rs::constant_time::verify_slices_are_equal;
use seaworthy_data::{Connection, DataError, sql};

use crate::{AuditLog, VerifyError, keys::Signer, record::Record};

/// Maximum number of records in memory.
const PAGE: i64 = 1_000;

/// A position in the chain: the number and the expected hash of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainPosition {
    pub(crate) sequence: i64,
    pub(crate) hash: Vec<u8>,
}

impl AuditLog {
    /// Verifies the chain from a position up to a number. Calls `at` for each record with its
    /// signer. Returns the last position, which is earlier if records at the end are missing.
    pub(crate) async fn follow(
        &self,
        connection: &dyn Connection,
        from: ChainPosition,
        to: i64,
        mut at: impl FnMut(&ChainPosition, Signer) -> Result<(), VerifyError> + Send,
    ) -> Result<ChainPosition, VerifyError> {
        let mut position = from;
        while position.sequence < to {
            let page = page(connection, position.sequence, to).await?;
            if page.is_empty() {
                break;
            }
            for record in page {
                let signer = self.signer(&position, &record)?;
                position = ChainPosition {
                    sequence: record.sequence,
                    hash: record.hash,
                };
                at(&position, signer)?;
            }
        }
        Ok(position)
    }

    /// Returns the signer of the next record.
    fn signer(&self, position: &ChainPosition, record: &Record) -> Result<Signer, VerifyError> {
        let sequence = position.sequence.saturating_add(1);
        if record.sequence != sequence {
            return Err(VerifyError::Missing(sequence));
        }
        let signer = self.keys.of_record(sequence, |key| {
            let hash = record.chained(&position.hash, key);
            verify_slices_are_equal(&hash, &record.hash).is_ok()
        });
        signer.ok_or(VerifyError::Altered(sequence))
    }
}

async fn page(connection: &dyn Connection, after: i64, to: i64) -> Result<Vec<Record>, DataError> {
    sql("SELECT * FROM audit_log WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?")
        .bind(after)
        .bind(to)
        .bind(PAGE)
        .fetch_all(connection)
        .await
}
