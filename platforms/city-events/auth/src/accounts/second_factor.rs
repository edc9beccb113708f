//! Second factors of passwords: codes of an authenticator application, and recovery codes (AUTH-4).
//!
//! A login by a provider needs no code, because the provider checks its own second factor.

use aws_lc_rs::digest::{SHA256, digest};
use seaworthy::{
    account::{DeviceClaim, Enrollment, KnownDevice, SecondFactors},
    audit_log::AuditEntry,
    config::Settings,
    core::SwitchKind,
    crypto::{KeyId, Keyring, Sealer, derive_key},
    data::Database,
    prelude::*,
};

use super::{Accounts, Caller, LoggedIn, required};
use crate::{
    config::TotpConfig,
    domain::{User, errors},
};

/// The name of the switch and of the key that encrypts the secrets of the applications.
const NAME: &str = "totp";
/// The minimum length of the secret, in bytes.
const MIN_SECRET_LENGTH: usize = 32;
/// The action of wrong codes and passwords in the audit log.
const DISABLE: &str = "user.disable_totp";

/// Opens the second factors. Without a secret, users cannot enroll. Codes of users who enrolled
/// with another secret are errors, so that a missing setting does not disable the check.
///
/// # Errors
/// [`StartError`] if the secret is too short.
pub(crate) fn second_factors<C: Settings>(
    service: &Assembly<C>,
    database: &Database,
    config: &TotpConfig,
) -> Result<SecondFactors, StartError> {
    let secret = config.secret.as_ref().map_or("", |secret| secret.expose());
    if config.secret.is_some() && secret.len() < MIN_SECRET_LENGTH {
        return Err(StartError::new(format!(
            "totp.secret must be at least {MIN_SECRET_LENGTH} bytes of random text"
        )));
    }
    let because = |error| StartError::with_cause("totp.secret cannot be used", error);
    let mut root = [0; 32];
    root.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    let name = KeyId::new(NAME)
        .map_err(|error| StartError::with_cause("the name of the key is not valid", error))?;
    let keyring = Keyring::new(name, &derive_key(&Secret::new(root), NAME)).map_err(because)?;
    let (sealer, limits) = (Sealer::new(keyring), config.limits.clone());
    let factors = SecondFactors::new(database.clone(), sealer, &config.issuer, limits);
    Ok(factors.with_switch(service.switches().register(NAME, SwitchKind::Security)))
}

impl Accounts {
    /// Whether logins of the caller need a code. `None` if the service has no second factors.
    pub(crate) async fn has_totp(&self, caller: &Caller) -> Result<Option<bool>, Error> {
        let is_required = self
            .factors
            .is_required(&caller.user.id.to_string())
            .await?;
        Ok((is_required || self.settings.totp.secret.is_some()).then_some(is_required))
    }

    /// Begins an enrollment. It requires the password, so that a stolen token does not lock out the
    /// owner, and a verified address. Otherwise a person who registers with the address of another
    /// person could lock out its owner.
    ///
    /// # Errors
    /// `FEATURE_DISABLED`, `EMAIL_NOT_VERIFIED`, `INVALID_CREDENTIALS`, `TOTP_EXISTS`, or
    /// `TOKEN_INVALID` if the access token is revoked during the call.
    pub(crate) async fn begin_totp(
        &self,
        caller: &Caller,
        password: Option<Secret<String>>,
        device: Option<DeviceClaim>,
    ) -> Result<Enrollment, Error> {
        let user = &caller.user;
        if self.settings.totp.secret.is_none() {
            return Err(errors::totp_unavailable());
        }
        if !user.email_verified {
            return Err(errors::totp_needs_verified_email());
        }
        self.require_password(user, password, device, "user.enable_totp")
            .await?;
        let enrollment = self
            .database
            .transaction(|tx| async move {
                let user = caller.lock(&tx).await?;
                let (id, label) = (user.id.to_string(), user.email.expose());
                self.factors.enroll_in(&tx, &id, label).await
            })
            .await?;
        enrollment.ok_or_else(errors::totp_exists)
    }

