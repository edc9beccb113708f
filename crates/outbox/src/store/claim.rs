use std::{collections::BTreeMap, time::Duration};

use seaworthy_core::new_id;
use seaworthy_data::{Connection, DataError, Database, FromRow, Row, Statement, Transaction, sql};

use super::{lane::LANES, microseconds, row::Stored};

/// One relay leaves the other lanes to the next, which claims while this one publishes.
const LANES_AT_ONCE: u8 = LANES / 2;

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
    let lanes: Vec<(i32,)> = sql(TAKEN)
        .on_sqlite(WANTED)
        .bind(i64::from(LANES_AT_ONCE))
        .fetch_all(tx)
        .await?;
    let lanes: Vec<i32> = lanes.into_iter().map(|(lane,)| lane).collect();
    if lanes.is_empty() {
        return Ok(None);
    }
    let refused: Vec<Refused> = sql("SELECT sequence, message_key, CASE WHEN until_us <= {now_us} THEN 1 ELSE 0 END AS is_due FROM outbox WHERE lane IN (?*) AND state = 2 ORDER BY sequence")
        .bind_list(lanes.iter().copied())
        .fetch_all(tx)
        .await?;
    let (again, held) = sort_out(refused);
    let share = batch.div_ceil(u32::try_from(lanes.len()).unwrap_or(1));
    let mut rows = Vec::new();
    for lane in &lanes {
        rows.extend(free_rows(tx, *lane, &held, share.into()).await?);
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

/// A row that the broker refused.
struct Refused {
    sequence: i64,
    key: Option<String>,
    is_due: bool,
}

impl FromRow for Refused {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let is_due: i32 = row.get("is_due")?;
        Ok(Self {
            sequence: row.get("sequence")?,
            key: row.get("message_key")?,
            is_due: is_due == 1,
        })
    }
}

/// Which of the refused rows are tried again, and which keys they hold up: of each key the first one goes, once its pause is over.
fn sort_out(refused: Vec<Refused>) -> (Vec<i64>, Vec<String>) {
    let mut again = Vec::new();
    let mut first = BTreeMap::new();
    for row in refused {
        match row.key {
            None if row.is_due => again.push(row.sequence),
            None => {}
            Some(key) => {
                first.entry(key).or_insert((row.sequence, row.is_due));
            }
        }
    }
    let due = first.values().filter(|(_, is_due)| *is_due);
    again.extend(due.map(|(sequence, _)| *sequence));
    (again, first.into_keys().collect())
}

/// The oldest rows of a lane that wait for nothing.
async fn free_rows(
    connection: &dyn Connection,
    lane: i32,
    held: &[String],
    most: i64,
) -> Result<Vec<Stored>, DataError> {
    let statement: Statement = if held.is_empty() {
        sql("SELECT sequence, lane, topic, headers, payload, attempts FROM outbox WHERE lane = ? AND state = 0 ORDER BY sequence LIMIT ?")
            .bind(lane)
    } else {
        sql("SELECT sequence, lane, topic, headers, payload, attempts FROM outbox WHERE lane = ? AND state = 0
                AND (message_key IS NULL OR message_key NOT IN (?*)) ORDER BY sequence LIMIT ?")
            .bind(lane)
            .bind_list(held.iter().cloned())
    };
    statement.bind(most).fetch_all(connection).await
}
