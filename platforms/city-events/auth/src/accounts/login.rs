use std::net::IpAddr;

use city_events_contract::{Role, messages::VerifyEmailRequested};
use seaworthy::{
    account::{Origin, RefreshError, SecretToken},
    audit_log::{AuditEntry, Outcome},
    auth::password::PasswordCheck,
    data::Transaction,
    prelude::*,
};

use super::{AccessToken, Accounts, required};
use crate::{
    domain::{EmailAddress, User, UserId, refusal},
    store::Users,
};

/// A name for people is not a document.
const LONGEST_NAME: usize = 80;

/// Somebody who is logged in from now on.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) user: User,
    pub(crate) access: AccessToken,
    pub(crate) refresh: SecretToken,
}

impl Accounts {
    /// Makes an account, logs its owner in, and sends the message that verifies the address.
    pub(crate) async fn register(
        &self,
        email: Option<&str>,
        password: Option<Secret<String>>,
        name: Option<&str>,
    ) -> Result<LoggedIn, Error> {
        let email = EmailAddress::entered(email)?.deliverable()?;
        let password = required("password", password)?;
        let hash = self.hash(password, email.as_str()).await?;
        let user = User {
            id: UserId::new(),
            email: Personal::new(email.as_str().to_owned()),
            password_hash: Some(Secret::new(hash)),
            role: Role::User,
            email_verified: false,
            locked: false,
            name: named(name),
            avatar: None,
        };
        let (access, refresh) = self
            .database
            .transaction(|tx| {
                let user = &user;
                async move {
                    Users::insert(&tx, user).await?;
                    self.send_verification(&tx, user).await?;
                    self.begin(&tx, user, AuditEntry::new("user.register"))
                        .await
                }
            })
            .await?;
        Ok(LoggedIn {
            user,
            access,
            refresh,
        })
    }

    pub(super) async fn send_verification(
        &self,
        tx: &Transaction,
        user: &User,
    ) -> Result<(), Error> {
        let user_id = user.id.to_string();
        let token = self.verify_email.issue(tx, &user_id).await?;
        let event = VerifyEmailRequested {
            user_id,
            email: user.email.expose().clone(),
            url: format!("{}{}", self.settings.verify_email.base_url, token.expose()),
        };
        self.tell(tx, user.id, &event).await
    }

    /// A new session in the transaction that it begins with.
    pub(super) async fn begin(
        &self,
        tx: &Transaction,
        user: &User,
        entry: AuditEntry,
    ) -> Result<(AccessToken, SecretToken), Error> {
        let id = user.id.to_string();
        let context = context::current();
        let address = context
            .as_ref()
            .and_then(|context| context.client_address());
        let address = address.map(|address| address.to_string());
        let origin = Origin {
            user_agent: context
                .as_ref()
                .and_then(|context| context.user_agent())
                .unwrap_or_default(),
            address: address.as_deref().unwrap_or_default(),
        };
        let session = self.sessions.begin(tx, &id, origin).await?;
        let access = self.sign(tx, user).await?;
        let entry = entry.actor(id.as_str()).target("user", id.as_str());
        self.audit.append(tx, entry).await?;
        Ok((access, session.token))
    }

    /// Logs somebody in. Whatever does not fit is told in the same words and takes the same time: an address that nobody has, a wrong password, a user who is banned or has none.
    pub(crate) async fn log_in(
        &self,
        email: Option<&str>,
        password: Option<Secret<String>>,
    ) -> Result<LoggedIn, Error> {
        let outcome = self.try_log_in(email, password).await;
        self.counts.login(&outcome);
        outcome
    }

