use std::time::Duration;

use seaworthy_core::new_id;
use seaworthy_data::{Connection, DataError, Database, Transaction, sql};

use super::{lane::LANES, microseconds, row::Stored};

/// One relay leaves the other lanes to the next, which claims while this one publishes.
const LANES_AT_ONCE: u8 = LANES / 2;

/// A lane's smallest share of a batch: one refused row and one free row.
const MIN_SHARE: u32 = 2;

/// Rows that one relay has for a while, because it has their lanes.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) claim: String,
    pub(crate) rows: Vec<Stored>,
}

macro_rules! wanted_lanes {
    () => {
        "SELECT lane FROM outbox_lane WHERE until_us <= {now_us} AND (
            EXISTS (SELECT 1 FROM outbox free WHERE free.lane = outbox_lane.lane AND free.state = 0
                AND (free.message_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM outbox refused WHERE refused.lane = outbox_lane.lane AND refused.state = 2 AND refused.message_key = free.message_key)))
            OR EXISTS (SELECT 1 FROM outbox due WHERE due.lane = outbox_lane.lane AND due.state = 2 AND due.until_us <= {now_us}))
        ORDER BY claimed_us LIMIT ?"
    };
}

/// The lanes that nobody has, with something to publish: a row that waits for nothing, or one whose pause is over. A few looks at an index, so that an idle outbox costs next to nothing.
const WANTED: &str = wanted_lanes!();
/// The same, for whoever takes them. Another relay that is taking some at this moment is not waited for.
const TAKEN: &str = concat!(wanted_lanes!(), " FOR UPDATE SKIP LOCKED");

/// Whether there is anything to publish.
pub(crate) async fn is_anything(database: &Database) -> Result<bool, DataError> {
    let found: Option<(i32,)> = sql(WANTED).bind(1).fetch_optional(database).await?;
    Ok(found.is_some())
}

/// Claims lanes and reads their oldest rows that can be published; `None` where there is none.
///
/// Not the rows are written to but the lanes, of which there are few: a row is written when it is stored and when it is removed. A key is in one lane, and one relay
/// has a lane, so the messages of a key are published one after the other. A row that was refused before goes alone, before the later ones of its key.
///
/// Returns at most `batch` rows, however many were refused before. Each lane leaves half of its share
/// to rows that were not refused, so that other keys are published meanwhile.
pub(crate) async fn claim(
    database: &Database,
    batch: u32,
    stands: Duration,
) -> Result<Option<Claimed>, DataError> {
    let claim = new_id().to_string();
    let name = claim.clone();
    let rows = database
        .transaction(move |tx| {
            let claim = name.clone();
            async move { take_lanes(&tx, claim, batch, stands).await }
        })
        .await?;
    Ok(rows.map(|rows| Claimed { claim, rows }))
}

async fn take_lanes(
    tx: &Transaction,
    claim: String,
    batch: u32,
    stands: Duration,
) -> Result<Option<Vec<Stored>>, DataError> {
    let most = (batch / MIN_SHARE).clamp(1, LANES_AT_ONCE.into());
    let lanes: Vec<(i32,)> = sql(TAKEN)
        .on_sqlite(WANTED)
        .bind(i64::from(most))
        .fetch_all(tx)
        .await?;
    let lanes: Vec<i32> = lanes.into_iter().map(|(lane,)| lane).collect();
    if lanes.is_empty() {
        return Ok(None);
    }
    let mut left = batch;
    let mut again = Vec::new();
    let mut rows = Vec::new();
    for (lane, lanes_left) in lanes.iter().zip((1..=count(&lanes)).rev()) {
        // A lane with few rows leaves its share to the lanes after it.
        let share = left.div_ceil(lanes_left);
        let due = due_rows(tx, *lane, share.div_ceil(2)).await?;
        let free = free_rows(tx, *lane, share.saturating_sub(count(&due))).await?;
        left = left.saturating_sub(count(&due).saturating_add(count(&free)));
        again.extend(due);
        rows.extend(free);
    }
    if !again.is_empty() {
        let refused: Vec<Stored> = sql("SELECT sequence, lane, topic, headers, payload, attempts FROM outbox WHERE state = 2 AND sequence IN (?*)")
            .bind_list(again)
            .fetch_all(tx)
            .await?;
        rows.extend(refused);
    }
    rows.sort_unstable_by_key(|row| row.sequence);
    // Lanes in which everything waits are not claimed, but go behind the others.
    let (claim, until) = if rows.is_empty() {
        (None, Duration::ZERO)
    } else {
        (Some(claim), stands)
    };
    sql("UPDATE outbox_lane SET claim = ?, until_us = ? + {now_us}, claimed_us = {now_us} WHERE lane IN (?*)")
        .bind(claim)
        .bind(microseconds(until))
        .bind_list(lanes)
        .execute(tx)
        .await?;
    Ok((!rows.is_empty()).then_some(rows))
}

fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

/// Returns at most `max` refused rows of a lane whose backoff is over, longest due first. Of each
/// key only the oldest refused row is eligible. Payloads are read later, so that the database does
/// not sort them.
async fn due_rows(connection: &dyn Connection, lane: i32, max: u32) -> Result<Vec<i64>, DataError> {
    let found: Vec<(i64,)> = sql("SELECT due.sequence FROM outbox due WHERE due.lane = ? AND due.state = 2 AND due.until_us <= {now_us}
            AND (due.message_key IS NULL OR NOT EXISTS (
                SELECT 1 FROM outbox earlier WHERE earlier.lane = due.lane AND earlier.state = 2
                    AND earlier.message_key = due.message_key AND earlier.sequence < due.sequence))
            ORDER BY due.until_us, due.sequence LIMIT ?")
        .bind(lane)
        .bind(i64::from(max))
        .fetch_all(connection)
        .await?;
    Ok(found.into_iter().map(|(sequence,)| sequence).collect())
}

/// Returns the oldest rows of a lane, at most `max`, that were not refused and whose key has no
/// refused row.
async fn free_rows(
    connection: &dyn Connection,
    lane: i32,
    max: u32,
) -> Result<Vec<Stored>, DataError> {
    sql("SELECT free.sequence, free.lane, free.topic, free.headers, free.payload, free.attempts FROM outbox free
            WHERE free.lane = ? AND free.state = 0
            AND (free.message_key IS NULL OR NOT EXISTS (
                SELECT 1 FROM outbox refused WHERE refused.lane = free.lane AND refused.state = 2 AND refused.message_key = free.message_key))
            ORDER BY free.sequence LIMIT ?")
        .bind(lane)
        .bind(i64::from(max))
        .fetch_all(connection)
        .await
}
