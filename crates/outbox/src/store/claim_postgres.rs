//! Claims on PostgreSQL: one statement claims and one reads, where the other engines need one per
//! partition.
//!
//! They are two statements, because the second one must see the deletes of the previous owner of a
//! partition.

use std::time::Duration;

use seaworthy_core::new_id;
use seaworthy_data::{DataError, Database, microseconds, sql};

use super::{
    claim::{Claim, ClaimedBatch, claimable_partitions, count, max_partitions},
    row::OutboxRow,
};

/// Claims partitions in a common table expression, so that the database locks them once.
const CLAIM: &str = concat!(
    "WITH claimable AS MATERIALIZED (",
    claimable_partitions!(),
    " FOR UPDATE SKIP LOCKED)
     UPDATE outbox_partitions SET claim = ?, until_us = ? + {now_us}, claimed_us = {now_us} FROM claimable
     WHERE outbox_partitions.partition_id = claimable.partition_id RETURNING outbox_partitions.partition_id"
);

/// Selects at most a share of rows from each claimed partition. Up to half of the share are
/// rejected rows whose backoff is over, and the rest are the oldest pending rows.
const READ: &str = "SELECT chosen.sequence, chosen.partition_id, chosen.topic, chosen.headers, chosen.payload, chosen.attempts
    FROM outbox_partitions CROSS JOIN LATERAL (
        SELECT * FROM (
            (SELECT due.sequence, due.partition_id, due.topic, due.headers, due.payload, due.attempts FROM outbox due
                WHERE due.partition_id = outbox_partitions.partition_id AND due.state = 2 AND due.until_us <= {now_us}
                AND (due.message_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM outbox earlier WHERE earlier.partition_id = due.partition_id AND earlier.state = 2
                        AND earlier.message_key = due.message_key AND earlier.sequence < due.sequence))
                ORDER BY due.until_us, due.sequence LIMIT ?)
            UNION ALL
            (SELECT pending.sequence, pending.partition_id, pending.topic, pending.headers, pending.payload, pending.attempts FROM outbox pending
                WHERE pending.partition_id = outbox_partitions.partition_id AND pending.state = 0
                AND (pending.message_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM outbox rejected WHERE rejected.partition_id = pending.partition_id AND rejected.state = 2 AND rejected.message_key = pending.message_key))
                ORDER BY pending.sequence LIMIT ?)
        ) AS publishable LIMIT ?
    ) AS chosen
    WHERE outbox_partitions.claim = ? ORDER BY chosen.sequence";

/// Claims partitions and reads their rows, as [`claim`](super::claim::claim) describes.
pub(super) async fn claim(
    database: &Database,
    batch_size: u32,
    ttl: Duration,
) -> Result<Option<ClaimedBatch>, DataError> {
    let id = new_id().to_string();
    let claimed: Vec<(i32,)> = sql(CLAIM)
        .bind(i64::from(max_partitions(batch_size)))
        .bind(&id)
        .bind(microseconds(ttl))
        .fetch_all(database)
        .await?;
    if claimed.is_empty() {
        return Ok(None);
    }
    let share = (batch_size / count(&claimed)).max(1);
    let rows: Vec<OutboxRow> = sql(READ)
        .bind(i64::from(share.div_ceil(2)))
        .bind(i64::from(share))
        .bind(i64::from(share))
        .bind(&id)
        .fetch_all(database)
        .await?;
    if rows.is_empty() {
        // All rows wait. The new `claimed_us` puts the partitions after the others.
        release(database, &id, Vec::new()).await?;
        return Ok(None);
    }
    let has_more = claimed.iter().any(|(partition,)| {
        let of_partition = rows.iter().filter(|row| row.partition == *partition);
        of_partition.count() >= usize::try_from(share).unwrap_or(usize::MAX)
    });
    Ok(Some(ClaimedBatch {
        claim: Claim::new(id, claimed.len()),
        rows,
        has_more,
    }))
}

/// Deletes published rows and releases the partitions of a claim, in one statement. Rows of a
/// partition that another relay has claimed stay.
pub(super) async fn release(
    database: &Database,
    claim: &str,
    published: Vec<i64>,
) -> Result<(), DataError> {
    sql("WITH released AS (UPDATE outbox_partitions SET claim = NULL, until_us = 0 WHERE claim = ? RETURNING partition_id)
         DELETE FROM outbox USING released WHERE outbox.partition_id = released.partition_id AND outbox.sequence IN (?*)")
        .bind(claim)
        .bind_list(published)
        .execute(database)
        .await
        .map(drop)
}
