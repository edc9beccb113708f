//! Pictures that no event uses any longer. The media service deletes them.

use city_events_contract::messages::EventCoversRemoved;
use seaworthy::{
    data::{Transaction, sql},
    messaging::Message,
};
use uuid::Uuid;

use super::Store;
use crate::domain::{Event, EventError};

impl Store {
    /// Stores a message about the pictures that were removed from an event, unless another event of
    /// the owner shows them. The message omits texts that are not image IDs.
    pub(super) async fn remove_covers(
        &self,
        tx: &Transaction,
        event: &Event,
        covers: &[String],
    ) -> Result<(), EventError> {
        let mut unused = Vec::new();
        for text in covers {
            let Ok(id) = Uuid::try_parse(text) else {
                continue;
            };
            if !is_shown(tx, event, text).await? {
                unused.push(id);
            }
        }
        if unused.is_empty() {
            return Ok(());
        }
        let message = EventCoversRemoved {
            event_id: event.id,
            owner_id: event.owner.clone(),
            cover_image_ids: unused,
        };
        let message = Message::from_event(&message).key(&event.id.to_string());
        Ok(self.outbox.store(tx, message).await?)
    }
}

/// Returns whether another event of the owner shows a picture. A canceled event shows none.
async fn is_shown(tx: &Transaction, event: &Event, cover: &str) -> Result<bool, EventError> {
    let is_shown = sql("SELECT id FROM events WHERE owner_id = ? AND id <> ? AND status <> 'canceled' AND cover_image_ids LIKE ? LIMIT 1")
        .on_postgres("SELECT id FROM events WHERE owner_id = ? AND id <> ? AND status <> 'canceled' AND cover_image_ids::text LIKE ? LIMIT 1")
        .bind(&event.owner)
        .bind(event.id)
        .bind(format!("%\"{cover}\"%"))
        .exists(tx)
        .await?;
    Ok(is_shown)
}
