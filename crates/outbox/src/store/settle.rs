use std::time::Duration;

use seaworthy_data::{
    Connection as _, DataError, Database, Engine, Transaction, microseconds, sql,
};

use super::{claim::Claim, claim_postgres, row::RowId};

/// How the relay settles a claimed row.
#[derive(Debug, Clone)]
pub(crate) enum Disposition {
    /// The broker confirmed the event: the relay deletes the row.
    Published,
    /// The broker rejected it transiently: the relay retries it after the backoff.
    Retry { problem: String, backoff: Duration },
    /// A queue of its topic is full: the relay retries it after the backoff, and the attempt does
    /// not count.
    Delayed { problem: String, backoff: Duration },
    /// The broker rejected the event permanently or too often.
    DeadLetter { problem: String },
    /// The broker was unavailable. This does not count as an attempt.
    Unavailable,
    /// The row was not sent, because earlier rows of its key come first.
    Deferred,
}

/// Settles the rows of a claim and releases its partitions. Rows of a partition that another relay
/// has claimed after the end of this claim stay unchanged.
pub(crate) async fn settle(
    database: &Database,
    claim: &Claim,
    rows: &[(RowId, Disposition)],
) -> Result<(), DataError> {
    let claim = claim.id();
    if database.engine() == Engine::Postgres
        && let Some(published) = without_failures(rows)
    {
        return claim_postgres::release(database, claim, published).await;
    }
    database
        .transaction(|tx| async move {
            let claimed: Vec<(i32,)> =
                sql("SELECT partition_id FROM outbox_partitions WHERE claim = ? FOR UPDATE")
                    .on_sqlite("SELECT partition_id FROM outbox_partitions WHERE claim = ?")
                    .bind(claim)
                    .fetch_all(&tx)
                    .await?;
            let mut published = Vec::new();
            for (id, disposition) in rows {
                if !claimed.contains(&(id.partition,)) {
                    continue;
                }
                match disposition {
                    Disposition::Published => published.push(id.sequence),
                    Disposition::Retry { problem, backoff } => {
                        retry_later(&tx, id.sequence, problem, *backoff).await?;
                    }
                    Disposition::Delayed { problem, backoff } => {
                        delay(&tx, id.sequence, problem, *backoff).await?;
                    }
                    Disposition::DeadLetter { problem } => {
                        dead_letter(&tx, id.sequence, problem).await?;
                    }
                    Disposition::Unavailable | Disposition::Deferred => {}
                }
            }
            if !published.is_empty() {
                sql("DELETE FROM outbox WHERE sequence IN (?*)")
                    .bind_list(published)
                    .execute(&tx)
                    .await?;
            }
            sql("UPDATE outbox_partitions SET claim = NULL, until_us = 0 WHERE claim = ?")
                .bind(claim)
                .execute(&tx)
                .await?;
            Ok(())
        })
        .await
}

/// Returns the published rows, if the other rows stay unchanged.
fn without_failures(rows: &[(RowId, Disposition)]) -> Option<Vec<i64>> {
    let mut published = Vec::with_capacity(rows.len());
    for (id, disposition) in rows {
        match disposition {
            Disposition::Published => published.push(id.sequence),
            Disposition::Unavailable | Disposition::Deferred => {}
            Disposition::Retry { .. }
            | Disposition::Delayed { .. }
            | Disposition::DeadLetter { .. } => return None,
        }
    }
    Some(published)
}

async fn retry_later(
    tx: &Transaction,
    sequence: i64,
    problem: &str,
    backoff: Duration,
) -> Result<(), DataError> {
    sql("UPDATE outbox SET state = 2, attempts = attempts + 1, last_error = ?, until_us = ? + {now_us} WHERE sequence = ?")
        .bind(problem)
        .bind(microseconds(backoff))
        .bind(sequence)
        .execute(tx)
        .await?;
    Ok(())
}

async fn delay(
    tx: &Transaction,
    sequence: i64,
    problem: &str,
    backoff: Duration,
) -> Result<(), DataError> {
    sql("UPDATE outbox SET state = 2, last_error = ?, until_us = ? + {now_us} WHERE sequence = ?")
        .bind(problem)
        .bind(microseconds(backoff))
        .bind(sequence)
        .execute(tx)
        .await?;
    Ok(())
}

async fn dead_letter(tx: &Transaction, sequence: i64, problem: &str) -> Result<(), DataError> {
    sql("UPDATE outbox SET state = 3, attempts = attempts + 1, last_error = ? WHERE sequence = ?")
        .bind(problem)
        .bind(sequence)
        .execute(tx)
        .await?;
    Ok(())
}
