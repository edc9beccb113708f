//! Statements on the public fields of courses and trainers.

use seaworthy::data::prelude::*;
use serde_json::Value;

/// Stores the fields of a course or trainer, over those of earlier messages. An older version
/// changes nothing, because a source publishes its versions in order.
pub(crate) async fn store(
    tx: &Transaction,
    id: Uuid,
    version: i64,
    members: &Value,
) -> DataResult<()> {
    let stored: Option<(Value, i64)> = sql!("SELECT card, version FROM cards WHERE id = {id}")
        .fetch_optional(tx)
        .await?;
    let Some((mut card, known)) = stored else {
        return sql!(
            "INSERT INTO cards (id, card, version) VALUES ({id}, {members.clone()}, {version})"
        )
        .apply(tx)
        .await;
    };
    if version < known {
        return Ok(());
    }
    if let (Some(card), Some(members)) = (card.as_object_mut(), members.as_object()) {
        card.extend(members.clone());
    }
    sql!("UPDATE cards SET card = {card}, version = {version} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Returns the cards of courses and trainers.
pub(crate) async fn of(
    connection: &dyn Connection,
    ids: Vec<Uuid>,
) -> DataResult<Vec<(Uuid, Value)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sql("SELECT id, card FROM cards WHERE id IN (?*)")
        .bind_list(ids)
        .fetch_all(connection)
        .await
}
