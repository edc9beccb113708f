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

/// The published topics. Messages with links for users need a subscriber. The others may have none.
pub(crate) fn topics() -> Topics {
    Topics::new()
        .with::<VerifyEmailRequested>()
        .with::<PasswordResetRequested>()
        .with_unroutable::<UserChanged>()
        .with_unroutable::<AvatarUpdated>()
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
        let user_id = user.to_string();
        let version = TokenVersions::raise(tx, &user_id).await?;
        self.publish(tx, user, &UserChanged { user_id, version })
            .await?;
        Ok(version)
    }
}
