use city_events_contract::messages::AvatarUpdated;
use seaworthy::prelude::*;

use super::{Accounts, Caller};
use crate::{
    domain::{Avatar, User, UserId, errors},
    store::Users,
};

impl Accounts {
    /// Returns a user. The caller checks the permission.
    pub(crate) async fn user(&self, id: UserId) -> Result<User, Error> {
        Users::get(&self.database, id).await
    }

    /// Sets the avatar that a URL names. A URL without an avatar ID removes the avatar.
    pub(crate) async fn set_avatar(
        &self,
        caller: &Caller,
        url: Option<&str>,
    ) -> Result<Option<Avatar>, Error> {
        let url = url.map(str::trim).filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| errors::missing_field("avatar_url"))?;
        let avatar = Avatar::of_url(url);
        self.database
            .transaction(|tx| async move {
                let user = caller.lock(&tx).await?;
                Users::set_avatar(&tx, user.id, avatar).await?;
                // The media service deletes the old picture.
                let old = user
                    .avatar
                    .filter(|old| avatar.is_none_or(|new| new.0 != *old));
                let event = AvatarUpdated {
                    user_id: user.id.to_string(),
                    old_avatar_id: old.map(|id| id.to_string()).unwrap_or_default(),
                };
                self.publish(&tx, user.id, &event).await
            })
            .await?;
        Ok(avatar)
    }
}
