use seaworthy::{
    data::{Connection, DataError, Transaction, chrono::Utc, sql},
    prelude::*,
};
use uuid::Uuid;

use crate::domain::{EmailAddress, UserId};

/// Statements on who users are at a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identities;

impl Identities {
    /// Whose identity it is.
    pub(crate) async fn holder(
        connection: &dyn Connection,
        provider: &str,
        subject: &str,
    ) -> Result<Option<UserId>, DataError> {
        let holder: Option<(Uuid,)> =
            sql("SELECT user_id FROM oauth_identities WHERE provider = ? AND provider_user_id = ?")
                .bind(provider)
                .bind(subject)
                .fetch_optional(connection)
                .await?;
        Ok(holder.map(|(id,)| UserId(id)))
    }

    /// Takes from a user whatever identities came with an address that their provider had not seen: they may be somebody else's.
    pub(crate) async fn unlink_unverified(tx: &Transaction, user: UserId) -> Result<(), DataError> {
        sql("DELETE FROM oauth_identities WHERE user_id = ? AND email_verified = ?")
            .bind(user.0)
            .bind(false)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Gives an identity to a user, with the address that it was found by. It is nobody else's: two at once conflict.
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
                "the identity belongs to a user already",
            )),
            other => Ok(other.map(drop)?),
        }
    }
}
