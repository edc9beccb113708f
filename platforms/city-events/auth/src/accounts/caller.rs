use city_events_contract::Role;
use seaworthy::{account::TokenVersions, auth::token::VerifiedToken, prelude::*};

use super::Accounts;
use crate::{
    domain::{User, UserId, errors},
    store::Users,
};

/// The caller, with the current data of the database. The data in the token may be outdated.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) User);

impl Accounts {
    /// Returns the user of an access token with a verified signature and time.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the token is revoked, `USER_NOT_FOUND` if the user does not exist.
    pub(crate) async fn caller(&self, token: &VerifiedToken) -> Result<Caller, Error> {
        let id = UserId::parse(token.actor().as_str())?;
        let version = token.claims().number("ver");
        let version = version.ok().flatten().unwrap_or_default();
        let user = Users::get(&self.database, id).await?;
        let current = TokenVersions::current(&self.database, &id.to_string()).await?;
        if version < current {
            return Err(errors::token_invalid());
        }
        Ok(Caller(user))
    }
}

impl Caller {
    /// Returns the caller if the caller has at least this role.
    ///
    /// # Errors
    /// `INSUFFICIENT_ROLE`.
    pub(crate) fn require_role(self, role: Role) -> Result<Self, Error> {
        if self.0.role < role {
            return Err(errors::insufficient_role(role));
        }
        Ok(self)
    }
}
