use std::time::Duration;

use seaworthy_data::{DataError, Database, Transaction, sql};

use super::microseconds;

/// What became of a row that was claimed.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// The broker has it.
    Sent,
    /// The broker refused it: it is tried again after the pause.
    Again { problem: String, pause: Duration },
    /// The broker will never take it.
    Parked { problem: String },
    /// The broker could not be reached, which says nothing about the row.
    Free,
}

/// Writes down what became of all rows of a claim. Those that another relay has taken over meanwhile, because the claim ended, are left alone.
pub(crate) async fn settle(
    database: &Database,
    claim: &str,
    fates: &[(i64, Fate)],
) -> Result<(), DataError> {
    let free: Vec<i64> = fates
        .iter()
        .filter(|(_, fate)| matches!(fate, Fate::Free))
        .map(|(sequence, _)| *sequence)
        .collect();
    database
        .transaction(|tx| {
            let free = free.clone();
            async move {
                for (sequence, fate) in fates {
                    set_aside(&tx, claim, *sequence, fate).await?;
                }
                if !free.is_empty() {
                    sql("UPDATE outbox SET state = CASE WHEN attempts > 0 THEN 2 ELSE 0 END, claim = NULL, until_us = 0 WHERE claim = ? AND sequence IN (?*)")
                        .bind(claim)
                        .bind_list(free)
                        .execute(&tx)
                        .await?;
                }
                // What still has the claim was sent.
                sql("DELETE FROM outbox WHERE claim = ?")
                    .bind(claim)
                    .execute(&tx)
                    .await?;
                Ok(())
            }
        })
        .await
}

async fn set_aside(
    tx: &Transaction,
    claim: &str,
    sequence: i64,
    fate: &Fate,
) -> Result<(), DataError> {
    let statement = match fate {
        Fate::Sent | Fate::Free => return Ok(()),
        Fate::Again { problem, pause } => sql(
            "UPDATE outbox SET state = 2, claim = NULL, attempts = attempts + 1, last_error = ?, until_us = ? + {now_us} WHERE sequence = ? AND claim = ?",
        )
        .bind(problem.as_str())
        .bind(microseconds(*pause)),
        Fate::Parked { problem } => sql(
            "UPDATE outbox SET state = 3, claim = NULL, attempts = attempts + 1, last_error = ? WHERE sequence = ? AND claim = ?",
        )
        .bind(problem.as_str()),
    };
    statement.bind(sequence).bind(claim).execute(tx).await?;
    Ok(())
}
