use seaworthy::{
    account::{LockoutError, LockoutStatus, TokenVersions},
    auth::password::{PasswordCheck, PasswordHash, PasswordReservation},
    data::Transaction,
    operation_log::record_actor,
    prelude::*,
};

use super::{
    Accounts, TokenPair,
    caller::{caller, is_session_current, set_actor},
};
use crate::domain::{User, UserId, errors};

/// The permission to read the lock status of other accounts.
const ACCOUNT_READ: &str = "account:read";

/// The input of a login.
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: Secret<String>,
    pub(crate) captcha_id: String,
    pub(crate) captcha_code: String,
    pub(crate) totp_code: Secret<String>,
}

/// A user whose password was verified.
#[derive(Debug)]
#[must_use = "lock the user in the transaction that needs the password"]
pub(super) struct VerifiedUser {
    pub(super) user: User,
    /// The hash of the same password with the current parameters, if they differ.
    rehash: Option<PasswordHash>,
    /// The version of the user's tokens, read before the password check.
    version: u64,
    /// Whether the user called with an access token, which must be valid until the end of the call.
    has_session: bool,
}

impl VerifiedUser {
    /// Also checks the access token of the request in the transaction of the change.
    pub(super) fn with_session(self) -> Self {
        Self {
            has_session: true,
            ..self
        }
    }
}

impl Accounts {
    /// Logs an active user in. An unknown user, a disabled one and a wrong password get the same
    /// response after the same work.
    ///
    /// # Errors
    /// `PASSWORD_INCORRECT`, `ACCOUNT_LOCKED`, `TOTP_REQUIRED`, `TOTP_INVALID`, `ACCOUNT_CHANGED`,
    /// and those of the captcha.
    pub(crate) async fn log_in(&self, given: Credentials) -> Result<TokenPair, Error> {
        // Before any query, so that a flood of logins does not hold database connections.
        let reservation = self.passwords.reserve()?;
        self.require_captcha_of(&given.username, &given.captcha_id, &given.captcha_code)
            .await?;
        let (username, password) = (given.username.as_str(), given.password.clone());
        let verified = self
            .verify_password(reservation, username, password)
            .await?;
        let user = verified.user.id;
        set_actor(user);
        self.verify_second_factor(user, given.totp_code.expose())
            .await?;
        if let Some(session) = self.start_session(&verified).await? {
            return Ok(session);
        }
        // A concurrent login may have stored a rehash, so verify against the current hash.
        let verified = self.verify_again(verified, given.password).await?;
        let session = self.start_session(&verified).await?;
        session.ok_or_else(errors::account_changed)
    }

    /// Begins a session of a verified user. Returns `None` if the user has another hash since the
    /// check.
    async fn start_session(&self, verified: &VerifiedUser) -> Result<Option<TokenPair>, Error> {
        self.database
            .transaction(|tx| async move {
                let Some(user) = self.lock_verified(&tx, verified).await? else {
                    return Ok(None);
                };
                if let Some(hash) = &verified.rehash {
                    self.users.replace_hash(&tx, &user, hash.as_str()).await?;
                }
                record_actor(&tx).await?;
                self.begin_session(&tx, &user).await.map(Some)
            })
            .await
    }

    /// Verifies the password of a verified user by the current hash. The code of a second factor
    /// stays verified, because a new factor changes the version.
    async fn verify_again(
        &self,
        verified: VerifiedUser,
        password: Secret<String>,
    ) -> Result<VerifiedUser, Error> {
        let user = self.users.by_id(&self.database, verified.user.id).await?;
        let user = user.ok_or_else(errors::password_incorrect)?;
        let stored = Some(user.password_hash.expose().as_str());
        match self.passwords.verify(password, stored).await? {
            PasswordCheck::Valid { rehash } => Ok(VerifiedUser {
                user,
                rehash,
                ..verified
            }),
            PasswordCheck::Invalid => Err(errors::password_incorrect()),
        }
    }

    /// Locks the row of a user until the transaction ends, and checks that the user is the same as
    /// before the check of the password.
    ///
    /// # Errors
    /// `PASSWORD_INCORRECT` if the user was disabled, and `ACCOUNT_CHANGED` if the user has another
    /// hash or the tokens of the user were revoked.
    pub(super) async fn lock_unchanged(
        &self,
        tx: &Transaction,
        verified: &VerifiedUser,
    ) -> Result<User, Error> {
        let user = self.lock_verified(tx, verified).await?;
        user.ok_or_else(errors::account_changed)
    }

