//! Statements on students.

use seaworthy::{
    data::prelude::*,
    prelude::{Deserialize, named},
};
use serde_json::{Value, json};
use tutoring_contract::{CheckedPage, Page, Territory, events::StudentChanged};
use tutoring_identity::{containing, levels, optional, paged, territory};

// The first part of statements that read students.
statements! { statement: "SELECT id, username, is_verified, is_disabled, profile, state, district, zone, locality, referral_code, deal_claimed_at, version, created_at, updated_at FROM students " }

named! {
    /// The state of an account.
    pub(crate) enum Status {
        Unverified = "unverified",
        Verified = "verified",
        Disabled = "disabled",
    }
}

/// A student as stored.
#[derive(Debug, FromRow)]
pub(crate) struct Student {
    pub(crate) id: Uuid,
    pub(crate) username: Option<String>,
    pub(crate) is_verified: bool,
    pub(crate) is_disabled: bool,
    pub(crate) profile: Value,
    /// The place that decides which administrators see the student.
    #[from_row(with = territory)]
    pub(crate) territory: Territory,
    pub(crate) referral_code: Option<String>,
    pub(crate) deal_claimed_at: Option<DateTime<Utc>>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Student {
    /// Returns the state of the account.
    pub(crate) const fn status(&self) -> Status {
        match (self.is_disabled, self.is_verified) {
            (true, _) => Status::Disabled,
            (false, true) => Status::Verified,
            (false, false) => Status::Unverified,
        }
    }
}

/// The fields of an account in a snapshot. Those of a profile, which this service publishes
/// itself, have none of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountCopy {
    username: Option<String>,
    is_email_verified: bool,
    is_phone_verified: bool,
    is_disabled: bool,
}

/// Inserts a student who is not stored. The message about the account may arrive later.
pub(crate) async fn ensure(tx: &Transaction, id: Uuid) -> DataResult<()> {
    let (now, profile) = (Utc::now(), json!({}));
    insert_or_ignore!("students (id, is_verified, is_disabled, account_version, profile, search_text, version, created_at, updated_at)
         VALUES ({id}, {true}, {false}, 0, {profile}, '', 0, {now}, {now})")
        .apply(tx)
        .await
}

/// Returns a student, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Student> {
    ensure(tx, id).await?;
    statement!(locked, "WHERE id = {id}").fetch_one(tx).await
}

/// Stores the place of the sessions of a student. Ignores an older event.
pub(crate) async fn set_territory(
    tx: &Transaction,
    id: Uuid,
    place: &Territory,
    at: DateTime<Utc>,
) -> DataResult<()> {
    ensure(tx, id).await?;
    sql!("UPDATE students SET state = {place.state.as_deref()}, district = {place.district.as_deref()}, zone = {place.zone.as_deref()}, locality = {place.locality.as_deref()}, territory_at = {at} WHERE id = {id} AND (territory_at IS NULL OR territory_at <= {at})")
        .apply(tx)
        .await
}

/// Stores a version of an account. An older one, and the snapshot of a profile, change nothing.
pub(crate) async fn store_account(tx: &Transaction, event: &StudentChanged) -> DataResult<()> {
    let Ok(account) = serde_json::from_value::<AccountCopy>(event.snapshot.clone()) else {
        return Ok(());
    };
    let (id, version) = (event.student_id, event.version);
    let student = lock(tx, id).await?;
    let is_verified = account.is_email_verified || account.is_phone_verified;
    sql!("UPDATE students SET username = {account.username.clone()}, is_verified = {is_verified}, is_disabled = {account.is_disabled}, account_version = {version}, search_text = {search_text(account.username.as_deref(), &student.profile)} WHERE id = {id} AND account_version <= {version}")
        .apply(tx)
        .await
}

/// Stores the profile of a locked student.
pub(crate) async fn set_profile(
    tx: &Transaction,
    student: &Student,
    profile: &Value,
) -> DataResult<()> {
    sql!("UPDATE students SET profile = {profile.clone()}, search_text = {search_text(student.username.as_deref(), profile)}, version = version + 1, updated_at = {Utc::now()} WHERE id = {student.id}")
        .apply(tx)
        .await
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Student>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a page of the students in a territory, the oldest first. `text` is a part of the
/// names in lower case. Without a status, all students match.
pub(crate) async fn list(
    connection: &dyn Connection,
    text: &str,
    status: Option<Status>,
    within: &Territory,
    page: CheckedPage,
) -> DataResult<Page<Student>> {
    let pattern = &containing(text);
    let (by_status, status) = optional(status.map(Status::as_str));
    let [state, district, zone, locality] = &levels(within);
    statement!(paged, "WHERE search_text LIKE {pattern} ESCAPE '!' AND ({state.0} = 0 OR lower(state) = {&state.1}) AND ({district.0} = 0 OR lower(district) = {&district.1}) AND ({zone.0} = 0 OR lower(zone) = {&zone.1}) AND ({locality.0} = 0 OR lower(locality) = {&locality.1}) AND ({by_status} = 0 OR CASE WHEN is_disabled = {true} THEN 'disabled' WHEN is_verified = {true} THEN 'verified' ELSE 'unverified' END = {status})"; "ORDER BY created_at, id", page)
        .fetch(connection)
        .await
}

/// Returns the student with a referral code.
pub(crate) async fn of_referral_code(
    connection: &dyn Connection,
    code: &str,
) -> DataResult<Option<Uuid>> {
    sql!("SELECT id FROM students WHERE referral_code = {code}")
        .fetch_optional(connection)
        .await
}

/// Sets the referral code of a student who has none.
pub(crate) async fn set_referral_code(tx: &Transaction, id: Uuid, code: &str) -> DataResult<()> {
    sql!("UPDATE students SET referral_code = {code} WHERE id = {id} AND referral_code IS NULL")
        .apply(tx)
        .await
}

/// Claims the welcome offer. Returns false if the student has claimed it.
pub(crate) async fn claim_deal(tx: &Transaction, id: Uuid) -> DataResult<bool> {
    ensure(tx, id).await?;
    sql!("UPDATE students SET deal_claimed_at = {Utc::now()} WHERE id = {id} AND deal_claimed_at IS NULL")
            .changes(tx)
            .await
}

fn search_text(username: Option<&str>, profile: &Value) -> String {
    let name = profile.get("fullName").and_then(Value::as_str);
    let text = format!(
        "{} {}",
        username.unwrap_or_default(),
        name.unwrap_or_default()
    );
    text.to_lowercase()
}
