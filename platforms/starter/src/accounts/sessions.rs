use seaworthy::{
    account::{NewSession, RequestOrigin, Rotation, TokenVersions},
    audit_log::AuditEntry,
    data::Transaction,
    operation_log::record_actor,
    prelude::*,
};

use super::{
    Accounts, TokenPair,
    caller::{caller, set_actor},
};
use crate::{
    domain::{User, UserId, errors},
    store::Users,
};

impl Accounts {
    /// Begins a session of a user, whose row the transaction has locked.
    pub(super) async fn begin_session(
        &self,
        tx: &Transaction,
        user: &User,
    ) -> Result<TokenPair, Error> {
        let (id, origin) = (user.id.to_string(), RequestOrigin::current());
        let session = self.sessions.begin(tx, &id, origin.as_origin()).await?;
        self.sign_tokens(tx, user, &session).await
    }

    async fn sign_tokens(
        &self,
        tx: &Transaction,
        user: &User,
        session: &NewSession,
    ) -> Result<TokenPair, Error> {
        // Read the version first. If an operator then revokes a role, the token is outdated.
        let version = TokenVersions::current(tx, &user.id.to_string()).await?;
        let roles = Users::roles(tx, user.id).await?;
        let roles = roles.ok_or_else(errors::token_invalid)?;
        self.tokens.sign(user, &roles, version, session)
    }

    /// Exchanges a refresh token for the next pair. A second use of a token revokes its session and
    /// the access tokens of the session. Other sessions and the API keys of the user
    /// continue, because a client may also repeat a refresh after a lost response.
    ///
    /// # Errors
    /// `REFRESH_TOKEN_REQUIRED` or `REFRESH_TOKEN_INVALID`.
    pub(crate) async fn refresh(&self, token: &Secret<String>) -> Result<TokenPair, Error> {
        if token.expose().is_empty() {
            return Err(errors::refresh_token_required());
        }
        let token = self.tokens.session_of(token)?;
        let session = self
            .database
            .transaction(|tx| {
                let token = &token;
                async move {
                    // The row of the user is locked first, as in all other changes.
                    let user = match self.sessions.find(&tx, token).await? {
                        Some((_, user)) => self.users.lock(&tx, UserId::parse(&user)?).await?,
                        None => None,
                    };
                    let refreshed = match self.sessions.rotate(&tx, token).await? {
                        Rotation::Rotated(refreshed) => refreshed,
                        Rotation::Reused { user } => {
                            let entry = AuditEntry::new("session.reuse").target("user", user);
                            self.audit.append(&tx, entry).await?;
                            return Ok(None);
                        }
                        Rotation::Unknown | Rotation::AlreadyRotated => return Ok(None),
                    };
                    let user = user.filter(|user| user.is_active);
                    let user = user.ok_or_else(errors::refresh_token_invalid)?;
                    set_actor(user.id);
                    record_actor(&tx).await?;
                    let session = NewSession {
                        id: refreshed.id,
                        token: refreshed.token,
                    };
                    self.sign_tokens(&tx, &user, &session).await.map(Some)
                }
            })
            .await?;
        session.ok_or_else(errors::refresh_token_invalid)
    }

    /// Revokes all sessions, API keys and access tokens of the caller.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn log_out(&self) -> Result<(), Error> {
        let user = caller()?;
        self.database
            .transaction(|tx| async move {
                // A login in progress must not begin a session afterwards.
                self.users.lock(&tx, user).await?;
                self.sessions.revoke_access(&tx, &user.to_string()).await?;
                Ok::<_, Error>(())
            })
            .await
    }
}
