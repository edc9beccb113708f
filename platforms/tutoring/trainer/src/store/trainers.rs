//! Statements on trainers.

use seaworthy::data::prelude::*;
use serde_json::{Map, Value, json};
use tutoring_contract::{CheckedPage, Page, Territory};
use tutoring_identity::{coordinates, paged};

use crate::profile::Change;

// The first part of statements that read trainers.
statements! { statement: "SELECT id, account, account_version, profile, latitude, longitude, accuracy, confirmed_at, slots, days, accepts_online, max_per_day, rating, rating_count, version FROM trainers " }

/// A trainer as stored.
#[derive(Debug, FromRow)]
pub(crate) struct Trainer {
    pub(crate) id: Uuid,
    /// The fields of the account and of the application.
    pub(crate) account: Value,
    account_version: i64,
    /// The fields that the trainer has changed.
    pub(crate) profile: Value,
    /// Latitude and longitude in degrees.
    #[from_row(with = coordinates)]
    pub(crate) confirmed: Option<(f64, f64)>,
    pub(crate) accuracy: Option<f64>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
    pub(crate) slots: Value,
    pub(crate) days: Value,
    pub(crate) accepts_online: bool,
    pub(crate) max_per_day: Option<i32>,
    pub(crate) rating: Option<f64>,
    pub(crate) rating_count: i32,
    pub(crate) version: i64,
}

impl Trainer {
    /// Returns the place of the approved application, which decides which administrators see the
    /// trainer.
    pub(crate) fn territory(&self) -> Option<Territory> {
        serde_json::from_value(self.account.get("territory")?.clone()).ok()
    }

    /// Returns a field of the profile, or that of the application.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.profile.get(name).or_else(|| self.account.get(name))
    }
}

/// Returns a trainer, and locks the row until the transaction ends. The message about the
/// account may arrive later.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Trainer> {
    let (now, members, list) = (Utc::now(), json!({}), json!([]));
    insert_or_ignore!("trainers (id, account, account_version, is_listed, profile, slots, days, accepts_online, rating_count, version, created_at, updated_at)
         VALUES ({id}, {members.clone()}, 0, {false}, {members}, {list.clone()}, {list}, {false}, 0, 0, {now}, {now})")
        .execute(tx)
        .await?;
    statement!(locked, "WHERE id = {id}").fetch_one(tx).await
}

/// Stores fields of the account, over those of earlier messages. An older version changes
/// nothing. Approved trainers whose account is not disabled are listed.
pub(crate) async fn store_account(
    tx: &Transaction,
    id: Uuid,
    version: i64,
    members: &Map<String, Value>,
) -> DataResult<()> {
    let trainer = lock(tx, id).await?;
    if version < trainer.account_version {
        return Ok(());
    }
    let mut account = trainer.account.as_object().cloned().unwrap_or_default();
    account.extend(members.clone());
    let is = |name: &str, value: &Value| account.get(name) == Some(value);
    let is_listed = is("approvalStatus", &json!("approved")) && !is("isDisabled", &json!(true));
    sql!("UPDATE trainers SET account = {Value::Object(account)}, account_version = {version}, is_listed = {is_listed} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Stores a change of a trainer.
pub(crate) async fn store_change(
    tx: &Transaction,
    trainer: &Trainer,
    change: &Change,
) -> DataResult<()> {
    let (id, now) = (trainer.id, Utc::now());
    let statement = match change {
        Change::Profile(changed) => {
            let mut profile = trainer.profile.as_object().cloned().unwrap_or_default();
            profile.extend(changed.clone());
            sql!(
                "UPDATE trainers SET profile = {Value::Object(profile)}, version = version + 1, updated_at = {now} WHERE id = {id}"
            )
        }
        Change::Location(place) => {
            sql!(
                "UPDATE trainers SET latitude = {place.latitude}, longitude = {place.longitude}, accuracy = {place.accuracy}, confirmed_at = {now}, version = version + 1, updated_at = {now} WHERE id = {id}"
            )
        }
        Change::Availability(given) => {
            sql!(
                "UPDATE trainers SET slots = {json!(given.slots)}, days = {json!(given.available_days)}, version = version + 1, updated_at = {now} WHERE id = {id}"
            )
        }
        Change::Preference(given) => {
            sql!(
                "UPDATE trainers SET accepts_online = {given.accepts_online}, max_per_day = {given.max_per_day}, version = version + 1, updated_at = {now} WHERE id = {id}"
            )
        }
    };
    statement.apply(tx).await
}

/// Stores the mean of the ratings.
pub(crate) async fn set_rating(
    tx: &Transaction,
    id: Uuid,
    rating: f64,
    count: u32,
) -> DataResult<()> {
    sql!("UPDATE trainers SET rating = {rating}, rating_count = {count}, version = version + 1, updated_at = {Utc::now()} WHERE id = {id}")
        .apply(tx)
        .await
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Trainer>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a listed trainer.
pub(crate) async fn listed_by_id(
    connection: &dyn Connection,
    id: Uuid,
) -> DataResult<Option<Trainer>> {
    statement!(sql, "WHERE id = {id} AND is_listed = {true}")
        .fetch_optional(connection)
        .await
}

/// Returns a page of the listed trainers, the oldest first.
pub(crate) async fn listed(
    connection: &dyn Connection,
    page: CheckedPage,
) -> DataResult<Page<Trainer>> {
    statement!(paged, "WHERE is_listed = {true}"; "ORDER BY created_at, id", page)
        .fetch(connection)
        .await
}
