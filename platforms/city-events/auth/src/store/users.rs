use city_events_contract::Role;
use seaworthy::{
    data::{Connection, DataError, FromRow, Row, Transaction, chrono::Utc, sql},
    prelude::*,
};

use crate::domain::{Avatar, EmailAddress, User, UserId, errors};

/// Returns the text of a statement that reads users.
macro_rules! statement {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, password_hash, role, email_verified, locked, username, avatar_image_id FROM users ",
            $rest
        )
    };
}

/// Returns a statement that reads users.
macro_rules! select {
    ($rest:literal) => {
        sql(statement!($rest))
    };
}

/// Statements on users.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Users;

impl FromRow for User {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let role: String = row.get("role")?;
        Ok(Self {
            id: UserId(row.get("id")?),
            email: row.get("email")?,
            password_hash: row.get("password_hash")?,
            role: Role::from_name(&role).ok_or_else(|| {
                DataError::unexpected_value("the role of a user must be user, moderator or admin")
            })?,
            email_verified: row.get("email_verified")?,
            locked: row.get("locked")?,
            name: row.get("username")?,
            avatar: row.get("avatar_image_id")?,
        })
    }
}

impl Users {
    /// Inserts a new user.
    ///
    /// # Errors
    /// `EMAIL_ALREADY_EXISTS`.
    pub(crate) async fn insert(tx: &Transaction, user: &User) -> Result<(), Error> {
        let now = Utc::now();
        let inserted = sql("INSERT INTO users (id, email, password_hash, role, email_verified, locked, password_changed_at, username, avatar_image_id, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(user.id.0)
            .bind(user.email.expose())
            .bind(user.password_hash.as_ref().map(|hash| hash.expose().clone()))
            .bind(user.role.as_str())
            .bind(user.email_verified)
            .bind(user.locked)
            .bind(user.password_hash.is_some().then_some(now))
            .bind(user.name.as_ref().map(|name| name.expose().clone()))
            .bind(user.avatar)
            .bind(now)
            .bind(now)
            .execute(tx)
            .await;
        match inserted {
            Err(error) if error.is_unique_violation() => Err(errors::email_already_exists()),
            other => Ok(other.map(drop)?),
        }
    }

    pub(crate) async fn by_email(
        connection: &dyn Connection,
        email: &EmailAddress,
    ) -> Result<Option<User>, DataError> {
        select!("WHERE email = ?")
            .bind(email.as_str())
            .fetch_optional(connection)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: UserId,
    ) -> Result<Option<User>, DataError> {
        select!("WHERE id = ?")
            .bind(id.0)
            .fetch_optional(connection)
            .await
    }

    /// Returns a user, and locks the row until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, id: UserId) -> Result<Option<User>, DataError> {
        select!("WHERE id = ? FOR UPDATE")
            .on_sqlite(statement!("WHERE id = ?"))
            .bind(id.0)
            .fetch_optional(tx)
            .await
    }

    /// Returns an existing user.
    ///
    /// # Errors
    /// `USER_NOT_FOUND`.
    pub(crate) async fn get(connection: &dyn Connection, id: UserId) -> Result<User, Error> {
        let user = Self::by_id(connection, id).await?;
        user.ok_or_else(errors::user_not_found)
    }

    pub(crate) async fn is_empty(connection: &dyn Connection) -> Result<bool, DataError> {
        let has_any = sql("SELECT id FROM users LIMIT 1").exists(connection);
        Ok(!has_any.await?)
    }

    pub(crate) async fn set_password(
        connection: &dyn Connection,
        id: UserId,
        hash: &str,
    ) -> Result<(), DataError> {
        let now = Utc::now();
        sql("UPDATE users SET password_hash = ?, password_changed_at = ?, updated_at = ? WHERE id = ?")
            .bind(hash)
            .bind(now)
            .bind(now)
            .bind(id.0)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Removes the password. The user can log in by a provider, or set a password by a link.
    pub(crate) async fn clear_password(
        connection: &dyn Connection,
        id: UserId,
    ) -> Result<(), DataError> {
        let now = Utc::now();
        sql("UPDATE users SET password_hash = NULL, password_changed_at = ?, updated_at = ? WHERE id = ?")
            .bind(now)
            .bind(now)
            .bind(id.0)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Replaces the hash by a hash of the same password with the current parameters. It is a no-op
    /// if the hash has changed.
    pub(crate) async fn replace_hash(
        connection: &dyn Connection,
        id: UserId,
        previous: &str,
        hash: &str,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?")
            .bind(hash)
            .bind(id.0)
            .bind(previous)
            .execute(connection)
            .await
            .map(drop)
    }

    pub(crate) async fn set_verified(
        connection: &dyn Connection,
        id: UserId,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET email_verified = ?, updated_at = ? WHERE id = ?")
            .bind(true)
            .bind(Utc::now())
            .bind(id.0)
            .execute(connection)
            .await
            .map(drop)
    }

    pub(crate) async fn set_role(
        connection: &dyn Connection,
        id: UserId,
        role: Role,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET role = ?, updated_at = ? WHERE id = ?")
            .bind(role.as_str())
            .bind(Utc::now())
            .bind(id.0)
            .execute(connection)
            .await
            .map(drop)
    }

    pub(crate) async fn set_locked(
        connection: &dyn Connection,
        id: UserId,
        locked: bool,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET locked = ?, updated_at = ? WHERE id = ?")
            .bind(locked)
            .bind(Utc::now())
            .bind(id.0)
            .execute(connection)
            .await
            .map(drop)
    }

    pub(crate) async fn set_avatar(
        connection: &dyn Connection,
        id: UserId,
        avatar: Option<Avatar>,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET avatar_image_id = ?, updated_at = ? WHERE id = ?")
            .bind(avatar.map(|Avatar(image)| image))
            .bind(Utc::now())
            .bind(id.0)
            .execute(connection)
            .await
            .map(drop)
    }
}

/// Returns two users and all admins, and locks their rows until the transaction ends. It locks in
/// the order of IDs, so concurrent calls do not deadlock.
pub(crate) async fn lock_with_admins(
    tx: &Transaction,
    first: UserId,
    second: UserId,
) -> Result<Vec<User>, DataError> {
    select!("WHERE id = ? OR id = ? OR role = 'admin' ORDER BY id FOR UPDATE")
        .on_sqlite(statement!(
            "WHERE id = ? OR id = ? OR role = 'admin' ORDER BY id"
        ))
        .bind(first.0)
        .bind(second.0)
        .fetch_all(tx)
        .await
}
