use city_events_contract::messages::{
    AvatarUpdated, PasswordResetRequested, UserChanged, VerifyEmailRequested,
};
use seaworthy::{
    account::TokenVersions,
    data::Transaction,
    messaging::{Event, Message, Topics},
    prelude::*,
};

use super::Accounts;
use crate::domain::UserId;

/// Returns the published topics. Each has the groups of its consumers, even before they start.
pub(crate) fn topics() -> Topics {
    Topics::from_event::<VerifyEmailRequested>()
        .with::<PasswordResetRequested>()
        .with::<UserChanged>()
        .with::<AvatarUpdated>()
}

impl Accounts {
    /// Stores a message about a user, which the relay publishes after the commit. Messages about
    /// one user keep their order.
    pub(super) async fn publish<E: Event + Serialize>(
        &self,
        tx: &Transaction,
        user: UserId,
        event: &E,
    ) -> Result<(), Error> {
        let message = Message::from_event(event).key(&user.to_string());
        Ok(self.outbox.store(tx, message).await?)
    }

    /// Revokes all access tokens of a user, here and at the services that subscribe to revocations.
    /// Returns the new version of the tokens.
    pub(super) async fn revoke_tokens(&self, tx: &Transaction, user: UserId) -> Result<u64, Error> {
        let version = TokenVersions::increment(tx, &user.to_string()).await?;
        self.publish_revocation(tx, user, version).await?;
        Ok(version)
    }

    /// Publishes the new version of the tokens of a user.
    pub(super) async fn publish_revocation(
        &self,
        tx: &Transaction,
        user: UserId,
        version: u64,
    ) -> Result<(), Error> {
        let user_id = user.to_string();
        self.publish(tx, user, &UserChanged { user_id, version })
            .await
    }
}
