use city_events_contract::Role;
use seaworthy::{account::TokenVersions, auth::token::VerifiedToken, prelude::*};

use super::Accounts;
use crate::{
    domain::{User, UserId, refusal},
    store::Users,
};

/// Who calls, as the database knows them now. A token alone says who somebody was.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) User);

impl Accounts {
    /// The user of an access token whose signature and time are good already.
    ///
    /// # Errors
    /// `TOKEN_INVALID` where it was taken back, `USER_NOT_FOUND` where nobody is called so.
    pub(crate) async fn caller(&self, token: &VerifiedToken) -> Result<Caller, Error> {
        let id = UserId::named(token.actor().as_str())?;
        let version = token.claims().number("ver");
        let version = version.ok().flatten().unwrap_or_default();
        let user = Users::existing(&self.database, id).await?;
        let current = TokenVersions::current(&self.database, &id.to_string()).await?;
        if version < current {
            return Err(refusal::token_invalid());
        }
        Ok(Caller(user))
    }
}

impl Caller {
    /// Lets go on who has at least this role.
    ///
    /// # Errors
    /// `INSUFFICIENT_ROLE`.
    pub(crate) fn at_least(self, role: Role) -> Result<Self, Error> {
        if self.0.role < role {
            return Err(refusal::insufficient_role(role));
        }
        Ok(self)
    }
}
