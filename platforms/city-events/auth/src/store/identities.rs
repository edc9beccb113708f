use seaworthy::{
    data::{Connection, DataError, Transaction, chrono::Utc, sql},
    prelude::*,
};
use uuid::Uuid;

use crate::domain::{EmailAddress, UserId};

/// Statements on identities of users at providers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identities;

impl Identities {
    /// Returns the user of an identity.
    pub(crate) async fn find_user(
        connection: &dyn Connection,
        provider: &str,
        subject: &str,
    ) -> Result<Option<UserId>, DataError> {
        let row: Option<(Uuid,)> =
            sql("SELECT user_id FROM oauth_identities WHERE provider = ? AND provider_user_id = ?")
                .bind(provider)
                .bind(subject)
                .fetch_optional(connection)
                .await?;
        Ok(row.map(|(id,)| UserId(id)))
    }

    /// Removes identities of a user whose provider had not verified the address. They may belong to
    /// another person.
    pub(crate) async fn unlink_unverified(tx: &Transaction, user: UserId) -> Result<(), DataError> {
        sql("DELETE FROM oauth_identities WHERE user_id = ? AND email_verified = ?")
            .bind(user.0)
            .bind(false)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Links an identity to a user, with the address of the identity.
    ///
    /// # Errors
    /// `IDENTITY_ALREADY_LINKED` if the identity has a user, also after a concurrent login.
    pub(crate) async fn link(
        tx: &Transaction,
        provider: &str,
        subject: &str,
        (email, is_verified): (&EmailAddress, bool),
        user: UserId,
    ) -> Result<(), Error> {
        let linked = sql("INSERT INTO oauth_identities (id, provider, provider_user_id, email, email_verified, user_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(seaworthy::core::new_id())
            .bind(provider)
            .bind(subject)
            .bind(email.as_str())
            .bind(is_verified)
            .bind(user.0)
            .bind(Utc::now())
            .execute(tx)
            .await;
        match linked {
            Err(error) if error.is_unique_violation() => Err(Error::new(
                Code::Conflict,
                "IDENTITY_ALREADY_LINKED",
                "the identity is already linked to a user",
            )),
            other => Ok(other.map(drop)?),
        }
    }
}
