use std::time::Duration;

use seaworthy_data::{DataError, Database, Transaction, sql};

use super::{microseconds, row::Place};

/// What became of a row that was claimed.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// The broker has it.
    Sent,
    /// The broker refused it: it is tried again after the pause.
    Again { problem: String, pause: Duration },
    /// A queue of its topic is full: it is published again after the backoff, and the attempt does
    /// not count.
    Delayed { problem: String, backoff: Duration },
    /// The broker will never take it.
    Parked { problem: String },
    /// The broker could not be reached, which says nothing about the row.
    Free,
    /// The row was not sent, because earlier rows of its key come first.
    Deferred,
}

/// Writes down what became of the rows of a claim, and gives its lanes back. Rows of lanes that another relay has taken over meanwhile, because the claim ended, are left alone.
pub(crate) async fn settle(
    database: &Database,
    claim: &str,
    fates: &[(Place, Fate)],
) -> Result<(), DataError> {
    database
        .transaction(|tx| async move {
            let ours: Vec<(i32,)> = sql("SELECT lane FROM outbox_lane WHERE claim = ? FOR UPDATE")
                .on_sqlite("SELECT lane FROM outbox_lane WHERE claim = ?")
                .bind(claim)
                .fetch_all(&tx)
                .await?;
            let mut sent = Vec::new();
            for (place, fate) in fates {
                if !ours.contains(&(place.lane,)) {
                    continue;
                }
                match fate {
                    Fate::Sent => sent.push(place.sequence),
                    fate => set_aside(&tx, place.sequence, fate).await?,
                }
            }
            if let Some(last) = sent.last().copied() {
                // Of few different lengths, so that there are few different statements, which servers prepare and keep.
                sent.resize(sent.len().next_power_of_two(), last);
                sql("DELETE FROM outbox WHERE sequence IN (?*)")
                    .bind_list(sent)
                    .execute(&tx)
                    .await?;
            }
            sql("UPDATE outbox_lane SET claim = NULL, until_us = 0 WHERE claim = ?")
                .bind(claim)
                .execute(&tx)
                .await?;
            Ok(())
        })
        .await
}

async fn set_aside(tx: &Transaction, sequence: i64, fate: &Fate) -> Result<(), DataError> {
    let statement = match fate {
        Fate::Sent | Fate::Free | Fate::Deferred => return Ok(()),
        Fate::Again { problem, pause } => sql(
            "UPDATE outbox SET state = 2, attempts = attempts + 1, last_error = ?, until_us = ? + {now_us} WHERE sequence = ?",
        )
        .bind(problem.as_str())
        .bind(microseconds(*pause)),
        Fate::Delayed { problem, backoff } => {
            sql("UPDATE outbox SET state = 2, last_error = ?, until_us = ? + {now_us} WHERE sequence = ?")
                .bind(problem.as_str())
                .bind(microseconds(*backoff))
        }
        Fate::Parked { problem } => sql(
            "UPDATE outbox SET state = 3, attempts = attempts + 1, last_error = ? WHERE sequence = ?",
        )
        .bind(problem.as_str()),
    };
    statement.bind(sequence).execute(tx).await?;
    Ok(())
}