    /// Enables the second factor. It ends all sessions and known devices of the user, because an
    /// attacker with the password may have some. It begins a new session for the caller. Returns
    /// the recovery codes.
    ///
    /// # Errors
    /// `TOTP_INVALID`, `MISSING_FIELD`, `TOO_MANY_ATTEMPTS`, or `TOKEN_INVALID` if the access token
    /// is revoked during the call.
    pub(crate) async fn confirm_totp(
        &self,
        caller: &Caller,
        code: Option<Secret<String>>,
    ) -> Result<(Vec<String>, LoggedIn), Error> {
        let id = caller.user.id.to_string();
        let code = required("totp_code", code)?;
        let proved = self.factors.verify_enrollment(&id, code.expose()).await?;
        let proved = proved.ok_or_else(errors::totp_invalid)?;
        let confirmed = self
            .database
            .transaction(|tx| {
                let proved = &proved;
                async move {
                    let user = caller.lock(&tx).await?;
                    let Some(recovery) = self.factors.confirm(&tx, proved).await? else {
                        return Ok(None);
                    };
                    let version = self.revoke_access(&tx, user.id).await?;
                    let entry = AuditEntry::new("user.enable_totp");
                    let session = self.begin_session(&tx, &user, version, entry);
                    let (access, refresh) = session.await?;
                    let session = LoggedIn {
                        user,
                        access,
                        refresh,
                    };
                    Ok::<_, Error>(Some((recovery, session)))
                }
            })
            .await?;
        // Another enrollment replaced this one, so the code does not belong to it.
        confirmed.ok_or_else(errors::totp_invalid)
    }

    /// Removes the second factor. It requires the password and a code.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `TOTP_INVALID`, `MISSING_FIELD`, `TOO_MANY_ATTEMPTS`, or
    /// `TOKEN_INVALID` if the access token is revoked during the call.
    pub(crate) async fn disable_totp(
        &self,
        caller: &Caller,
        password: Option<Secret<String>>,
        code: Option<Secret<String>>,
        device: Option<DeviceClaim>,
    ) -> Result<(), Error> {
        let user = &caller.user;
        let code = required("totp_code", code)?;
        self.require_password(user, password, device.clone(), DISABLE)
            .await?;
        let id = user.id.to_string();
        let known = self.known_device(Some(user), device).await?;
        if !self.is_right_code(&id, known.as_ref(), &code).await? {
            self.record_rejection(DISABLE, Some(user)).await?;
            return Err(errors::totp_invalid());
        }
        self.database
            .transaction(|tx| {
                let id = id.as_str();
                async move {
                    caller.lock(&tx).await?;
                    self.factors.remove(&tx, id).await?;
                    let entry = AuditEntry::new(DISABLE).actor(id).target("user", id);
                    Ok::<_, Error>(self.audit.append(&tx, entry).await?)
                }
            })
            .await
    }

    /// Verifies the code of a login, after the password was verified.
    ///
    /// # Errors
    /// `TOTP_REQUIRED`, `TOTP_INVALID` or `TOO_MANY_ATTEMPTS`.
    pub(super) async fn verify_second_factor(
        &self,
        user: &User,
        device: Option<&KnownDevice>,
        code: Option<&Secret<String>>,
    ) -> Result<(), Error> {
        let id = user.id.to_string();
        if !self.factors.is_required(&id).await? {
            return Ok(());
        }
        let Some(code) = code.filter(|code| !code.expose().trim().is_empty()) else {
            return Err(errors::totp_required());
        };
        if self.is_right_code(&id, device, code).await? {
            return Ok(());
        }
        self.record_rejection("user.login", Some(user)).await?;
        Err(errors::totp_invalid())
    }

    async fn is_right_code(
        &self,
        user: &str,
        device: Option<&KnownDevice>,
        code: &Secret<String>,
    ) -> Result<bool, Error> {
        let code = code.expose();
        match device.filter(|device| device.user() == user) {
            Some(device) => self.factors.verify_from(device, code).await,
            None => self.factors.verify(user, code).await,
        }
    }
}
