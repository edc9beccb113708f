//! Events that organizers import from CSV files.

use std::{borrow::Cow, num::NonZeroU32, time::Duration};

use chrono::{NaiveDateTime, Utc};
use city_events_contract::{Role, Timestamp, TokenVersions};
use seaworthy::{
    audit_log::AuditEntry,
    csv::{Column, CsvImport, ImportError, ImportRows, Imports, Row, RowProblem, StoreRowsError},
    data::{Transaction, Value, sql},
    prelude::*,
};
use serde::de::{Deserializer, Error as _};
use uuid::Uuid;

use super::{
    Store,
    changes::{lock, write_state},
    messages::Change,
};
use crate::domain::{Actor, Details, Event, EventError, State};

/// The formats of times without a time zone, which are in UTC.
const TIME_FORMATS: [&str; 4] = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
];
/// Separates the role and the version in the context of an import.
const SEPARATOR: char = ' ';
/// The period of the quota of published events.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The reason for participants when an import is undone.
const UNDO_REASON: &str = "The organizer imported this event by mistake.";

/// A row of a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "seaworthy::serde")]
pub(crate) struct EventRow {
    title: String,
    description: String,
    city: String,
    category: String,
    #[serde(deserialize_with = "timestamp")]
    start_time: Timestamp,
    #[serde(deserialize_with = "timestamp")]
    end_time: Timestamp,
    capacity: Option<i32>,
    #[serde(default, deserialize_with = "is_yes")]
    publish: bool,
}

fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    if let Ok(timestamp) = text.parse() {
        return Ok(timestamp);
    }
    let parsed = TIME_FORMATS
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok());
    let parsed = parsed.ok_or_else(|| {
        D::Error::custom("not a time: write 2026-03-01 17:30 for UTC, or 2026-03-01T17:30:00+01:00")
    })?;
    Ok(parsed
        .and_local_timezone(Utc)
        .earliest()
        .map_or_else(Timestamp::now, Timestamp::from))
}

fn is_yes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    match text.to_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" | "" => Ok(false),
        _ => Err(D::Error::custom("must be yes or no")),
    }
}

impl EventRow {
    /// Returns the event of an owner.
    fn event(&self, owner: &str, now: Timestamp) -> Result<Event, EventError> {
        let row = self.clone();
        let details = Details {
            title: row.title,
            description: row.description,
            city: row.city,
            category: row.category,
            start_time: row.start_time,
            end_time: row.end_time,
            capacity: row.capacity.unwrap_or_default(),
            covers: Vec::new(),
        };
        let mut event = Event::new(owner.to_owned(), details.validated()?, now);
        if self.publish {
            event.state = event.state.publish(event.details.start_time, now)?;
        }
        Ok(event)
    }
}

/// The events of CSV files. Their owner is the owner of the import. The context of an import is the
/// role of its owner. After the confirmation it also has the
/// [version](TokenVersions::stored_version) of the owner's tokens.
#[derive(Debug, Clone)]
pub(crate) struct EventRows {
    store: Store,
    max_published_per_day: NonZeroU32,
}

impl EventRows {
    pub(crate) fn new(store: Store, max_published_per_day: NonZeroU32) -> Self {
        Self {
            store,
            max_published_per_day,
        }
    }
}

impl ImportRows for EventRows {
    type Row = EventRow;

    const KIND: &'static str = "events";
    const COLUMNS: &'static [Column] = &[
        Column::required("title").alias(&["name"]),
        Column::required("description"),
        Column::required("city"),
        Column::required("category"),
        Column::required("start_time").alias(&["start", "begins"]),
        Column::required("end_time").alias(&["end", "ends"]),
        Column::optional("capacity").alias(&["places"]),
        Column::optional("publish"),
    ];
    const CAN_UNDO: bool = true;

    fn check(&self, import: &CsvImport, row: &EventRow) -> Vec<RowProblem> {
        match row.event(&import.owner, Timestamp::now()) {
            Ok(_) => Vec::new(),
            Err(EventError::Invalid { field, message }) => {
                vec![RowProblem::for_column(field, message)]
            }
            Err(error) => vec![RowProblem::new(error.to_string())],
        }
    }

    async fn store(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        rows: &[Row<EventRow>],
    ) -> Result<(), StoreRowsError> {
        let actor = actor(import);
        let now = Timestamp::now();
        authorize(tx, import).await?;
        self.check_quota(tx, import, rows, now).await?;
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            let event = row.value.event(&import.owner, now)?;
            self.store.insert(&event).execute(tx).await?;
            if matches!(event.state, State::Published { .. }) {
                write_state(tx, &event).await?;
                self.store
                    .store_message(tx, &event, Change::Published, &actor, None)
                    .await?;
            }
            ids.push(event.id);
        }
        let values = ids
            .iter()
            .map(|id| -> [Value; 2] { [(*id).into(), import.id.into()] });
        sql("INSERT INTO imported_events (event_id, import_id) VALUES (?, ?)**")
            .bind_rows(values)
            .execute(tx)
            .await?;
        self.append(tx, "event.import", import, rows.len()).await
    }

    async fn undo(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        max_rows: u32,
    ) -> Result<u64, StoreRowsError> {
        let found = sql("SELECT event_id FROM imported_events WHERE import_id = ? LIMIT ?");
        let found: Vec<(Uuid,)> = found.bind(import.id).bind(max_rows).fetch_all(tx).await?;
        if found.is_empty() {
            return Ok(0);
        }
        let actor = actor(import);
        for (id,) in &found {
            self.remove(tx, &actor, *id).await?;
        }
        sql("DELETE FROM imported_events WHERE event_id IN (?*)")
            .bind_list(found.iter().map(|(id,)| *id))
            .execute(tx)
            .await?;
        self.append(tx, "event.import_undo", import, found.len())
            .await?;
        Ok(found.len() as u64)
    }
}

