use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy::{
    crypto::Encrypted,
    data::{Connection, DataError, FromRow, Row, Transaction, chrono::Utc, sql, uuid::Uuid},
    prelude::*,
};

use super::Keys;
use crate::domain::{NewUser, Profile, User, UserId, errors};

/// The values of `status`.
const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";

/// Returns the text of a statement that reads users.
macro_rules! statement {
    ($rest:literal) => {
        concat!(
            "SELECT id, username, password_hash, status FROM users ",
            $rest
        )
    };
}

/// Statements on users. Personal columns are encrypted.
#[derive(Debug, Clone)]
pub(crate) struct Users {
    keys: Keys,
}

/// A row of the table.
struct Stored {
    id: Uuid,
    username: Encrypted<String>,
    password_hash: String,
    status: String,
}

impl FromRow for Stored {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            username: row.get("username")?,
            password_hash: row.get("password_hash")?,
            status: row.get("status")?,
        })
    }
}

/// An encrypted column and its blind index. An absent value is NULL in both.
type Sealed = (Option<Encrypted<String>>, Option<Vec<u8>>);

/// The e-mail address and the telephone number of a user.
type Addresses = (Option<Personal<String>>, Option<Personal<String>>);

impl Users {
    pub(crate) fn new(keys: Keys) -> Self {
        Self { keys }
    }

    /// Returns the name under which failed logins of a user name count, in any case. It is a keyed
    /// hash, so that an attacker with a dump cannot try names, or passwords in the field of the
    /// name.
    pub(crate) fn lockout_account(&self, username: &str) -> String {
        STANDARD.encode(self.keys.index("failed_logins", username))
    }

