use seaworthy::{
    account::{Origin, SecretToken},
    data::{Transaction, chrono::Utc},
    prelude::*,
};
use uuid::Uuid;

use crate::{Account, Accounts, SessionRecord, client, errors, identity::Parts};

/// A session with its tokens.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) account: Account,
    pub(crate) session: String,
    /// The time of the login, in microseconds since 1970.
    pub(crate) begun_us: i64,
    pub(crate) access: Secret<String>,
    pub(crate) refresh: SecretToken,
}

impl Parts {
    /// Begins a session of an account, whose row the transaction has locked or inserted. Call
    /// [`started`](Self::started) after the commit.
    pub(crate) async fn begin_session(
        &self,
        tx: &Transaction,
        account: Account,
    ) -> Result<LoggedIn, Error> {
        if account.is_disabled {
            return Err(errors::account_disabled());
        }
        Accounts::record_login(tx, account.id).await?;
        let (address, agent) = client();
        let origin = Origin {
            user_agent: &agent,
            address: &address,
        };
        let begun = self
            .sessions
            .begin(tx, &account.id.to_string(), origin)
            .await?;
        Ok(LoggedIn {
            access: self.tokens.sign(&account.subject(self.kind), &begun.id)?,
            account,
            begun_us: Utc::now().timestamp_micros(),
            session: begun.id,
            refresh: begun.token,
        })
    }

    /// Makes a session live, after the transaction that began or refreshed it.
    pub(crate) async fn started(&self, logged_in: LoggedIn) -> Result<LoggedIn, Error> {
        let LoggedIn {
            session, begun_us, ..
        } = &logged_in;
        let (user, role) = (logged_in.account.id, self.kind.role());
        let record = SessionRecord::of_request(session, user, role, *begun_us);
        self.live.put(&record).await?;
        Ok(logged_in)
    }

    /// Ends all sessions of an account, and with them its access tokens.
    ///
    /// # Errors
    /// An error of the database, or `SERVICE_DEGRADED` if Redis is unavailable. Then no session has
    /// ended.
    pub(crate) async fn end_sessions(&self, tx: &Transaction, id: Uuid) -> Result<(), Error> {
        let user = id.to_string();
        for session in self.sessions.list(tx, &user).await? {
            self.live.remove(&session.id).await?;
        }
        self.sessions.end_all(tx, &user).await?;
        Ok(())
    }
}
