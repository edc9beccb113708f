use seaworthy::{
    data::{DataError, Transaction, sql},
    messaging::{Envelope, envelope::attribute},
};

use super::entry::Entry;

/// Inserts an entry in the transaction of the inbox.
pub(super) async fn write(
    tx: &Transaction,
    envelope: &Envelope,
    entry: &Entry,
) -> Result<(), DataError> {
    sql("INSERT INTO symbol_history (message_id, kind, symbol_id, project_id, uid, version, happened_at, request_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(envelope.id().as_str())
        .bind(entry.kind)
        .bind(entry.symbol.cast_signed())
        .bind(entry.project.cast_signed())
        .bind(&entry.uid)
        .bind(entry.version)
        .bind(entry.happened_at)
        .bind(envelope.attribute(attribute::REQUEST_ID).map(str::to_owned))
        .execute(tx)
        .await
        .map(drop)
}
