use seaworthy::{
    data::{Connection, DataError, FromRow, Row, sql},
    prelude::*,
};

use crate::errors;

/// Maximum length of an address (RFC 5321, section 4.5.3.1.3), in bytes.
const MAX_EMAIL_LENGTH: usize = 254;

/// A registered user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) email: Personal<String>,
    pub(crate) password_hash: Secret<String>,
}

impl FromRow for User {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            email: Personal::new(row.get("email")?),
            password_hash: Secret::new(row.get("password_hash")?),
        })
    }
}

/// Returns an address without surrounding spaces, in lower case.
pub(crate) fn normalize(email: &str) -> String {
    email.trim().to_lowercase()
}

impl User {
    /// Creates a user with a new ID.
    ///
    /// # Errors
    /// The address is not valid.
    pub(crate) fn new(email: &str, password_hash: &str) -> Result<Self, Error> {
        let email = normalize(email);
        let is_address = email
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
        if !is_address || email.len() > MAX_EMAIL_LENGTH || email.contains(char::is_whitespace) {
            return Err(errors::invalid_email());
        }
        Ok(Self {
            id: seaworthy::core::new_id().to_string(),
            email: Personal::new(email),
            password_hash: Secret::new(password_hash.to_owned()),
        })
    }

    pub(crate) async fn insert(&self, connection: &dyn Connection) -> Result<(), Error> {
        let inserted = sql("INSERT INTO users (id, email, password_hash) VALUES (?, ?, ?)")
            .bind(self.id.as_str())
            .bind(self.email.expose().as_str())
            .bind(self.password_hash.expose().as_str())
            .execute(connection)
            .await;
        match inserted {
            Err(error) if error.is_unique_violation() => Err(errors::email_taken()),
            other => Ok(other.map(drop)?),
        }
    }

    pub(crate) async fn by_email(
        connection: &dyn Connection,
        email: &str,
    ) -> Result<Option<Self>, DataError> {
        sql("SELECT id, email, password_hash FROM users WHERE email = ?")
            .bind(email)
            .fetch_optional(connection)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: &str,
    ) -> Result<Option<Self>, DataError> {
        sql("SELECT id, email, password_hash FROM users WHERE id = ?")
            .bind(id)
            .fetch_optional(connection)
            .await
    }

    /// Replaces the hash with one of the same password and the current parameters.
    pub(crate) async fn rehash(
        &self,
        connection: &dyn Connection,
        hash: &str,
    ) -> Result<(), DataError> {
        sql("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?")
            .bind(hash)
            .bind(self.id.as_str())
            .bind(self.password_hash.expose().as_str())
            .execute(connection)
            .await
            .map(drop)
    }
}
