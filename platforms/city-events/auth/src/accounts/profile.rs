use city_events_contract::messages::AvatarUpdated;
use seaworthy::prelude::*;

use super::{Accounts, Caller};
use crate::{
    domain::{Avatar, User, UserId, refusal},
    store::Users,
};

impl Accounts {
    /// A user, for whoever may know.
    pub(crate) async fn user(&self, id: UserId) -> Result<User, Error> {
        Users::existing(&self.database, id).await
    }

    /// Gives the caller the picture that the address means, or none where it means none.
    pub(crate) async fn set_avatar(
        &self,
        caller: &Caller,
        url: Option<&str>,
    ) -> Result<Option<Avatar>, Error> {
        let url = url.map(str::trim).filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| refusal::missing_field("avatar_url"))?;
        let avatar = Avatar::of_url(url);
        let user = &caller.0;
        self.database
            .transaction(|tx| async move {
                Users::set_avatar(&tx, user.id, avatar).await?;
                let event = AvatarUpdated {
                    user_id: user.id.to_string(),
                    old_avatar_id: user.avatar.map(|id| id.to_string()).unwrap_or_default(),
                };
                self.tell(&tx, user.id, &event).await
            })
            .await?;
        Ok(avatar)
    }
}
