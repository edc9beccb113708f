use city_events_contract::Role;
use seaworthy::{
    account::TokenVersions, auth::token::VerifiedToken, data::Transaction, prelude::*,
};

use super::Accounts;
use crate::{
    domain::{User, UserId, errors},
    store::Users,
};

/// The caller, with the data of the database at the start of the request. The data in the token may
/// be outdated.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) user: User,
    /// The version of the access token.
    version: u64,
}

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
        Ok(Caller { user, version })
    }
}

impl Caller {
    /// Returns the current user, and locks the row until the transaction ends. Another request may
    /// have banned the user or revoked the token since the start of this one.
    ///
    /// # Errors
    /// `TOKEN_INVALID`.
    pub(super) async fn lock(&self, tx: &Transaction) -> Result<User, Error> {
        let user = Users::lock(tx, self.user.id).await?;
        let user = user.filter(|user| !user.locked);
        let user = user.ok_or_else(errors::token_invalid)?;
        if !self.is_current(tx).await? {
            return Err(errors::token_invalid());
        }
        Ok(user)
    }

    /// Returns whether the token is still valid. The transaction must have locked the row of the
    /// user.
    pub(super) async fn is_current(&self, tx: &Transaction) -> Result<bool, Error> {
        let user = self.user.id.to_string();
        Ok(TokenVersions::is_current(tx, &user, self.version).await?)
    }

    /// Returns the caller if the caller has at least this role.
    ///
    /// # Errors
    /// `INSUFFICIENT_ROLE`.
    pub(crate) fn require_role(self, role: Role) -> Result<Self, Error> {
        require_role(&self.user, role)?;
        Ok(self)
    }
}

/// Checks that a user has at least this role.
///
/// # Errors
/// `INSUFFICIENT_ROLE`.
pub(super) fn require_role(user: &User, role: Role) -> Result<(), Error> {
    if user.role < role {
        return Err(errors::insufficient_role(role));
    }
    Ok(())
}