    /// Inserts a new user.
    ///
    /// # Errors
    /// `USER_EXISTS`.
    pub(crate) async fn insert(
        &self,
        connection: &dyn Connection,
        user: &NewUser,
    ) -> Result<(), Error> {
        let sealed = self.encrypt(user).await?;
        let [
            (username, username_index),
            (email, email_index),
            (phone, phone_index),
        ] = sealed;
        let inserted = sql("INSERT INTO users (id, username, username_index, email, email_index, phone, phone_index, password_hash, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(user.id.0)
            .bind(username)
            .bind(username_index)
            .bind(email)
            .bind(email_index)
            .bind(phone)
            .bind(phone_index)
            .bind(user.password_hash.expose())
            .bind(Utc::now())
            .execute(connection)
            .await;
        match inserted {
            Err(error) if error.is_unique_violation() => Err(errors::user_exists()),
            other => Ok(other.map(drop)?),
        }
    }

    /// Encrypts the user name, the e-mail address and the telephone number with one data key.
    async fn encrypt(&self, user: &NewUser) -> Result<[Sealed; 3], Error> {
        let columns = [
            ("username", Some(&user.username)),
            ("email", user.email.as_ref()),
            ("phone", user.phone.as_ref()),
        ];
        let present = columns.iter();
        let present = present.filter_map(|(column, text)| Some((*column, (*text)?.expose())));
        let present: Vec<_> = present.collect();
        let sealed = self.keys.seal_all(&user.id.to_string(), &present).await?;
        let mut sealed = sealed.into_iter();
        Ok(columns.map(|(column, text)| match text {
            Some(text) => (sealed.next(), Some(self.keys.index(column, text.expose()))),
            None => (None, None),
        }))
    }

    pub(crate) async fn by_name(
        &self,
        connection: &dyn Connection,
        username: &str,
    ) -> Result<Option<User>, Error> {
        let stored = sql(statement!("WHERE username_index = ?"))
            .bind(self.keys.index("username", username))
            .fetch_optional(connection)
            .await?;
        self.decrypt(stored).await
    }

    pub(crate) async fn by_id(
        &self,
        connection: &dyn Connection,
        id: UserId,
    ) -> Result<Option<User>, Error> {
        let stored = sql(statement!("WHERE id = ?"))
            .bind(id.0)
            .fetch_optional(connection)
            .await?;
        self.decrypt(stored).await
    }

    /// Returns the profile of a user.
    pub(crate) async fn profile(
        &self,
        connection: &dyn Connection,
        id: UserId,
    ) -> Result<Option<Profile>, Error> {
        type Stored = (
            Encrypted<String>,
            Option<Encrypted<String>>,
            Option<Encrypted<String>>,
        );
        let stored: Option<Stored> = sql("SELECT username, email, phone FROM users WHERE id = ?")
            .bind(id.0)
            .fetch_optional(connection)
            .await?;
        let Some((username, email, phone)) = stored else {
            return Ok(None);
        };
        let row = id.to_string();
        Ok(Some(Profile {
            id,
            username: self.keys.open_value("username", &row, &username).await?,
            email: self.decrypt_value("email", &row, email).await?,
            phone: self.decrypt_value("phone", &row, phone).await?,
        }))
    }

    /// Returns the e-mail address and the telephone number of a user.
    pub(crate) async fn addresses(
        &self,
        connection: &dyn Connection,
        username: &str,
    ) -> Result<Addresses, Error> {
        type Stored = (Uuid, Option<Encrypted<String>>, Option<Encrypted<String>>);
        let stored: Option<Stored> =
            sql("SELECT id, email, phone FROM users WHERE username_index = ?")
                .bind(self.keys.index("username", username))
                .fetch_optional(connection)
                .await?;
        let Some((id, email, phone)) = stored else {
            return Ok((None, None));
        };
        let row = id.to_string();
        Ok((
            self.decrypt_value("email", &row, email).await?,
            self.decrypt_value("phone", &row, phone).await?,
        ))
    }

    /// Returns the names of users, by ID.
    pub(crate) async fn names(
        &self,
        connection: &dyn Connection,
        ids: &[UserId],
    ) -> Result<HashMap<String, Personal<String>>, Error> {
        let stored: Vec<(Uuid, Encrypted<String>)> =
            sql("SELECT id, username FROM users WHERE id IN (?*)")
                .bind_list(ids.iter().map(|id| id.0))
                .fetch_all(connection)
                .await?;
        let stored = stored.into_iter();
        let rows: Vec<_> = stored.map(|(id, name)| (id.to_string(), name)).collect();
        let names = self.keys.open_all("username", &rows).await?;
        let ids = rows.into_iter().map(|(id, _)| id);
        Ok(ids.zip(names).collect())
    }

    async fn decrypt_value(
        &self,
        column: &str,
        row: &str,
        stored: Option<Encrypted<String>>,
    ) -> Result<Option<Personal<String>>, Error> {
        match stored {
            Some(stored) => self.keys.open_value(column, row, &stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns a user, and locks the row until the transaction ends.
    pub(crate) async fn lock(&self, tx: &Transaction, id: UserId) -> Result<Option<User>, Error> {
        let stored = sql(statement!("WHERE id = ? FOR UPDATE"))
            .on_sqlite(statement!("WHERE id = ?"))
            .bind(id.0)
            .fetch_optional(tx)
            .await?;
        self.decrypt(stored).await
    }

    async fn decrypt(&self, stored: Option<Stored>) -> Result<Option<User>, Error> {
        let Some(stored) = stored else {
            return Ok(None);
        };
        let row = stored.id.to_string();
        let username = self.keys.open_value("username", &row, &stored.username);
        Ok(Some(User {
            id: UserId(stored.id),
            username: username.await?,
            password_hash: Secret::new(stored.password_hash),
            is_active: stored.status == ACTIVE,
        }))
    }

    /// Replaces the hash of a password by one with other parameters.
    pub(crate) async fn replace_hash(
        &self,
        tx: &Transaction,
        user: &User,
        hash: &str,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?")
            .bind(hash)
            .bind(user.id.0)
            .bind(user.password_hash.expose())
            .execute(tx)
            .await
            .map(drop)
    }

    /// Sets a new password.
    pub(crate) async fn set_hash(
        &self,
        tx: &Transaction,
        id: UserId,
        hash: &str,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET password_hash = ? WHERE id = ?")
            .bind(hash)
            .bind(id.0)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Enables or disables a user. Returns whether the status changed.
    pub(crate) async fn set_active(
        &self,
        connection: &dyn Connection,
        id: UserId,
        is_active: bool,
    ) -> Result<bool, DataError> {
        let status = if is_active { ACTIVE } else { DISABLED };
        let updated = sql("UPDATE users SET status = ? WHERE id = ? AND status <> ?")
            .bind(status)
            .bind(id.0)
            .bind(status)
            .execute(connection)
            .await?;
        Ok(updated.rows_affected() > 0)
    }

    /// Returns the roles of an active user. `None` for a user who is disabled or does not exist.
    pub(crate) async fn roles(
        connection: &dyn Connection,
        id: UserId,
    ) -> Result<Option<Vec<String>>, DataError> {
        let rows: Vec<(Option<String>,)> =
            sql("SELECT role FROM users LEFT JOIN user_roles ON user_id = id
             WHERE id = ? AND status = ? ORDER BY role LIMIT 100")
            .bind(id.0)
            .bind(ACTIVE)
            .fetch_all(connection)
            .await?;
        let is_active = !rows.is_empty();
        Ok(is_active.then(|| rows.into_iter().filter_map(|(role,)| role).collect()))
    }

    /// Grants a role. Returns whether the user did not have it.
    pub(crate) async fn grant(
        &self,
        connection: &dyn Connection,
        id: UserId,
        role: &str,
    ) -> Result<bool, DataError> {
        let granted =
            sql("INSERT INTO user_roles (user_id, role) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .on_mysql("INSERT IGNORE INTO user_roles (user_id, role) VALUES (?, ?)")
                .bind(id.0)
                .bind(role)
                .execute(connection)
                .await?;
        Ok(granted.rows_affected() > 0)
    }

    /// Revokes a role. Returns whether the user had it.
    pub(crate) async fn revoke(
        &self,
        connection: &dyn Connection,
        id: UserId,
        role: &str,
    ) -> Result<bool, DataError> {
        let revoked = sql("DELETE FROM user_roles WHERE user_id = ? AND role = ?")
            .bind(id.0)
            .bind(role)
            .execute(connection)
            .await?;
        Ok(revoked.rows_affected() > 0)
    }
}
