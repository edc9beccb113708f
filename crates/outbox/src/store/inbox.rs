use std::{collections::HashSet, time::Duration};

use seaworthy_data::{Connection, DataError, Engine, Transaction, microseconds, sql};

use super::insert::length;

/// Records a message of a consumer. Returns `false` if the consumer has processed it. A concurrent
/// call for the same message waits for the end of the first transaction.
pub(crate) async fn record(
    tx: &Transaction,
    consumer: &str,
    message: &str,
) -> Result<bool, DataError> {
    let done = sql("INSERT INTO inbox (consumer, message_id, received_us) VALUES (?, ?, {now_us}) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO inbox (consumer, message_id, received_us) VALUES (?, ?, {now_us})")
        .bind(consumer)
        .bind(message)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Records messages of a consumer. Returns those that the consumer has not processed.
pub(crate) async fn record_all(
    tx: &Transaction,
    consumer: &str,
    messages: impl Iterator<Item = &str> + Clone + Send,
) -> Result<HashSet<String>, DataError> {
    let mut new = HashSet::new();
    // MySQL does not return inserted rows.
    if tx.engine() == Engine::MySql {
        for message in messages {
            if record(tx, consumer, message).await? {
                new.insert(message.to_owned());
            }
        }
        return Ok(new);
    }
    let messages: Vec<&str> = messages.collect();
    let mut rest = messages.as_slice();
    while !rest.is_empty() {
        let (first, after) = rest
            .split_at_checked(length(rest.len()))
            .unwrap_or((rest, &[]));
        let inserted: Vec<(String,)> = sql("INSERT INTO inbox (consumer, message_id, received_us) VALUES (?, ?, {now_us})** ON CONFLICT DO NOTHING RETURNING message_id")
            .bind_rows(first.iter().map(|message| [consumer.into(), (*message).into()]))
            .fetch_all(tx)
            .await?;
        new.extend(inserted.into_iter().map(|(message,)| message));
        rest = after;
    }
    Ok(new)
}

/// Removes a page of messages older than `retention`. Returns `true` if more may be left.
pub(crate) async fn purge(
    connection: &dyn Connection,
    retention: Duration,
) -> Result<bool, DataError> {
    sql("DELETE FROM inbox WHERE ctid IN (SELECT ctid FROM inbox WHERE received_us < {now_us} - ? LIMIT ?)")
        .on_mysql("DELETE FROM inbox WHERE received_us < {now_us} - ? LIMIT ?")
        .on_sqlite("DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE received_us < {now_us} - ? LIMIT ?)")
        .bind(microseconds(retention))
        .delete_page(connection)
        .await
}
