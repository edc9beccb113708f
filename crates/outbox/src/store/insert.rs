use seaworthy_data::{DataError, Transaction, sql};
use seaworthy_messaging::Envelope;

use super::row::headers;

/// Stores a message in the transaction of the change that it tells of.
pub(crate) async fn insert(tx: &Transaction, envelope: &Envelope) -> Result<(), DataError> {
    sql(
        "INSERT INTO outbox (id, topic, message_key, event_type, headers, payload, created_us) VALUES (?, ?, ?, ?, ?, ?, {now_us})",
    )
    .bind(envelope.id().as_str())
    .bind(envelope.topic().as_str())
    .bind(envelope.key().map(str::to_owned))
    .bind(envelope.event_type())
    .bind(headers(envelope))
    .bind(envelope.payload().to_vec())
    .execute(tx)
    .await?;
    Ok(())
}
