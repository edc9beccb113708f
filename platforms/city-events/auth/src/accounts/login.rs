use std::net::IpAddr;

use city_events_contract::{Role, messages::VerifyEmailRequested};
use seaworthy::{
    account::{Attempt, DeviceClaim, KnownDevice, RequestOrigin, SecretToken, TokenVersions},
    audit_log::{AuditEntry, Outcome},
    auth::password::{PasswordCheck, PasswordHash},
    data::Transaction,
    prelude::*,
};

use super::{AccessToken, Accounts, required};
use crate::{
    domain::{EmailAddress, User, UserId, errors},
    store::Users,
};

/// The maximum length of display names, in characters.
const MAX_NAME_LENGTH: usize = 80;
/// Maximum number of password checks. A concurrent request may change the user during a check, such
/// as a login that rehashes the password. The second check uses the new state.
pub(super) const MAX_CHECKS: usize = 2;
/// The version of the tokens of a new user.
const FIRST_VERSION: u64 = 0;

/// A user with a new access token and a new refresh token.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) user: User,
    pub(crate) access: AccessToken,
    pub(crate) refresh: SecretToken,
}

impl Accounts {
    /// Creates an account, logs its owner in, and sends a verification message.
    ///
    /// # Errors
    /// `EMAIL_ALREADY_EXISTS`, `WEAK_PASSWORD`, `INVALID_FIELD` or `MISSING_FIELD`.
    pub(crate) async fn register(
        &self,
        email: Option<&str>,
        password: Option<Secret<String>>,
        name: Option<&str>,
    ) -> Result<LoggedIn, Error> {
        let email = EmailAddress::parse(email)?.require_deliverable()?;
        let password = required("password", password)?;
        let reservation = self.passwords.reserve()?;
        let hash = self.hash(&reservation, password, email.as_str()).await?;
        drop(reservation);
        let user = User {
            id: UserId::new(),
            email: Personal::new(email.as_str().to_owned()),
            password_hash: Some(Secret::new(hash)),
            role: Role::User,
            email_verified: false,
            locked: false,
            name: display_name(name),
            avatar: None,
        };
        let (access, refresh) = self
            .database
            .transaction(|tx| {
                let user = &user;
                async move {
                    Users::insert(&tx, user).await?;
                    self.send_verification(&tx, user).await?;
                    let entry = AuditEntry::new("user.register");
                    self.begin_session(&tx, user, FIRST_VERSION, entry).await
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
        self.publish(tx, user.id, &event).await
    }

    /// Begins a session. The transaction must have created or locked the user, and then read the
    /// version.
    pub(super) async fn begin_session(
        &self,
        tx: &Transaction,
        user: &User,
        version: u64,
        entry: AuditEntry,
    ) -> Result<(AccessToken, SecretToken), Error> {
        let (id, origin) = (user.id.to_string(), RequestOrigin::current());
        let session = self.sessions.begin(tx, &id, origin.as_origin()).await?;
        let access = self.sign(user, version)?;
        let entry = entry.actor(id.as_str()).target("user", id.as_str());
        self.audit.append(tx, entry).await?;
        Ok((access, session.token))
    }

    /// Logs a user in. An unknown address, a wrong password, and a banned user or a user without a
    /// password get the same response after the same work. Users with a second factor also need a
    /// code.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `MISSING_FIELD`, `TOTP_REQUIRED`, `TOTP_INVALID`, or
    /// `TOO_MANY_ATTEMPTS` from the lockout.
    pub(crate) async fn log_in(
        &self,
        email: Option<&str>,
        password: Option<Secret<String>>,
        code: Option<Secret<String>>,
        device: Option<DeviceClaim>,
    ) -> Result<LoggedIn, Error> {
        let outcome = self.try_log_in(email, password, code, device).await;
        self.metrics.record_login(&outcome);
        outcome
    }

    async fn try_log_in(
        &self,
        email: Option<&str>,
        password: Option<Secret<String>>,
        code: Option<Secret<String>>,
        device: Option<DeviceClaim>,
    ) -> Result<LoggedIn, Error> {
        let entered = email.unwrap_or_default().trim();
        if entered.is_empty() {
            return Err(errors::missing_field("email"));
        }
        let password = required("password", password)?;
        // Reserve before the first query, so a flood of logins holds no database connections.
        let mut reservation = Some(self.passwords.reserve()?);
        // An invalid address gets the same response as an unknown one.
        let address = EmailAddress::parse(Some(entered)).ok();
        let owner = match (&device, &address) {
            // This query runs for every genuine device cookie, whether or not the account exists.
            (Some(_), Some(address)) => Users::by_email(&self.database, address).await?,
            _ => None,
        };
        let account = entered.to_lowercase();
        let device = self.known_device(owner.as_ref(), device).await?;
        let attempt = self.begin_attempt(&account, device.as_ref()).await?;
        let mut user = match &address {
            Some(address) => Users::by_email(&self.database, address).await?,
            None => None,
        };
        let mut attempt = Some(attempt);
        // The version of the tokens for which the second factor has passed.
        let mut passed = None;
        for _ in 0..MAX_CHECKS {
            // Also for an unknown user, so that the time does not reveal whether the user exists.
            let id = user.as_ref().map(|user| user.id.to_string());
            let version = TokenVersions::current(&self.database, &id.unwrap_or_default()).await?;
            let stored = user.as_ref().and_then(User::stored_hash);
            // Verifying releases the reservation, so the transaction below does not hold it.
            let check = match reservation.take() {
                Some(reservation) => reservation.verify(password.clone(), stored).await,
                None => self.passwords.verify(password.clone(), stored).await,
            };
            let check = match check {
                Ok(check) => check,
                // The password was not checked, so a retry must not count against the lockout.
                Err(error) => {
                    if let Some(attempt) = attempt.take() {
                        self.lockout.cancel(attempt).await?;
                    }
                    return Err(error);
                }
            };
            let (Some(checked), PasswordCheck::Valid { rehash }) = (user.as_ref(), check) else {
                break;
            };
            if checked.locked {
                break;
            }
            if let Some(attempt) = attempt.take() {
                self.lockout.record_success(attempt).await?;
            }
            // A code is valid once, so a second check skips it unless the factor may have changed.
            if passed != Some(version) {
                // A new version has ended known devices.
                let device = device.as_ref().filter(|_| passed.is_none());
                self.verify_second_factor(checked, device, code.as_ref())
                    .await?;
                passed = Some(version);
            }
            let started = self.start_session(checked, version, rehash.as_ref());
            if let Some(logged_in) = started.await? {
                return Ok(logged_in);
            }
            user = Users::by_id(&self.database, checked.id).await?;
        }
        self.record_rejection("user.login", user.as_ref()).await?;
        Err(errors::invalid_credentials())
    }

    /// Returns the device of a claim if the user has logged in on it.
    pub(super) async fn known_device(
        &self,
        user: Option<&User>,
        device: Option<DeviceClaim>,
    ) -> Result<Option<KnownDevice>, Error> {
        let (Some(device), Some(user)) = (device, user) else {
            return Ok(None);
        };
        let id = user.id.to_string();
        Ok(device.confirm_current(&self.database, &id).await?)
    }

    /// Counts a password attempt. A known device has its own limit. All others share the limits of
    /// the account and of the address.
    pub(super) async fn begin_attempt(
        &self,
        account: &str,
        device: Option<&KnownDevice>,
    ) -> Result<Attempt, Error> {
        Ok(match device {
            Some(device) => self.lockout.attempt_from(device).await?,
            None => self.lockout.attempt(account, caller_address()).await?,
        })
    }

    /// Begins a session for the current state of the user. Returns `None` if the user was banned,
    /// the hash changed or the tokens were revoked since the version was read. A new second factor
    /// revokes them.
    async fn start_session(
        &self,
        checked: &User,
        version: u64,
        rehash: Option<&PasswordHash>,
    ) -> Result<Option<LoggedIn>, Error> {
        self.database
            .transaction(|tx| async move {
                let current = Users::lock(&tx, checked.id).await?;
                let Some(user) = current.filter(|user| is_unchanged(user, checked)) else {
                    return Ok(None);
                };
                if TokenVersions::current(&tx, &user.id.to_string()).await? != version {
                    return Ok(None);
                }
                if let (Some(hash), Some(before)) = (rehash, user.stored_hash()) {
                    Users::replace_hash(&tx, user.id, before, hash.as_str()).await?;
                }
                let entry = AuditEntry::new("user.login");
                let session = self.begin_session(&tx, &user, version, entry);
                let (access, refresh) = session.await?;
                Ok::<_, Error>(Some(LoggedIn {
                    user,
                    access,
                    refresh,
                }))
            })
            .await
    }

    /// Records a wrong password in the audit log, also for unknown users, so that the response time
    /// is the same.
    pub(super) async fn record_rejection(
        &self,
        action: &'static str,
        user: Option<&User>,
    ) -> Result<(), Error> {
        let entry = AuditEntry::new(action).outcome(Outcome::Refused);
        let entry = match user {
            Some(user) => entry.target("user", user.id.to_string()),
            None => entry,
        };
        Ok(self.audit.record(entry).await?)
    }

    /// Ends the session of a refresh token, if it has one.
    pub(crate) async fn log_out(&self, token: SecretToken) -> Result<(), Error> {
        self.database
            .transaction(|tx| {
                let token = token.clone();
                async move {
                    let Some(user) = self.sessions.revoke(&tx, &token).await? else {
                        return Ok(());
                    };
                    let entry = AuditEntry::new("user.logout").target("user", user.as_str());
                    Ok::<_, Error>(self.audit.append(&tx, entry.actor(user)).await?)
                }
            })
            .await
    }
}

/// Whether the result of a password check still holds: the user is not banned and has the same
/// hash.
fn is_unchanged(current: &User, checked: &User) -> bool {
    !current.locked && current.stored_hash() == checked.stored_hash()
}

fn caller_address() -> Option<IpAddr> {
    context::with_current(|context| context.and_then(RequestContext::client_address))
}

/// Returns a display name, or `None` if the text is empty or contains an e-mail address.
pub(super) fn display_name(given: Option<&str>) -> Option<Personal<String>> {
    let name: String = given?
        .trim()
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_NAME_LENGTH)
        .collect();
    (!name.is_empty() && !name.contains('@')).then(|| Personal::new(name))
}
