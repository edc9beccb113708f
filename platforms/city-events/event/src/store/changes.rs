//! Changes of events. Each change locks the row of its event.

use city_events_contract::Timestamp;
use seaworthy::{
    audit_log::AuditEntry,
    data::{Connection as _, DataError, Engine, Statement, Transaction, sql},
};
use serde_json::json;
use uuid::Uuid;

use super::{Store, messages::Change, rows::event_columns};
use crate::domain::{Actor, Details, Event, EventError, Patch, State, normalize_words};

impl Store {
    /// Stores a new draft.
    pub(crate) async fn create(
        &self,
        actor: &Actor,
        details: Details,
    ) -> Result<Event, EventError> {
        actor.authorize_create()?;
        let event = Event::new(actor.id.clone(), details.validated()?, Timestamp::now());
        let insert = self.insert(&event);
        self.database
            .transaction(|tx| {
                let (insert, id) = (insert.clone(), event.id);
                async move {
                    insert.execute(&tx).await?;
                    Ok::<_, EventError>(self.audit.append(&tx, entry("event.create", id)).await?)
                }
            })
            .await?;
        Ok(event)
    }

    pub(super) fn insert(&self, event: &Event) -> Statement {
        let details = &event.details;
        let insert = sql("INSERT INTO events (id, owner_id, title, description, city, city_norm, category, start_time, end_time, capacity, active_participants, status, created_at, updated_at, cover_image_ids, title_words, description_words)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)")
            .on_postgres("INSERT INTO events (id, owner_id, title, description, city, city_norm, category, start_time, end_time, capacity, active_participants, status, created_at, updated_at, cover_image_ids)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)")
            .bind(event.id)
            .bind(&event.owner)
            .bind(&details.title)
            .bind(&details.description)
            .bind(&details.city)
            .bind(details.city_norm())
            .bind(&details.category)
            .bind(details.start_time.get())
            .bind(details.end_time.get())
            .bind(details.capacity)
            .bind(event.state.name().as_str())
            .bind(event.created_at.get())
            .bind(event.updated_at.get())
            .bind(json!(details.covers));
        self.bind_words(insert, details)
    }

    /// Binds the words of the texts. PostgreSQL generates its own search column.
    fn bind_words(&self, statement: Statement, details: &Details) -> Statement {
        if self.database.engine() == Engine::Postgres {
            return statement;
        }
        statement
            .bind(normalize_words(&details.title))
            .bind(normalize_words(&details.description))
    }

    /// Applies a patch. If the event is published, its participants receive `event.updated`.
    pub(crate) async fn update(
        &self,
        actor: &Actor,
        id: Uuid,
        patch: &Patch,
    ) -> Result<Event, EventError> {
        self.database
            .transaction(|tx| async move {
                let mut event = lock(&tx, id).await?;
                actor.authorize_change(&event)?;
                let now = event.next_update_time(Timestamp::now());
                event.state.check_change(event.details.end_time, now)?;
                let before = event.details.clone();
                event.details = before.with_patch(patch.clone())?;
                event.updated_at = now;
                self.write_details(&tx, &event).await?;
                let covers = before.covers.iter();
                let removed = covers.filter(|cover| !event.details.covers.contains(cover));
                let removed: Vec<_> = removed.cloned().collect();
                self.remove_covers(&tx, &event, &removed).await?;
                if matches!(event.state, State::Published { .. }) {
                    self.store_message(&tx, &event, Change::Updated, actor, None)
                        .await?;
                }
                let fields = changed_fields(&before, &event.details).join(" ");
                let entry = entry(action(Change::Updated), id).detail("fields", fields);
                self.audit.append(&tx, entry).await?;
                Ok(event)
            })
            .await
    }

