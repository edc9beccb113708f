use std::collections::HashMap;

use seaworthy::data::{Connection, DataError, FromRow, Row, Transaction, sql};
use tutoring_contract::Role;
use tutoring_identity::{insert_or_ignore, locked};
use uuid::Uuid;

/// The public members of a student or a trainer.
#[derive(Debug, Clone)]
pub(crate) struct Person {
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

impl FromRow for Person {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("user_id")?,
            role: row.get("role")?,
            username: row.get("username")?,
            full_name: row.get("full_name")?,
            picture_url: row.get("picture_url")?,
        })
    }
}

/// Statements on the names of students and trainers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People;

impl People {
    async fn ensure(tx: &Transaction, (id, role): (Uuid, Role)) -> Result<(), DataError> {
        insert_or_ignore!(
            "people (user_id, role, account_version, profile_version) VALUES (?, ?, 0, 0)"
        )
        .bind(id)
        .bind(role.as_str())
        .execute(tx)
        .await
        .map(drop)
    }

    /// Locks a user until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, user: (Uuid, Role)) -> Result<(), DataError> {
        Self::ensure(tx, user).await?;
        let _locked: (Uuid,) = locked!("SELECT user_id FROM people WHERE user_id = ?")
            .bind(user.0)
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
    ) -> Result<(), DataError> {
        Self::ensure(tx, (id, role)).await?;
        sql("UPDATE people SET username = ?, account_version = ? WHERE user_id = ? AND account_version <= ?")
            .bind(username)
            .bind(version)
            .bind(id)
            .bind(version)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores a version of a profile: the full name and the address of the picture. An older one
    /// is a no-op.
    pub(crate) async fn store_profile(
        tx: &Transaction,
        (id, role): (Uuid, Role),
        version: i64,
        (full_name, picture_url): (Option<String>, Option<String>),
    ) -> Result<(), DataError> {
        Self::ensure(tx, (id, role)).await?;
        sql("UPDATE people SET full_name = ?, picture_url = ?, profile_version = ? WHERE user_id = ? AND profile_version <= ?")
            .bind(full_name)
            .bind(picture_url)
            .bind(version)
            .bind(id)
            .bind(version)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the known users of these IDs. Administrators are not among them.
    pub(crate) async fn of(
        connection: &dyn Connection,
        ids: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Person>, DataError> {
        let found: Vec<Person> = sql("SELECT user_id, role, username, full_name, picture_url FROM people WHERE user_id IN (?*)")
            .bind_list(ids)
            .fetch_all(connection)
            .await?;
        Ok(found
            .into_iter()
            .map(|person| (person.id, person))
            .collect())
    }
}
