//! What changes an event, each under the lock of its row.

use city_events_contract::Moment;
use seaworthy::{
    audit_log::AuditEntry,
    data::{Connection as _, DataError, Engine, Statement, Transaction, sql},
};
use serde_json::json;
use uuid::Uuid;

use super::{Store, messages::News, rows::event_columns};
use crate::domain::{Actor, Details, Event, EventError, Patch, State, words_of};

impl Store {
    /// Keeps a new draft.
    pub(crate) async fn create(
        &self,
        actor: &Actor,
        details: Details,
    ) -> Result<Event, EventError> {
        actor.may_create()?;
        let event = Event::new(actor.id.clone(), details.checked()?, Moment::now());
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

    fn insert(&self, event: &Event) -> Statement {
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
        self.with_texts(insert, details)
    }

    /// PostgreSQL makes its own of the texts.
    fn with_texts(&self, statement: Statement, details: &Details) -> Statement {
        if self.database.engine() == Engine::Postgres {
            return statement;
        }
        statement
            .bind(words_of(&details.title))
            .bind(words_of(&details.description))
    }

    /// Changes what is given. Whoever has a place hears of it where the event is published.
    pub(crate) async fn update(
        &self,
        actor: &Actor,
        id: Uuid,
        patch: &Patch,
    ) -> Result<Event, EventError> {
        self.database
            .transaction(|tx| async move {
                let mut event = lock(&tx, id).await?;
                actor.may_change(&event)?;
                let now = event.next_moment(Moment::now());
                event.state.change(event.details.end_time, now)?;
                let before = event.details.clone();
                event.details = before.patched(patch.clone())?;
                event.updated_at = now;
                self.write_details(&tx, &event).await?;
                if matches!(event.state, State::Published { .. }) {
                    self.tell(&tx, &event, News::Updated, actor, None).await?;
                }
                let fields = changed_fields(&before, &event.details).join(" ");
                let entry = entry(action(News::Updated), id).detail("fields", fields);
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
        self.with_texts(update, details)
            .bind(event.id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Makes a draft visible.
    pub(crate) async fn publish(&self, actor: &Actor, id: Uuid) -> Result<Event, EventError> {
        let publish = |event: &Event, now| event.state.publish(event.details.start_time, now);
        self.change_state(actor, id, News::Published, None, publish)
            .await
    }

    /// Makes an event a draft again.
    pub(crate) async fn unpublish(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: Option<&str>,
    ) -> Result<Event, EventError> {
        let unpublish = |event: &Event, _| event.state.unpublish();
        self.change_state(actor, id, News::Unpublished, reason, unpublish)
            .await
    }

    /// Ends an event for good.
    pub(crate) async fn cancel(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: Option<&str>,
    ) -> Result<Event, EventError> {
        let cancel = |event: &Event, now| event.state.cancel(now);
        self.change_state(actor, id, News::Canceled, reason, cancel)
            .await
    }

    async fn change_state(
        &self,
        actor: &Actor,
        id: Uuid,
        news: News,
        reason: Option<&str>,
        change: impl Fn(&Event, Moment) -> Result<State, EventError> + Copy + Send + Sync,
    ) -> Result<Event, EventError> {
        self.database
            .transaction(|tx| async move {
                let mut event = lock(&tx, id).await?;
                actor.may_change(&event)?;
                let now = event.next_moment(Moment::now());
                event.state = change(&event, now)?;
                event.updated_at = now;
                if news == News::Canceled {
                    event.active_participants = 0;
                }
                write_state(&tx, &event).await?;
                self.tell(&tx, &event, news, actor, reason).await?;
                let mut entry = entry(action(news), id);
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

/// The names, in the contract's words, of what is not as it was. Not the values: a description is as long as half of what an entry may have.
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

const fn action(news: News) -> &'static str {
    match news {
        News::Published => "event.publish",
        News::Updated => "event.update",
        News::Unpublished => "event.unpublish",
        News::Canceled => "event.cancel",
    }
}

/// The event, locked until the transaction ends. SQLite's has the lock for writing already.
async fn lock(tx: &Transaction, id: Uuid) -> Result<Event, EventError> {
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

async fn write_state(tx: &Transaction, event: &Event) -> Result<(), DataError> {
    sql("UPDATE events SET status = ?, published_at = ?, canceled_at = ?, active_participants = ?, updated_at = ? WHERE id = ?")
        .bind(event.state.name().as_str())
        .bind(event.state.published_at().map(Moment::get))
        .bind(event.state.canceled_at().map(Moment::get))
        .bind(event.active_participants)
        .bind(event.updated_at.get())
        .bind(event.id)
        .execute(tx)
        .await
        .map(drop)
}