impl EventRows {
    /// Rejects rows that exceed the quota of published events.
    async fn check_quota(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        rows: &[Row<EventRow>],
        now: Timestamp,
    ) -> Result<(), StoreRowsError> {
        let new = rows.iter().filter(|row| row.value.publish).count() as u64;
        if new == 0 {
            return Ok(());
        }
        let since = now.get() - DAY;
        let (published,): (u64,) =
            sql("SELECT COUNT(*) FROM events WHERE owner_id = ? AND published_at > ?")
                .bind(&import.owner)
                .bind(since)
                .fetch_one(tx)
                .await?;
        let max = self.max_published_per_day;
        if published + new > u64::from(max.get()) {
            return Err(StoreRowsError::Rejected {
                column: Some("publish"),
                message: format!(
                    "you have published {max} events in 24 hours: import it as a draft, or later"
                ),
            });
        }
        Ok(())
    }

    /// Deletes a draft that was never public, and cancels any other event.
    async fn remove(&self, tx: &Transaction, actor: &Actor, id: Uuid) -> Result<(), EventError> {
        let mut event = match lock(tx, id).await {
            Err(EventError::NotFound) => return Ok(()),
            locked => locked?,
        };
        if matches!(event.state, State::Draft { published_at: None }) {
            sql("DELETE FROM events WHERE id = ?")
                .bind(id)
                .execute(tx)
                .await?;
            return self
                .store
                .remove_covers(tx, &event, &event.details.covers)
                .await;
        }
        let now = event.next_update_time(Timestamp::now());
        let Ok(canceled) = event.state.cancel(now) else {
            return Ok(());
        };
        event.state = canceled;
        event.updated_at = now;
        event.active_participants = 0;
        write_state(tx, &event).await?;
        self.store
            .remove_covers(tx, &event, &event.details.covers)
            .await?;
        self.store
            .store_message(tx, &event, Change::Canceled, actor, Some(UNDO_REASON))
            .await
    }

    async fn append(
        &self,
        tx: &Transaction,
        action: &'static str,
        import: &CsvImport,
        events: usize,
    ) -> Result<(), StoreRowsError> {
        let entry = AuditEntry::new(action)
            .target("import", import.id.to_string())
            .actor(&import.owner)
            .detail("events", events.to_string());
        let appended = self.store.audit.append(tx, entry).await;
        Ok(appended.map_err(EventError::from)?)
    }
}

impl Store {
    /// Stores the events of a checked import, unless its owner is banned until then.
    pub(crate) async fn confirm_import(
        &self,
        imports: &Imports<EventRows>,
        owner: &Actor,
        id: Uuid,
    ) -> Result<CsvImport, ImportError> {
        let version = TokenVersions::stored_version(&self.database, &owner.id).await?;
        let context = format!("{}{SEPARATOR}{version}", owner.role_name);
        imports.confirm_in_context(id, &owner.id, &context).await
    }
}

/// Checks that the tokens of the owner are not revoked since the confirmation.
async fn authorize(tx: &Transaction, import: &CsvImport) -> Result<(), StoreRowsError> {
    let confirmed = import.context.split_once(SEPARATOR);
    let confirmed = confirmed.and_then(|(_, version)| version.parse().ok());
    let stored = TokenVersions::stored_version(tx, &import.owner).await?;
    match confirmed {
        Some(version) if stored > version => Err(StoreRowsError::Forbidden(
            "your account has changed since you confirmed the import: sign in and import again"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Returns the owner of an import. A worker has no request.
fn actor(import: &CsvImport) -> Actor {
    let role = import.context.split(SEPARATOR).next();
    Actor {
        id: import.owner.clone(),
        role: Role::User,
        role_name: role.unwrap_or_default().to_owned(),
    }
}

impl From<EventError> for StoreRowsError {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Invalid { field, message } => Self::Rejected {
                column: Some(field),
                message: message.into_owned(),
            },
            EventError::Database(error) => Self::Data(error),
            EventError::Internal(error) => Self::Failed(error),
            error => Self::rejected(error.to_string()),
        }
    }
}
