use aws_lc_rs::constant_time::verify_slices_are_equal;
use seaworthy_data::{Connection, DataError, sql};

use crate::{AuditLog, VerifyError, record::Record};

/// Records that are held in memory at a time.
const PAGE: i64 = 1_000;

/// A place in the chain: the number of a record and the hash that it has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) sequence: i64,
    pub(crate) hash: Vec<u8>,
}

impl AuditLog {
    /// Goes from one place in the chain up to a number, and calls `at` for each record on the way. Returns where it came to, which is less far where the last ones are missing.
    pub(crate) async fn follow(
        &self,
        connection: &dyn Connection,
        from: Link,
        to: i64,
        mut at: impl FnMut(&Link) -> Result<(), VerifyError> + Send,
    ) -> Result<Link, VerifyError> {
        let mut link = from;
        while link.sequence < to {
            let page = page(connection, link.sequence, to).await?;
            if page.is_empty() {
                break;
            }
            for record in page {
                link = self.next(&link, &record)?;
                at(&link)?;
            }
        }
        Ok(link)
    }

    fn next(&self, link: &Link, record: &Record) -> Result<Link, VerifyError> {
        let sequence = link.sequence.saturating_add(1);
        if record.sequence != sequence {
            return Err(VerifyError::Missing(sequence));
        }
        let hash = record.chained(&link.hash, &self.key);
        verify_slices_are_equal(&hash, &record.hash).map_err(|_| VerifyError::Altered(sequence))?;
        Ok(Link { sequence, hash })
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
