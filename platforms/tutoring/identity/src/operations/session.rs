use seaworthy::{
    account::{Refreshed, SecretToken},
    data::Transaction,
    prelude::*,
};

use crate::{Account, Accounts, SessionRecord, errors, identity::Parts};

/// A session with its tokens.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) account: Account,
    pub(crate) session: String,
    pub(crate) access: Secret<String>,
    pub(crate) refresh: SecretToken,
}

impl Parts {
    /// Begins a session of an account, whose row the transaction has locked or inserted.
    pub(crate) async fn begin_session(
        &self,
        tx: &Transaction,
        account: Account,
    ) -> Result<LoggedIn, Error> {
        if account.is_disabled {
            return Err(errors::account_disabled());
        }
        Accounts::record_login(tx, account.id).await?;
        let user = account.id.to_string();
        let session = self.active_sessions.begin(&self.sessions, tx, user).await?;
        self.activate(account, session).await
    }

    /// Signs the access token of a session and activates the session. Call it before the commit
    /// of the transaction that began or rotated it and has locked the account. A call that ends the
    /// session waits for the lock, so it removes the active session later. If the commit fails, the
    /// client gets no token.
    pub(crate) async fn activate(
        &self,
        account: Account,
        session: Refreshed,
    ) -> Result<LoggedIn, Error> {
        let (user, role) = (account.id, self.kind.role());
        let access = self.tokens.sign(&account.subject(self.kind), &session.id)?;
        let record = SessionRecord::from_request(&session.id, user, role, session.begun_us);
        self.active_sessions.put(&record).await?;
        Ok(LoggedIn {
            account,
            access,
            session: session.id,
            refresh: session.token,
        })
    }

    /// Revokes all sessions of an account, whose row the transaction has locked, and with them its
    /// access tokens. A login that has checked its credentials fails.
    ///
    /// # Errors
    /// An error of the database, or `SERVICE_DEGRADED` if Redis is unavailable. Then no session is
    /// revoked.
    pub(crate) async fn revoke_sessions(&self, tx: &Transaction, id: Uuid) -> Result<(), Error> {
        let user = id.to_string();
        let ended = self.active_sessions.revoke_all(&self.sessions, tx, &user);
        ended.await
    }
}
