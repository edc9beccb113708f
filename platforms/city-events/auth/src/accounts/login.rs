use std::net::IpAddr;

use city_events_contract::{Role, messages::VerifyEmailRequested};
use seaworthy::{
    account::{Attempt, DeviceClaim, Origin, Rotation, SecretToken},
    audit_log::{AuditEntry, Outcome},
    auth::password::{PasswordCheck, PasswordHash},
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
/// A hash that changed while it was compared may be of the same password, stored by another login: the second look finds out.
const CHECKS: usize = 2;

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
        let place = self.passwords.reserve()?;
        let hash = self.hash(&place, password, email.as_str()).await?;
        drop(place);
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

    /// A new session in the transaction that it begins with, of a user whom it has made or locked.
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
        device: Option<DeviceClaim>,
    ) -> Result<LoggedIn, Error> {
        let outcome = self.try_log_in(email, password, device).await;
        self.counts.login(&outcome);
        outcome
    }

    async fn try_log_in(
        &self,
        email: Option<&str>,
        password: Option<Secret<String>>,
        device: Option<DeviceClaim>,
    ) -> Result<LoggedIn, Error> {
        let entered = email.unwrap_or_default().trim();
        if entered.is_empty() {
            return Err(refusal::missing_field("email"));
        }
        let password = required("password", password)?;
        // Before the database is asked: a flood of logins holds no connection that others wait for.
        let mut place = Some(self.passwords.reserve()?);
        // What can be no address is nobody's, and no other answer than for one that could.
        let address = EmailAddress::entered(Some(entered)).ok();
        let owner = match (&device, &address) {
            // A genuine cookie of any user leads here, whether or not the account exists.
            (Some(_), Some(address)) => Users::by_email(&self.database, address).await?,
            _ => None,
        };
        let account = entered.to_lowercase();
        let attempt = self.attempt(&account, owner.as_ref(), device).await?;
        let mut known = match &address {
            Some(address) => Users::by_email(&self.database, address).await?,
            None => None,
        };
        let mut attempt = Some(attempt);
        for _ in 0..CHECKS {
            let stored = known.as_ref().and_then(User::stored_hash);
            // Given back with the answer: what is stored then may take its time.
            let check = match place.take() {
                Some(place) => place.verify(password.clone(), stored).await,
                None => self.passwords.verify(password.clone(), stored).await,
            };
            let check = match check {
                Ok(check) => check,
                // Nobody has found out whether it is right, and whoever tries again as they are told is no attacker.
                Err(busy) => {
                    if let Some(attempt) = attempt.take() {
                        self.lockout.withdraw(attempt).await?;
                    }
                    return Err(busy);
                }
            };
            let (Some(user), PasswordCheck::Right { rehash }) = (known.as_ref(), check) else {
                break;
            };
            if user.locked {
                break;
            }
            if let Some(attempt) = attempt.take() {
                self.lockout.record_success(attempt).await?;
            }
            if let Some(logged_in) = self.enter(user, rehash.as_ref()).await? {
                return Ok(logged_in);
            }
            known = Users::by_id(&self.database, user.id).await?;
        }
        self.refused("user.login", known.as_ref()).await?;
        Err(refusal::invalid_credentials())
    }

    /// Counts a password attempt. A known device has its own limit. All others share the limits of
    /// the account and of the address.
    pub(super) async fn attempt(
        &self,
        account: &str,
        user: Option<&User>,
        device: Option<DeviceClaim>,
    ) -> Result<Attempt, Error> {
        let known = match (device, user) {
            (Some(device), Some(user)) => {
                let id = user.id.to_string();
                device.confirm_current(&self.database, &id).await?
            }
            _ => None,
        };
        Ok(match known {
            Some(device) => self.lockout.attempt_from(&device).await?,
            None => self.lockout.attempt(account, caller_address()).await?,
        })
    }

    /// Begins a session of whoever the user is now. None where they were banned or got another hash while the password was checked: what was found right is not what counts any more.
    async fn enter(
        &self,
        checked: &User,
        rehash: Option<&PasswordHash>,
    ) -> Result<Option<LoggedIn>, Error> {
        self.database
            .transaction(|tx| async move {
                let present = Users::locked(&tx, checked.id).await?;
                let Some(user) = present.filter(|user| is_as_checked(user, checked)) else {
                    return Ok(None);
                };
                if let (Some(hash), Some(before)) = (rehash, user.stored_hash()) {
                    Users::set_rehashed(&tx, user.id, before, hash.as_str()).await?;
                }
                let entry = AuditEntry::new("user.login");
                let (access, refresh) = self.begin(&tx, &user, entry).await?;
                Ok::<_, Error>(Some(LoggedIn {
                    user,
                    access,
                    refresh,
                }))
            })
            .await
    }

    /// Writes down that a password was wrong. Of nobody too: how long the answer takes tells nothing.
    pub(super) async fn refused(
        &self,
        action: &'static str,
        user: Option<&User>,
    ) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let entry = AuditEntry::new(action).outcome(Outcome::Refused);
                let entry = match user {
                    Some(user) => entry.target("user", user.id.to_string()),
                    None => entry,
                };
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
        // Before the exchange: the token of somebody who is banned stays as it is, for the day on which they are not. What comes between the two takes back what was signed.
        let signed = match self.sessions.holder(&token).await? {
            Some(holder) => Some(self.signed_for(UserId::named(&holder)?).await?),
            None => None,
        };
        let exchange = self
            .database
            .transaction(|tx| {
                let token = &token;
                async move {
                    let exchange = self.sessions.rotate(&tx, token).await?;
                    if let Rotation::Reused { user } = &exchange {
                        self.revoke_stolen(&tx, user).await?;
                    }
                    Ok::<_, Error>(exchange)
                }
            })
            .await?;
        let Rotation::Rotated(refreshed) = exchange else {
            return Err(refusal::refresh_token_invalid());
        };
        let (user, access) = signed.ok_or_else(refusal::refresh_token_invalid)?;
        Ok(LoggedIn {
            user,
            access,
            refresh: refreshed.token,
        })
    }

    /// The user of a session as they are now, and an access token that says so.
    async fn signed_for(&self, id: UserId) -> Result<(User, AccessToken), Error> {
        self.database
            .transaction(|tx| async move {
                let user = Users::locked(&tx, id).await?;
                let user = user.ok_or_else(refusal::refresh_token_invalid)?;
                if user.locked {
                    return Err(refusal::account_locked());
                }
                let access = self.sign(&tx, &user).await?;
                Ok((user, access))
            })
            .await
    }

    /// Revokes the access tokens of a user whose refresh token was used twice. It runs in the
    /// transaction that ends the session, so both are committed or neither.
    async fn revoke_stolen(&self, tx: &Transaction, user: &str) -> Result<(), Error> {
        let user = UserId::named(user)?;
        self.take_tokens_back(tx, user).await?;
        let entry = AuditEntry::new("session.reuse")
            .target("user", user.to_string())
            .outcome(Outcome::Refused);
        Ok(self.audit.append(tx, entry).await?)
    }

    /// Ends the session of a refresh token, if it has one.
    pub(crate) async fn log_out(&self, token: Option<SecretToken>) -> Result<(), Error> {
        let Some(token) = token else {
            return Ok(());
        };
        self.database
            .transaction(|tx| {
                let token = token.clone();
                async move {
                    let Some(user) = self.sessions.end(&tx, &token).await? else {
                        return Ok(());
                    };
                    let entry = AuditEntry::new("user.logout").target("user", user.as_str());
                    Ok::<_, Error>(self.audit.append(&tx, entry.actor(user)).await?)
                }
            })
            .await
    }
}

/// Whether what was found of a password some moments ago still counts: neither is the user banned nor the hash another.
pub(super) fn is_as_checked(present: &User, checked: &User) -> bool {
    !present.locked && present.stored_hash() == checked.stored_hash()
}

fn caller_address() -> Option<IpAddr> {
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
