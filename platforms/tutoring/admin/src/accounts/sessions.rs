use seaworthy::{
    account::{Refreshed, Rotation, SecretToken},
    audit_log::{AuditEntry, Outcome},
    data::Transaction,
    prelude::*,
};
use tutoring_contract::{Role, Subject};
use tutoring_identity::{SessionRecord, refresh_in_progress};

use super::{Accounts, Caller};
use crate::{
    domain::{Admin, Status, errors},
    store::admins,
};

/// An admin with a new access token and a new refresh token.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) admin: Admin,
    pub(crate) session: String,
    pub(crate) access: Secret<String>,
    pub(crate) refresh: SecretToken,
}

impl Accounts {
    /// Begins a session of an admin, whose row the transaction has locked. All services accept its
    /// access tokens before the commit. A call that ends the session waits for the lock, so it
    /// removes the active session later. If the commit fails, the client gets no token.
    pub(super) async fn begin_session(
        &self,
        tx: &Transaction,
        admin: Admin,
    ) -> Result<LoggedIn, Error> {
        let id = admin.id.to_string();
        let session = self.active_sessions.begin(&self.sessions, tx, id).await?;
        self.activate(admin, session).await
    }

    /// Signs the access token of a session and makes the session active, in the transaction that
    /// began or rotated it.
    async fn activate(&self, admin: Admin, session: Refreshed) -> Result<LoggedIn, Error> {
        let subject = Subject {
            id: admin.id,
            role: Role::Admin,
            admin_roles: admin.roles.clone(),
            permissions: admin.permissions().into_iter().map(str::to_owned).collect(),
            territory: admin.territory.clone(),
            email: Some(admin.email.clone()),
            phone: None,
        };
        let access = self.tokens.sign(&subject, &session.id)?;
        let (role, begun_us) = (Role::Admin, session.begun_us);
        let record = SessionRecord::from_request(&session.id, admin.id, role, begun_us);
        self.active_sessions.put(&record).await?;
        Ok(LoggedIn {
            admin,
            access,
            session: session.id,
            refresh: session.token,
        })
    }

    /// Exchanges a refresh token for the next one and a new access token. A token that is used
    /// twice ends its session.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, or `RATE_LIMITED` during another refresh of the session.
    pub(crate) async fn refresh(&self, token: Option<&SecretToken>) -> Result<LoggedIn, Error> {
        let token = token.ok_or_else(errors::refresh_token_invalid)?;
        let found = self.sessions.find(&self.database, token).await?;
        let (session, user) = found.ok_or_else(errors::refresh_token_invalid)?;
        let admin = user.parse().map_err(Error::internal)?;
        if !self.active_sessions.lock_refresh(&session).await? {
            return Err(refresh_in_progress());
        }
        let refreshed = self.rotate(admin, token).await;
        self.active_sessions.unlock_refresh(&session).await;
        if let Some(refreshed) = refreshed? {
            return Ok(refreshed);
        }
        self.revoke_access_tokens(&[session]).await;
        Err(errors::refresh_token_invalid())
    }

    /// Rotates a token. Returns `None` if the session has ended.
    async fn rotate(&self, admin: Uuid, token: &SecretToken) -> Result<Option<LoggedIn>, Error> {
        self.database
            .transaction(|tx| async move {
                // Every call locks the admin before the sessions, so no two calls deadlock.
                let admin = admins::lock(&tx, &[admin]).await?.into_iter().next();
                let admin = admin.filter(|admin| admin.status == Status::Active);
                let admin = admin.ok_or_else(errors::refresh_token_invalid)?;
                let refreshed = match self.sessions.rotate(&tx, token).await? {
                    Rotation::Rotated(refreshed) => refreshed,
                    Rotation::AlreadyRotated => return Err(refresh_in_progress()),
                    Rotation::Reused { user } => {
                        let entry = AuditEntry::new("session.reuse").target("admin", user);
                        let entry = entry.outcome(Outcome::Refused);
                        self.audit.append(&tx, entry).await?;
                        return Ok(None);
                    }
                    Rotation::Unknown => return Ok(None),
                };
                self.activate(admin, refreshed).await.map(Some)
            })
            .await
    }

    /// Ends the session of a refresh token, if it has one.
    pub(crate) async fn log_out(&self, token: Option<&SecretToken>) -> Result<(), Error> {
        let Some(token) = token else {
            return Ok(());
        };
        let Some((session, user)) = self.sessions.find(&self.database, token).await? else {
            return Ok(());
        };
        let admin: Uuid = user.parse().map_err(Error::internal)?;
        self.database
            .transaction(|tx| async move {
                // Because of this lock, a concurrent refresh completes first, or finds no session.
                admins::lock(&tx, &[admin]).await?;
                let Some(user) = self.sessions.revoke(&tx, token).await? else {
                    return Ok(());
                };
                let entry = AuditEntry::new("admin.logout").target("admin", user.as_str());
                Ok::<_, Error>(self.audit.append(&tx, entry.actor(user)).await?)
            })
            .await?;
        self.active_sessions.remove(&session).await
    }

    /// Ends all sessions of the caller.
    ///
    /// # Errors
    /// Those of the database, and `TOKEN_INVALID` if the session of the caller ended during the
    /// call.
    pub(crate) async fn log_out_all(&self, caller: &Caller) -> Result<(), Error> {
        let id = caller.admin.id;
        let ended = self
            .database
            .transaction(|tx| async move {
                admins::lock(&tx, &[id]).await?;
                caller.session.require_active(&tx).await?;
                let ended = self.revoke_sessions(&tx, id).await?;
                let entry = AuditEntry::new("admin.logout_all").target("admin", id.to_string());
                self.audit.append(&tx, entry).await?;
                Ok::<_, Error>(ended)
            })
            .await?;
        self.revoke_access_tokens(&ended).await;
        Ok(())
    }

    /// Revokes all sessions of an admin in the transaction of a change, which has locked the admin.
    /// A login that has checked its credentials fails. Returns the IDs of the sessions for
    /// [`revoke_access_tokens`](Self::revoke_access_tokens).
    pub(super) async fn revoke_sessions(
        &self,
        tx: &Transaction,
        id: Uuid,
    ) -> Result<Vec<String>, Error> {
        let ended = self.sessions.revoke_access(tx, &id.to_string()).await?;
        Ok(ended.sessions)
    }

    /// Makes all services reject the access tokens of ended sessions. If Redis is unavailable,
    /// these tokens stay valid until they expire.
    pub(super) async fn revoke_access_tokens(&self, sessions: &[String]) {
        for session in sessions {
            if let Err(error) = self.active_sessions.remove(session).await {
                tracing::warn!(%error, "the access tokens of an ended session could not be revoked");
            }
        }
    }
}