    async fn try_log_in(
        &self,
        email: Option<&str>,
        password: Option<Secret<String>>,
    ) -> Result<LoggedIn, Error> {
        let entered = email.unwrap_or_default().trim();
        if entered.is_empty() {
            return Err(refusal::missing_field("email"));
        }
        let password = required("password", password)?;
        // What can be no address is nobody's, and no other answer than for one that could.
        let address = EmailAddress::entered(Some(entered)).ok();
        let attempt = self
            .lockout
            .attempt(&entered.to_lowercase(), caller_address())
            .await?;
        let user = match &address {
            Some(address) => Users::by_email(&self.database, address).await?,
            None => None,
        };
        let stored = user.as_ref().and_then(User::stored_hash);
        let check = self.passwords.verify(password, stored).await?;
        let (Some(user), PasswordCheck::Right { rehash }) = (user.as_ref(), check) else {
            self.refused(user.as_ref()).await?;
            return Err(refusal::invalid_credentials());
        };
        if user.locked {
            self.refused(Some(user)).await?;
            return Err(refusal::invalid_credentials());
        }
        self.lockout.succeeded(attempt).await?;
        let (access, refresh) = self
            .database
            .transaction(|tx| {
                let rehash = &rehash;
                async move {
                    if let (Some(hash), Some(before)) = (rehash, user.stored_hash()) {
                        Users::set_rehashed(&tx, user.id, before, hash.as_str()).await?;
                    }
                    self.begin(&tx, user, AuditEntry::new("user.login")).await
                }
            })
            .await?;
        Ok(LoggedIn {
            user: user.clone(),
            access,
            refresh,
        })
    }

    /// Writes down that somebody was not let in, where somebody exists.
    pub(super) async fn refused(&self, user: Option<&User>) -> Result<(), Error> {
        let Some(user) = user else {
            return Ok(());
        };
        self.database
            .transaction(|tx| async move {
                let entry = AuditEntry::new("user.login")
                    .target("user", user.id.to_string())
                    .outcome(Outcome::Refused);
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Exchanges a refresh token for the next one and a new access token.
    pub(crate) async fn refresh(&self, token: Option<SecretToken>) -> Result<LoggedIn, Error> {
        let outcome = self.try_refresh(token).await;
        self.counts.refresh(&outcome);
        outcome
    }

    async fn try_refresh(&self, token: Option<SecretToken>) -> Result<LoggedIn, Error> {
        let token = token.ok_or_else(refusal::refresh_token_invalid)?;
        // Before the exchange: the token of somebody who is banned stays as it is, for the day on which they are not.
        if let Some(holder) = self.sessions.holder(&token).await? {
            let user = Users::by_id(&self.database, UserId::named(&holder)?).await?;
            if user.is_some_and(|user| user.locked) {
                return Err(refusal::account_locked());
            }
        }
        let refreshed = match self.sessions.refresh(&token).await {
            Ok(refreshed) => refreshed,
            Err(RefreshError::Reused { user }) => {
                self.stolen(&user).await?;
                return Err(refusal::refresh_token_invalid());
            }
            Err(RefreshError::Failed(error)) => return Err(error),
            Err(_) => return Err(refusal::refresh_token_invalid()),
        };
        let user = Users::by_id(&self.database, UserId::named(&refreshed.user)?).await?;
        let user = user.ok_or_else(refusal::refresh_token_invalid)?;
        let access = self.sign(&self.database, &user).await?;
        Ok(LoggedIn {
            user,
            access,
            refresh: refreshed.token,
        })
    }

    /// A refresh token was used twice, so somebody has stolen it: its session is over, and so are the access tokens that may have come from it.
    async fn stolen(&self, user: &str) -> Result<(), Error> {
        let user = UserId::named(user)?;
        self.database
            .transaction(|tx| async move {
                self.take_tokens_back(&tx, user).await?;
                let entry = AuditEntry::new("session.reuse")
                    .target("user", user.to_string())
                    .outcome(Outcome::Refused);
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Ends the session of a refresh token, if it has one.
    pub(crate) async fn log_out(&self, token: Option<SecretToken>) -> Result<(), Error> {
        match token {
            Some(token) => Ok(self.sessions.end(&token).await?),
            None => Ok(()),
        }
    }
}

pub(super) fn caller_address() -> Option<IpAddr> {
    context::with_current(|context| context.and_then(RequestContext::client_address))
}

/// What somebody calls themselves; an address is no name.
pub(super) fn named(given: Option<&str>) -> Option<Personal<String>> {
    let name: String = given?
        .trim()
        .chars()
        .filter(|one| !one.is_control())
        .take(LONGEST_NAME)
        .collect();
    (!name.is_empty() && !name.contains('@')).then(|| Personal::new(name))
}
