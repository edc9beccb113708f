use seaworthy_data::{DataError, Transaction, Value, sql};
use seaworthy_messaging::Envelope;

use super::{lane::lane, row::headers};

/// How many rows one statement stores at most: their values are far below what every engine takes.
const ROWS_AT_ONCE: usize = 64;

/// Stores messages in the transaction of the change that they tell of, in their order.
pub(crate) async fn insert(tx: &Transaction, envelopes: &[Envelope]) -> Result<(), DataError> {
    let mut rest = envelopes;
    while !rest.is_empty() {
        // Of few different lengths, so that there are few different statements, which servers prepare and keep.
        let most = rest.len().min(ROWS_AT_ONCE);
        let length = 1_usize << most.ilog2();
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
        lane(envelope).into(),
        envelope.event_type().into(),
        headers(envelope).into(),
        envelope.payload().to_vec().into(),
    ]
}
