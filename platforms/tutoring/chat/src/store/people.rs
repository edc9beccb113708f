//! Statements on the names of students and trainers.

use std::collections::HashMap;

use seaworthy::data::prelude::*;
use tutoring_contract::Role;

/// The public fields of a student or a trainer.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Person {
    #[from_row(column = "user_id")]
    pub(crate) id: Uuid,
    pub(crate) role: String,
    username: Option<String>,
    full_name: Option<String>,
    pub(crate) picture_url: Option<String>,
}

impl Person {
    /// Returns the full name. A user without a profile has a user name only.
    pub(crate) fn name(&self) -> Option<&str> {
        self.full_name.as_deref().or(self.username.as_deref())
    }
}

async fn ensure(tx: &Transaction, (id, role): (Uuid, Role)) -> DataResult<()> {
    insert_or_ignore!("people (user_id, role, account_version, profile_version) VALUES ({id}, {role.as_str()}, 0, 0)")
    .apply(tx)
    .await
}

/// Locks a user until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, user: (Uuid, Role)) -> DataResult<()> {
    ensure(tx, user).await?;
    let _locked: Uuid = locked!("SELECT user_id FROM people WHERE user_id = {user.0}")
        .fetch_one(tx)
        .await?;
    Ok(())
}

/// Stores a version of an account. An older one is a no-op.
pub(crate) async fn store_account(
    tx: &Transaction,
    (id, role): (Uuid, Role),
    version: i64,
    username: Option<String>,
) -> DataResult<()> {
    ensure(tx, (id, role)).await?;
    sql!("UPDATE people SET username = {username}, account_version = {version} WHERE user_id = {id} AND account_version <= {version}")
        .apply(tx)
        .await
}

/// Stores a version of a profile: the full name and the address of the picture. An older one
/// is a no-op.
pub(crate) async fn store_profile(
    tx: &Transaction,
    (id, role): (Uuid, Role),
    version: i64,
    (full_name, picture_url): (Option<String>, Option<String>),
) -> DataResult<()> {
    ensure(tx, (id, role)).await?;
    sql!("UPDATE people SET full_name = {full_name}, picture_url = {picture_url}, profile_version = {version} WHERE user_id = {id} AND profile_version <= {version}")
        .apply(tx)
        .await
}

/// Returns the known users of these IDs. Administrators are not among them.
pub(crate) async fn of(
    connection: &dyn Connection,
    ids: Vec<Uuid>,
) -> DataResult<HashMap<Uuid, Person>> {
    let found: Vec<Person> = sql(
        "SELECT user_id, role, username, full_name, picture_url FROM people WHERE user_id IN (?*)",
    )
    .bind_list(ids)
    .fetch_all(connection)
    .await?;
    Ok(found
        .into_iter()
        .map(|person| (person.id, person))
        .collect())
}
