use std::time::Duration;

use seaworthy_core::new_id;
use seaworthy_data::{Connection, DataError, Database, Engine, Transaction, microseconds, sql};

use super::{claim_postgres, partition::PARTITIONS, row::OutboxRow};

/// The maximum number of partitions that one relay claims. The next relay claims the others while
/// this one publishes.
const MAX_CLAIMED_PARTITIONS: u8 = PARTITIONS / 2;

/// The minimum share of a batch that a partition gets: one rejected row and one pending row.
const MIN_SHARE: u32 = 2;

/// An exclusive claim of partitions for a limited time.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    id: String,
    partitions: u64,
}

impl Claim {
    pub(super) const fn new(id: String, partitions: usize) -> Self {
        Self {
            id,
            partitions: partitions as u64,
        }
    }

    /// The value of the column `claim` of each claimed partition.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

/// Rows of claimed partitions, in the order of their sequence.
#[derive(Debug)]
pub(crate) struct ClaimedBatch {
    pub(crate) claim: Claim,
    pub(crate) rows: Vec<OutboxRow>,
    /// Whether a partition has more rows than its share of the batch.
    pub(crate) has_more: bool,
}

macro_rules! claimable_partitions {
    () => {
        "SELECT partition_id FROM outbox_partitions WHERE until_us <= {now_us} AND (
            EXISTS (SELECT 1 FROM outbox pending WHERE pending.partition_id = outbox_partitions.partition_id AND pending.state = 0
                AND (pending.message_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM outbox rejected WHERE rejected.partition_id = outbox_partitions.partition_id AND rejected.state = 2 AND rejected.message_key = pending.message_key)))
            OR EXISTS (SELECT 1 FROM outbox due WHERE due.partition_id = outbox_partitions.partition_id AND due.state = 2 AND due.until_us <= {now_us}))
        ORDER BY claimed_us LIMIT ?"
    };
}
pub(super) use claimable_partitions;

/// Partitions without a valid claim that have a row to publish: a pending one, or a rejected one
/// whose backoff is over. It reads only indexes, so that an idle outbox costs almost nothing.
const CLAIMABLE: &str = claimable_partitions!();
/// Like [`CLAIMABLE`], with row locks. It skips partitions that another relay is claiming.
const CLAIMABLE_LOCKED: &str = concat!(claimable_partitions!(), " FOR UPDATE SKIP LOCKED");

/// Returns whether a relay can claim a row.
async fn has_claimable_rows(database: &Database) -> Result<bool, DataError> {
    let found: Option<(i32,)> = sql(CLAIMABLE).bind(1).fetch_optional(database).await?;
    Ok(found.is_some())
}

/// Claims partitions for `ttl` and reads the oldest rows that can be published. Returns `None` if
/// there are none.
///
/// The few rows of the partitions contain the claim. So each row of the outbox is written only
/// twice: when it is stored and when it is deleted. A key belongs to one partition, and one relay
/// has a partition, so the messages of a key are published one after another. A rejected row is
/// published alone, before the later rows of its key.
///
/// Returns at most `batch_size` rows. Each partition leaves half of its share to rows that were not
/// rejected, so that rejected rows do not stop other keys.
pub(crate) async fn claim(
    database: &Database,
    batch_size: u32,
    ttl: Duration,
) -> Result<Option<ClaimedBatch>, DataError> {
    if database.engine() == Engine::Postgres {
        return claim_postgres::claim(database, batch_size, ttl).await;
    }
    if !has_claimable_rows(database).await? {
        return Ok(None);
    }
    let id = new_id().to_string();
    let id = &id;
    database
        .transaction(move |tx| async move { claim_in(&tx, id, batch_size, ttl).await })
        .await
}

async fn claim_in(
    tx: &Transaction,
    id: &str,
    batch_size: u32,
    ttl: Duration,
) -> Result<Option<ClaimedBatch>, DataError> {
    let partitions: Vec<(i32,)> = sql(CLAIMABLE_LOCKED)
        .on_sqlite(CLAIMABLE)
        .bind(i64::from(max_partitions(batch_size)))
        .fetch_all(tx)
        .await?;
    let partitions: Vec<i32> = partitions
        .into_iter()
        .map(|(partition,)| partition)
        .collect();
    if partitions.is_empty() {
        return Ok(None);
    }
    let rows = read_rows(tx, &partitions, batch_size).await?;
    let claim = Claim::new(id.to_owned(), partitions.len());
    // Partitions in which all rows wait are not claimed. Their new `claimed_us` puts them after the
    // others.
    let (name, ttl) = if rows.is_empty() {
        (None, Duration::ZERO)
    } else {
        (Some(claim.id.clone()), ttl)
    };
    sql("UPDATE outbox_partitions SET claim = ?, until_us = ? + {now_us}, claimed_us = {now_us} WHERE partition_id IN (?*)")
        .bind(name)
        .bind(microseconds(ttl))
        .bind_list(partitions)
        .execute(tx)
        .await?;
    let has_more = count(&rows) >= batch_size;
    Ok((!rows.is_empty()).then_some(ClaimedBatch {
        claim,
        rows,
        has_more,
    }))
}

