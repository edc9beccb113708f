use seaworthy::{
    data::{Connection, DataError, FromRow, Row, sql},
    prelude::*,
};

use crate::refusal;

/// What fits the column, and more than an address may have (RFC 5321, section 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

/// Somebody who can log in.
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

/// The address in the form that users are known by.
pub(crate) fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

impl User {
    /// Somebody new.
    ///
    /// # Errors
    /// The address can be none.
    pub(crate) fn new(email: &str, password_hash: &str) -> Result<Self, Error> {
        let email = normal(email);
        let is_address = email
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
        if !is_address || email.len() > LONGEST_EMAIL || email.contains(char::is_whitespace) {
            return Err(refusal::invalid_email());
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
            Err(error) if error.is_unique_violation() => Err(refusal::email_taken()),
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

    /// Stores a hash of the same password with the parameters of today.
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