    async fn write_details(&self, tx: &Transaction, event: &Event) -> Result<(), DataError> {
        let details = &event.details;
        let update = sql("UPDATE events SET title = ?, description = ?, city = ?, city_norm = ?, category = ?, start_time = ?, end_time = ?, capacity = ?, cover_image_ids = ?, updated_at = ?, title_words = ?, description_words = ? WHERE id = ?")
            .on_postgres("UPDATE events SET title = ?, description = ?, city = ?, city_norm = ?, category = ?, start_time = ?, end_time = ?, capacity = ?, cover_image_ids = ?, updated_at = ? WHERE id = ?")
            .bind(&details.title)
            .bind(&details.description)
            .bind(&details.city)
            .bind(details.city_norm())
            .bind(&details.category)
            .bind(details.start_time.get())
            .bind(details.end_time.get())
            .bind(details.capacity)
            .bind(json!(details.covers))
            .bind(event.updated_at.get());
        self.bind_words(update, details)
            .bind(event.id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Publishes a draft.
    pub(crate) async fn publish(&self, actor: &Actor, id: Uuid) -> Result<Event, EventError> {
        let publish = |event: &Event, now| event.state.publish(event.details.start_time, now);
        self.change_state(actor, id, Change::Published, None, publish)
            .await
    }

    /// Returns a published event to the state draft.
    pub(crate) async fn unpublish(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: Option<&str>,
    ) -> Result<Event, EventError> {
        let unpublish = |event: &Event, _| event.state.unpublish();
        self.change_state(actor, id, Change::Unpublished, reason, unpublish)
            .await
    }

    /// Cancels an event, which is final.
    pub(crate) async fn cancel(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: Option<&str>,
    ) -> Result<Event, EventError> {
        let cancel = |event: &Event, now| event.state.cancel(now);
        self.change_state(actor, id, Change::Canceled, reason, cancel)
            .await
    }

    async fn change_state(
        &self,
        actor: &Actor,
        id: Uuid,
        change: Change,
        reason: Option<&str>,
        transition: impl Fn(&Event, Timestamp) -> Result<State, EventError> + Copy + Send + Sync,
    ) -> Result<Event, EventError> {
        self.database
            .transaction(|tx| async move {
                let mut event = lock(&tx, id).await?;
                actor.authorize_change(&event)?;
                let now = event.next_update_time(Timestamp::now());
                event.state = transition(&event, now)?;
                event.updated_at = now;
                if change == Change::Canceled {
                    event.active_participants = 0;
                }
                write_state(&tx, &event).await?;
                if change == Change::Canceled {
                    self.remove_covers(&tx, &event, &event.details.covers)
                        .await?;
                }
                self.store_message(&tx, &event, change, actor, reason)
                    .await?;
                let mut entry = entry(action(change), id);
                if let Some(reason) = reason {
                    entry = entry.detail("reason", reason);
                }
                self.audit.append(&tx, entry).await?;
                Ok(event)
            })
            .await
    }
}

fn entry(action: &'static str, event: Uuid) -> AuditEntry {
    AuditEntry::new(action).target("event", event.to_string())
}

/// Returns the names of the changed fields. It leaves the values out, because a description can
/// have half of the maximum size of an audit entry.
fn changed_fields(before: &Details, after: &Details) -> Vec<&'static str> {
    let fields = [
        ("title", before.title != after.title),
        ("description", before.description != after.description),
        ("city", before.city != after.city),
        ("category", before.category != after.category),
        ("start_time", before.start_time != after.start_time),
        ("end_time", before.end_time != after.end_time),
        ("capacity", before.capacity != after.capacity),
        ("cover_image_ids", before.covers != after.covers),
    ];
    let changed = fields.into_iter().filter(|(_, is_changed)| *is_changed);
    changed.map(|(name, _)| name).collect()
}

const fn action(change: Change) -> &'static str {
    match change {
        Change::Published => "event.publish",
        Change::Updated => "event.update",
        Change::Unpublished => "event.unpublish",
        Change::Canceled => "event.cancel",
    }
}

/// Reads an event and locks its row until the transaction ends. On SQLite the transaction holds the
/// write lock already.
pub(super) async fn lock(tx: &Transaction, id: Uuid) -> Result<Event, EventError> {
    let event = sql(concat!(
        "SELECT ",
        event_columns!(),
        " FROM events WHERE id = ? FOR UPDATE"
    ))
    .on_sqlite(concat!(
        "SELECT ",
        event_columns!(),
        " FROM events WHERE id = ?"
    ))
    .bind(id)
    .fetch_optional(tx)
    .await?;
    event.ok_or(EventError::NotFound)
}

pub(super) async fn write_state(tx: &Transaction, event: &Event) -> Result<(), DataError> {
    sql("UPDATE events SET status = ?, published_at = ?, canceled_at = ?, active_participants = ?, updated_at = ? WHERE id = ?")
        .bind(event.state.name().as_str())
        .bind(event.state.published_at().map(Timestamp::get))
        .bind(event.state.canceled_at().map(Timestamp::get))
        .bind(event.active_participants)
        .bind(event.updated_at.get())
        .bind(event.id)
        .execute(tx)
        .await
        .map(drop)
}
