use seaworthy_data::{DataError, Transaction, Value, sql};
use seaworthy_messaging::Envelope;

use super::{partition::partition, row::headers};

/// The maximum number of rows of one statement, far below the parameter limit of every engine.
const MAX_ROWS: usize = 64;

/// Stores messages in their order, in the transaction of their change.
pub(crate) async fn insert(tx: &Transaction, envelopes: &[Envelope]) -> Result<(), DataError> {
    let mut rest = envelopes;
    while !rest.is_empty() {
        // Few different lengths are few different statements, which servers prepare and cache.
        let max = rest.len().min(MAX_ROWS);
        let length = 1_usize << max.ilog2();
        let (rows, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        sql("INSERT INTO outbox (id, topic, message_key, lane, event_type, headers, payload, created_us)
                VALUES (?, ?, ?, ?, ?, ?, ?, {now_us})**")
            .bind_rows(rows.iter().map(row))
            .execute(tx)
            .await?;
        rest = after;
    }
    Ok(())
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
