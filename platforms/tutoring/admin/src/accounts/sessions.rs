use seaworthy::{
    account::{Origin, Rotation, SecretToken},
    audit_log::{AuditEntry, Outcome},
    data::prelude::*,
    prelude::*,
};
use tutoring_contract::{Role, Subject};
use tutoring_identity::{SessionRecord, client, refresh_in_progress};
use uuid::Uuid;

use super::Accounts;
use crate::{
    domain::{Admin, Status, errors},
    store::Admins,
};

/// An admin with a new access token and a new refresh token.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) admin: Admin,
    pub(crate) session: String,
    begun_us: i64,
    pub(crate) access: Secret<String>,
    pub(crate) refresh: SecretToken,
}

impl Accounts {
    /// Begins a session for the current state of the admin. Returns `None` if the status or the
    /// password changed during the login.
    pub(super) async fn begin_session(&self, checked: &Admin) -> Result<Option<LoggedIn>, Error> {
        let begun = self
            .database
            .transaction(|tx| async move {
                let locked = Admins::lock(&tx, &[checked.id]).await?;
                let unchanged = locked.into_iter().find(|admin| {
                    admin.status == Status::Active
                        && admin.password_hash.expose() == checked.password_hash.expose()
                });
                let Some(admin) = unchanged else {
                    return Ok(None);
                };
                let id = admin.id.to_string();
                let (address, agent) = client();
                let origin = Origin {
                    user_agent: &agent,
                    address: &address,
                };
                let session = self.sessions.begin(&tx, &id, origin).await?;
                Admins::record_login(&tx, admin.id).await?;
                let entry = AuditEntry::new("admin.login").actor(id.as_str());
                self.audit.append(&tx, entry.target("admin", id)).await?;
                Ok::<_, Error>(Some(LoggedIn {
                    access: self.sign(&admin, &session.id)?,
                    begun_us: Utc::now().timestamp_micros(),
                    session: session.id,
                    refresh: session.token,
                    admin,
                }))
            })
            .await?;
        if let Some(begun) = &begun {
            self.live.put(&record(begun)).await?;
        }
        Ok(begun)
    }

    fn sign(&self, admin: &Admin, session: &str) -> Result<Secret<String>, Error> {
        let subject = Subject {
            id: admin.id,
            role: Role::Admin,
            admin_roles: admin.roles.clone(),
            permissions: admin.permissions().into_iter().map(str::to_owned).collect(),
            territory: admin.territory.clone(),
            email: Some(admin.email.clone()),
            phone: None,
        };
        self.tokens.sign(&subject, session)
    }

    /// Exchanges a refresh token for the next one and a new access token. A token that is used
    /// twice ends its session.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, or `RATE_LIMITED` for the loser of two concurrent refreshes.
    pub(crate) async fn refresh(&self, token: Option<&SecretToken>) -> Result<LoggedIn, Error> {
        let token = token.ok_or_else(errors::refresh_token_invalid)?;
        let found = self.sessions.find(&self.database, token).await?;
        let (session, _) = found.ok_or_else(errors::refresh_token_invalid)?;
        if !self.live.lock_refresh(&session).await? {
            return Err(refresh_in_progress());
        }
        let refreshed = self.rotate(token).await;
        self.live.unlock_refresh(&session).await;
        match refreshed? {
            Some(refreshed) => {
                self.live.put(&record(&refreshed)).await?;
                Ok(refreshed)
            }
            None => {
                self.forget_live(&[session]).await;
                Err(errors::refresh_token_invalid())
            }
        }
    }

    /// Rotates a token. Returns `None` if the session has ended.
    async fn rotate(&self, token: &SecretToken) -> Result<Option<LoggedIn>, Error> {
        self.database
            .transaction(|tx| async move {
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
                let id = Uuid::try_parse(&refreshed.user).map_err(Error::internal)?;
                let admin = Admins::by_id(&tx, id).await?;
                let admin = admin.filter(|admin| admin.status == Status::Active);
                let admin = admin.ok_or_else(errors::refresh_token_invalid)?;
                Ok(Some(LoggedIn {
                    access: self.sign(&admin, &refreshed.id)?,
                    begun_us: refreshed.begun_us,
                    session: refreshed.id,
                    refresh: refreshed.token,
                    admin,
                }))
            })
            .await
    }

    /// Ends the session of a refresh token, if it has one.
    pub(crate) async fn log_out(&self, token: Option<&SecretToken>) -> Result<(), Error> {
        let Some(token) = token else {
            return Ok(());
        };
        let found = self.sessions.find(&self.database, token).await?;
        self.database
            .transaction(|tx| async move {
                let Some(user) = self.sessions.end(&tx, token).await? else {
                    return Ok(());
                };
                let entry = AuditEntry::new("admin.logout").target("admin", user.as_str());
                Ok::<_, Error>(self.audit.append(&tx, entry.actor(user)).await?)
            })
            .await?;
        if let Some((session, _)) = found {
            self.live.remove(&session).await?;
        }
        Ok(())
    }

    /// Ends all sessions of an admin.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn log_out_all(&self, id: Uuid) -> Result<(), Error> {
        let ended = self
            .database
            .transaction(|tx| async move {
                let ended = self.end_sessions(&tx, id).await?;
                let entry = AuditEntry::new("admin.logout_all").target("admin", id.to_string());
                self.audit.append(&tx, entry).await?;
                Ok::<_, Error>(ended)
            })
            .await?;
        self.forget_live(&ended).await;
        Ok(())
    }

    /// Ends all sessions of an admin in the transaction of a change. Returns their IDs for
    /// [`forget_live`](Self::forget_live).
    pub(super) async fn end_sessions(
        &self,
        tx: &Transaction,
        id: Uuid,
    ) -> Result<Vec<String>, Error> {
        let id = id.to_string();
        let ended: Vec<(String,)> =
            sql!("SELECT id FROM account_sessions WHERE user_id = {id.as_str()} LIMIT 1000")
                .fetch_all(tx)
                .await?;
        self.sessions.end_all(tx, &id).await?;
        Ok(ended.into_iter().map(|(session,)| session).collect())
    }

    /// Makes all services reject the access tokens of ended sessions. If Redis is unavailable,
    /// these tokens stay valid until they expire.
    pub(super) async fn forget_live(&self, sessions: &[String]) {
        for session in sessions {
            if let Err(error) = self.live.remove(session).await {
                tracing::warn!(%error, "the access tokens of an ended session stay valid");
            }
        }
    }
}

fn record(logged_in: &LoggedIn) -> SessionRecord {
    let (session, user) = (&logged_in.session, logged_in.admin.id);
    SessionRecord::of_request(session, user, Role::Admin, logged_in.begun_us)
}
