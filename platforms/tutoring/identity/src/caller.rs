use seaworthy::{account::Sessions, auth::token::VerifiedToken, data::Transaction, prelude::*};
use tutoring_contract::{Role, SESSION_CLAIM, grants};

use crate::errors;

/// The user of an access token, and the session of the token.
#[derive(Debug, Clone)]
pub struct CallerSession {
    user: Uuid,
    session: String,
}

impl CallerSession {
    /// Returns the user and the session of a token.
    ///
    /// # Errors
    /// `TOKEN_INVALID` without a user or a session.
    pub fn from_token(token: &VerifiedToken) -> Result<Self, Error> {
        let user = token.actor().as_str().parse().ok();
        let session = token.claims().text(SESSION_CLAIM).ok().flatten();
        let (Some(user), Some(session)) = (user, session) else {
            return Err(errors::token_invalid());
        };
        Ok(Self {
            user,
            session: session.to_owned(),
        })
    }

    /// Returns the user.
    #[must_use]
    pub const fn user(&self) -> Uuid {
        self.user
    }

    /// Requires that the session has not ended since the token was checked, such as by a new
    /// password. Lock the row of the user first, so that the session cannot end concurrently.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, or an error of the database.
    pub async fn require_active(&self, tx: &Transaction) -> Result<(), Error> {
        let user = self.user.to_string();
        let version = Sessions::token_version(tx, &user, &self.session).await?;
        version.map(drop).ok_or_else(errors::token_invalid)
    }
}

/// Returns the user of the request's access token.
///
/// # Errors
/// `TOKEN_INVALID` without a token of a user.
pub fn caller() -> Result<Uuid, Error> {
    let actor = context::with_current(|context| {
        let actor = context.and_then(|context| context.actor().cloned());
        actor.map(|actor| actor.as_str().to_owned())
    });
    let id = actor.and_then(|actor| actor.parse().ok());
    id.ok_or_else(errors::token_invalid)
}

/// Returns the ID of a path, which must be that of the caller with this role. An admin with the
/// permission may name any ID.
///
/// # Errors
/// `FORBIDDEN` for another user's ID and for a text that is not an ID. For such a text, an admin
/// with the permission gets `NOT_FOUND`.
pub fn own_or_permitted(id: &str, role: Role, permission: Option<&str>) -> Result<Uuid, Error> {
    let grants = grants();
    let is_user = grants.has_role(role.as_str());
    let is_permitted = grants.has_role(Role::Admin.as_str())
        && permission.is_some_and(|permission| grants.has_scope(permission));
    let id = Uuid::try_parse(id).ok();
    let own = caller()?;
    match id {
        None if is_permitted => Err(errors::no_user()),
        Some(id) if is_permitted || (is_user && id == own) => Ok(id),
        _ => Err(errors::other_user()),
    }
}
