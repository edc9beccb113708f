use seaworthy::data::{Connection, DataError, Transaction, sql};
use serde_json::Value;
use uuid::Uuid;

/// Statements on the public members of courses and trainers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cards;

impl Cards {
    /// Stores the members of a course or trainer, over those of earlier messages. An older version
    /// changes nothing, because a source publishes its versions in order.
    pub(crate) async fn store(
        tx: &Transaction,
        id: Uuid,
        version: i64,
        members: &Value,
    ) -> Result<(), DataError> {
        let stored: Option<(Value, i64)> = sql("SELECT card, version FROM cards WHERE id = ?")
            .bind(id)
            .fetch_optional(tx)
            .await?;
        let Some((mut card, known)) = stored else {
            return sql("INSERT INTO cards (id, card, version) VALUES (?, ?, ?)")
                .bind(id)
                .bind(members.clone())
                .bind(version)
                .execute(tx)
                .await
                .map(drop);
        };
        if version < known {
            return Ok(());
        }
        if let (Some(card), Some(members)) = (card.as_object_mut(), members.as_object()) {
            card.extend(members.clone());
        }
        sql("UPDATE cards SET card = ?, version = ? WHERE id = ?")
            .bind(card)
            .bind(version)
            .bind(id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the cards of courses and trainers.
    pub(crate) async fn of(
        connection: &dyn Connection,
        ids: Vec<Uuid>,
    ) -> Result<Vec<(Uuid, Value)>, DataError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        sql("SELECT id, card FROM cards WHERE id IN (?*)")
            .bind_list(ids)
            .fetch_all(connection)
            .await
    }
}