/// Returns the maximum number of partitions of one claim.
pub(super) fn max_partitions(batch_size: u32) -> u32 {
    (batch_size / MIN_SHARE).clamp(1, MAX_CLAIMED_PARTITIONS.into())
}

/// Reads the rows of a batch, in the order of their sequence.
async fn read_rows(
    tx: &Transaction,
    partitions: &[i32],
    batch_size: u32,
) -> Result<Vec<OutboxRow>, DataError> {
    let mut left = batch_size;
    let mut due = Vec::new();
    let mut rows = Vec::new();
    for (partition, partitions_left) in partitions.iter().zip((1..=count(partitions)).rev()) {
        // A partition with few rows passes the rest of its share to the next partitions.
        let share = left.div_ceil(partitions_left);
        let rejected = due_rows(tx, *partition, share.div_ceil(2)).await?;
        let pending = pending_rows(tx, *partition, share.saturating_sub(count(&rejected))).await?;
        left = left.saturating_sub(count(&rejected).saturating_add(count(&pending)));
        due.extend(rejected);
        rows.extend(pending);
    }
    if !due.is_empty() {
        let rejected: Vec<OutboxRow> = sql("SELECT sequence, partition_id, topic, headers, payload, attempts FROM outbox WHERE state = 2 AND sequence IN (?*)")
            .bind_list(due)
            .fetch_all(tx)
            .await?;
        rows.extend(rejected);
    }
    rows.sort_unstable_by_key(|row| row.sequence);
    Ok(rows)
}

/// Sets the end of a claim to the current time plus `ttl`. Returns `false` if another relay has one
/// of its partitions.
pub(crate) async fn renew(
    connection: &dyn Connection,
    claim: &Claim,
    ttl: Duration,
) -> Result<bool, DataError> {
    let done = sql("UPDATE outbox_partitions SET until_us = ? + {now_us} WHERE claim = ?")
        .bind(microseconds(ttl))
        .bind(claim.id())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == claim.partitions)
}

pub(super) fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

/// Returns at most `max` rejected rows of a partition whose backoff is over, longest due first. Of
/// each key only the oldest rejected row is eligible. Payloads are read later, so that the database
/// does not sort them.
async fn due_rows(
    connection: &dyn Connection,
    partition: i32,
    max: u32,
) -> Result<Vec<i64>, DataError> {
    let found: Vec<(i64,)> = sql("SELECT due.sequence FROM outbox due WHERE due.partition_id = ? AND due.state = 2 AND due.until_us <= {now_us}
            AND (due.message_key IS NULL OR NOT EXISTS (
                SELECT 1 FROM outbox earlier WHERE earlier.partition_id = due.partition_id AND earlier.state = 2
                    AND earlier.message_key = due.message_key AND earlier.sequence < due.sequence))
            ORDER BY due.until_us, due.sequence LIMIT ?")
        .bind(partition)
        .bind(i64::from(max))
        .fetch_all(connection)
        .await?;
    Ok(found.into_iter().map(|(sequence,)| sequence).collect())
}

/// Returns the oldest rows of a partition, at most `max`, that were not rejected and whose key has
/// no rejected row.
async fn pending_rows(
    connection: &dyn Connection,
    partition: i32,
    max: u32,
) -> Result<Vec<OutboxRow>, DataError> {
    sql("SELECT pending.sequence, pending.partition_id, pending.topic, pending.headers, pending.payload, pending.attempts FROM outbox pending
            WHERE pending.partition_id = ? AND pending.state = 0
            AND (pending.message_key IS NULL OR NOT EXISTS (
                SELECT 1 FROM outbox rejected WHERE rejected.partition_id = pending.partition_id AND rejected.state = 2 AND rejected.message_key = pending.message_key))
            ORDER BY pending.sequence LIMIT ?")
        .bind(partition)
        .bind(i64::from(max))
        .fetch_all(connection)
        .await
}