    /// Locks the row of a user as [`lock_unchanged`](Self::lock_unchanged) does. Returns `None` if
    /// the user has another hash, such as one with the current parameters. A second factor that was
    /// enabled during the check has changed the version, and is an error too.
    async fn lock_verified(
        &self,
        tx: &Transaction,
        verified: &VerifiedUser,
    ) -> Result<Option<User>, Error> {
        let known = &verified.user;
        let current = self.users.lock(tx, known.id).await?;
        let current = current.filter(|current| current.is_active);
        let current = current.ok_or_else(errors::password_incorrect)?;
        let user = known.id.to_string();
        let is_current = TokenVersions::is_current(tx, &user, verified.version).await?
            && (!verified.has_session || is_session_current(tx).await?);
        if !is_current {
            return Err(errors::account_changed());
        }
        let is_same = current.password_hash.expose() == known.password_hash.expose();
        Ok(is_same.then_some(current))
    }

    /// Counts an attempt and verifies a password.
    ///
    /// # Errors
    /// `PASSWORD_INCORRECT`, `ACCOUNT_LOCKED`, or `RATE_LIMITED` while the IP address is locked.
    pub(super) async fn verify_password(
        &self,
        reservation: PasswordReservation,
        username: &str,
        password: Secret<String>,
    ) -> Result<VerifiedUser, Error> {
        // Query before counting, so that a database error does not count as an attempt.
        let user = self.users.by_name(&self.database, username).await?;
        // Hash for an unknown user too, so that the duration does not reveal if the user exists.
        let id = user.as_ref().map(|user| user.id.to_string());
        let version = TokenVersions::current(&self.database, &id.unwrap_or_default()).await?;
        let address = context::with_current(|context| context?.client_address());
        let account = self.users.lockout_account(username);
        let mut reservation = Some(reservation);
        let attempt = self
            .lockout
            .attempt_releasing(&account, address, &mut reservation)
            .await
            .map_err(|error| match error {
                LockoutError::Locked { retry_after } => errors::account_locked(retry_after),
                // Not ACCOUNT_LOCKED: attempts on other accounts may have locked the address.
                other => other.into(),
            })?;
        let stored = user
            .as_ref()
            .map(|user| user.password_hash.expose().as_str());
        let checked = match reservation {
            Some(reservation) => reservation.verify(password, stored).await,
            // The attempt waited for others, so it released its reservation.
            None => self.passwords.verify(password, stored).await,
        };
        let check = match checked {
            Ok(check) => check,
            // The password was not checked, so the attempt must not count.
            Err(error) => {
                self.lockout.cancel(attempt).await?;
                return Err(error);
            }
        };
        match (user, check) {
            (Some(user), PasswordCheck::Valid { rehash }) if user.is_active => {
                self.lockout.record_success(attempt).await?;
                Ok(VerifiedUser {
                    user,
                    rehash,
                    version,
                    has_session: false,
                })
            }
            _ => Err(errors::password_incorrect()),
        }
    }

    /// Verifies a code, if the user has a second factor.
    ///
    /// # Errors
    /// `TOTP_REQUIRED` or `TOTP_INVALID`.
    pub(super) async fn verify_second_factor(&self, user: UserId, code: &str) -> Result<(), Error> {
        let user = user.to_string();
        if !self.factors.is_required(&user).await? {
            return Ok(());
        }
        if code.is_empty() {
            return Err(errors::totp_required());
        }
        if self.factors.verify(&user, code).await? {
            return Ok(());
        }
        Err(errors::totp_invalid())
    }

    /// Returns the failed logins of an account, for its owner or a caller with the permission.
    ///
    /// # Errors
    /// `INSUFFICIENT_PERMISSION`, and `USER_NOT_FOUND` for a caller with the permission.
    pub(crate) async fn lock_status(&self, username: &str) -> Result<LockoutStatus, Error> {
        let grants = context::with_current(|context| Some(context?.grants())).unwrap_or_default();
        if grants.has_scope(ACCOUNT_READ) {
            let known = self.users.by_name(&self.database, username).await?;
            known.ok_or_else(errors::user_not_found)?;
        } else {
            let own = self.users.by_id(&self.database, caller()?).await?;
            let is_own = |own: User| own.username.expose().eq_ignore_ascii_case(username);
            if !own.is_some_and(is_own) {
                return Err(errors::lock_status_forbidden());
            }
        }
        let account = self.users.lockout_account(username);
        Ok(self.lockout.status(&account).await?)
    }
}
