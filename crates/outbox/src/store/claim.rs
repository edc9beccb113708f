use std::time::Duration;

use seaworthy_core::new_id;
use seaworthy_data::{DataError, Database, Transaction, sql};

use super::{microseconds, row::Stored};

/// Rows that one relay has for a while.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) claim: String,
    pub(crate) rows: Vec<Stored>,
}

/// What came of asking for rows.
#[derive(Debug)]
pub(crate) enum Turn {
    Claimed(Claimed),
    /// Nothing can be published now.
    Nothing,
    /// Another relay is claiming at this moment.
    NotOurs,
}

/// Whether there is anything to look at: one look at an index, so that an idle outbox costs next to nothing.
pub(crate) async fn is_anything(database: &Database) -> Result<bool, DataError> {
    let found: Option<(i64,)> = sql("SELECT sequence FROM outbox WHERE state IN (0, 1, 2) LIMIT 1")
        .fetch_optional(database)
        .await?;
    Ok(found.is_some())
}

/// Claims the oldest rows that can be published.
///
/// Relays take turns: two that claimed at once could each see a row of the same key as the first one. A turn is a few milliseconds, and its row lock ends with the
/// connection of whoever dies in it. Within a turn a key is free unless a row of it is claimed or
/// waits; a row that was refused before goes alone, before the later ones of its key.
pub(crate) async fn claim(
    database: &Database,
    batch: u32,
    stands: Duration,
) -> Result<Turn, DataError> {
    let claim = new_id().to_string();
    let name = claim.clone();
    database
        .transaction(move |tx| {
            let claim = name.clone();
            async move { take_turn(&tx, claim, batch, stands).await }
        })
        .await
}

async fn take_turn(
    tx: &Transaction,
    claim: String,
    batch: u32,
    stands: Duration,
) -> Result<Turn, DataError> {
    let turn: Option<(String,)> =
        sql("SELECT name FROM outbox_turn WHERE name = 'claim' FOR UPDATE SKIP LOCKED")
            .on_sqlite("SELECT name FROM outbox_turn WHERE name = 'claim'")
            .fetch_optional(tx)
            .await?;
    if turn.is_none() {
        return Ok(Turn::NotOurs);
    }
    sql(
        "UPDATE outbox SET state = CASE WHEN attempts > 0 THEN 2 ELSE 0 END, claim = NULL, until_us = 0 WHERE state = 1 AND until_us <= {now_us}",
    )
    .execute(tx)
    .await?;
    let claimed = sql(
        "UPDATE outbox SET state = 1, claim = ?, until_us = ? + {now_us} WHERE sequence IN (
            SELECT sequence FROM (
                SELECT candidate.sequence FROM outbox candidate
                WHERE (candidate.state = 0 OR (candidate.state = 2 AND candidate.until_us <= {now_us})) AND (candidate.message_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM outbox other WHERE other.message_key = candidate.message_key AND other.state IN (1, 2)
                        AND (candidate.state = 0 OR other.state = 1 OR other.sequence < candidate.sequence)))
                ORDER BY candidate.sequence LIMIT ?) AS oldest)",
    )
    .bind(claim.as_str())
    .bind(microseconds(stands))
    .bind(i64::from(batch))
    .execute(tx)
    .await?;
    if claimed.rows_affected() == 0 {
        return Ok(Turn::Nothing);
    }
    let rows = sql("SELECT sequence, topic, headers, payload, attempts FROM outbox WHERE claim = ? ORDER BY sequence")
        .bind(claim.as_str())
        .fetch_all(tx)
        .await?;
    Ok(Turn::Claimed(Claimed { claim, rows }))
}
