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

/// What is published. Somebody has to hear of messages that people wait for; the others may be for nobody.
pub(crate) fn topics() -> Topics {
    Topics::new()
        .and::<VerifyEmailRequested>()
        .and::<PasswordResetRequested>()
        .and_unroutable::<UserChanged>()
        .and_unroutable::<AvatarUpdated>()
}

impl Accounts {
    /// Stores a message about a user, to be published after the commit. Those of one user keep their order.
    pub(super) async fn tell<E: Event + Serialize>(
        &self,
        tx: &Transaction,
        user: UserId,
        event: &E,
    ) -> Result<(), Error> {
        let message = Message::of(event).key(&user.to_string());
        Ok(self.outbox.store(tx, message).await?)
    }

    /// Revokes all access tokens of a user, here and at the services that subscribe to revocations.
    /// Returns the new version of the tokens.
    pub(super) async fn take_tokens_back(
        &self,
        tx: &Transaction,
        user: UserId,
    ) -> Result<u64, Error> {
        let user_id = user.to_string();
        let version = TokenVersions::raise(tx, &user_id).await?;
        self.tell(tx, user, &UserChanged { user_id, version })
            .await?;
        Ok(version)
    }
}
