use seaworthy_data::{DataError, Transaction, Value, sql};
use seaworthy_messaging::Envelope;

use super::{partition::partition, row::headers};

/// The maximum number of rows of one statement, far below the parameter limit of every engine.
const MAX_ROWS: usize = 64;

/// Stores messages in their order, in the transaction of their change.
pub(crate) async fn insert(tx: &Transaction, envelopes: &[Envelope]) -> Result<(), DataError> {
    let mut rest = envelopes;
    while !rest.is_empty() {
        let (rows, after) = rest
            .split_at_checked(length(rest.len()))
            .unwrap_or((rest, &[]));
        sql("INSERT INTO outbox (id, topic, message_key, partition_id, event_type, headers, payload, created_us)
                VALUES (?, ?, ?, ?, ?, ?, ?, {now_us})**")
            .bind_rows(rows.iter().map(row))
            .execute(tx)
            .await?;
        rest = after;
    }
    Ok(())
}

/// Returns the number of rows of the next statement: a power of two, or 1.5 times one. Few
/// different lengths are few different statements, which servers prepare and cache.
pub(super) fn length(rows: usize) -> usize {
    let rows = rows.clamp(1, MAX_ROWS);
    let power = 1 << rows.ilog2();
    let more = power + power / 2;
    if more <= rows { more } else { power }
}

fn row(envelope: &Envelope) -> [Value; 7] {
    [
        envelope.id().as_str().into(),
        envelope.topic().as_str().into(),
        envelope.key().map(str::to_owned).into(),
        partition(envelope).into(),
        envelope.event_type().into(),
        headers(envelope).into(),
        envelope.payload().to_vec().into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn inserts_any_count_with_few_statement_lengths() {
        let lengths = (1..=1_000).map(length);
        assert!(
            lengths
                .clone()
                .zip(1..)
                .all(|(length, rows)| length <= rows && 2 * length > rows.min(64))
        );
        let lengths: std::collections::BTreeSet<usize> = lengths.collect();
        let expected = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), expected);
    }
}
