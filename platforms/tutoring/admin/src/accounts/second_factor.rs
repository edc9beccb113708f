//! Second factors: codes of an authenticator application, and recovery codes (AUTH-4).

use seaworthy::{
    account::{Enrollment, SecondFactors},
    audit_log::AuditEntry,
    config::Settings,
    core::SwitchKind,
    data::Database,
    prelude::*,
};
use tutoring_identity::sealer;

use super::{Accounts, Caller, LoggedIn};
use crate::{
    config::TotpConfig,
    domain::{Admin, errors},
};

/// The name of the switch and of the key that encrypts the secrets of the applications.
const NAME: &str = "totp";
/// The action of a removal in the audit log.
const DISABLE: &str = "admin.disable_totp";

/// Opens the second factors.
///
/// # Errors
/// [`StartError`] if the secret is missing or too short.
pub(crate) fn second_factors<C: Settings>(
    service: &Assembly<C>,
    database: &Database,
    config: &TotpConfig,
) -> Result<SecondFactors, StartError> {
    let sealer = sealer(config.secret.as_ref(), "totp.secret", NAME)?;
    let limits = config.limits.clone();
    let factors = SecondFactors::new(database.clone(), sealer, &config.issuer, limits);
    Ok(factors.with_switch(service.switches().register(NAME, SwitchKind::Security)))
}

impl Accounts {
    /// Begins an enrollment. It requires the password, so that a stolen token does not lock out the
    /// owner.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` or `CONFLICT`, and `TOKEN_INVALID` if the session of the caller ended
    /// during the call.
    pub(crate) async fn begin_totp(
        &self,
        caller: &Caller,
        password: Secret<String>,
    ) -> Result<Enrollment, Error> {
        let admin = &caller.admin;
        let verified = self.require_password(admin, password).await?;
        let id = admin.id.to_string();
        let enrollment = self
            .database
            .transaction(|tx| {
                let (id, verified) = (id.as_str(), &verified);
                async move {
                    self.lock_unchanged(&tx, verified).await?;
                    caller.session.require_active(&tx).await?;
                    self.factors.enroll_in(&tx, id, admin.email.expose()).await
                }
            })
            .await?;
        enrollment.ok_or_else(errors::totp_exists)
    }

    /// Enables the second factor, ends all sessions, and begins a new one for the caller. An
    /// attacker who has the password may have an older session. Returns the recovery codes.
    ///
    /// # Errors
    /// `TOTP_INVALID` or `RATE_LIMITED`, and `TOKEN_INVALID` if the session of the caller ended
    /// during the call.
    pub(crate) async fn confirm_totp(
        &self,
        caller: &Caller,
        code: &Secret<String>,
    ) -> Result<(Vec<String>, LoggedIn), Error> {
        let id = caller.admin.id.to_string();
        let proved = self
            .factors
            .verify_enrollment(&id, code.expose().trim())
            .await?;
        let proved = proved.ok_or_else(errors::totp_invalid)?;
        let confirmed = self
            .database
            .transaction(|tx| {
                let (proved, id) = (&proved, id.as_str());
                async move {
                    let (admin, _) = self.lock_with_caller(&tx, caller, &[], None).await?;
                    let Some(recovery) = self.factors.confirm(&tx, proved).await? else {
                        return Ok(None);
                    };
                    let ended = self.revoke_sessions(&tx, admin.id).await?;
                    let session = self.begin_session(&tx, admin).await?;
                    let entry = AuditEntry::new("admin.enable_totp").target("admin", id);
                    self.audit.append(&tx, entry).await?;
                    Ok::<_, Error>(Some((recovery, session, ended)))
                }
            })
            .await?;
        // Another enrollment replaced this one, so the code does not belong to it.
        let (recovery, session, ended) = confirmed.ok_or_else(errors::totp_invalid)?;
        self.revoke_access_tokens(&ended).await;
        Ok((recovery, session))
    }

    /// Removes the second factor. It requires the password and a code.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `TOTP_INVALID`, `RATE_LIMITED` or `CONFLICT`, and `TOKEN_INVALID` if
    /// the session of the caller ended during the call.
    pub(crate) async fn disable_totp(
        &self,
        caller: &Caller,
        password: Secret<String>,
        code: &Secret<String>,
    ) -> Result<(), Error> {
        let admin = &caller.admin;
        let verified = self.require_password(admin, password).await?;
        let id = admin.id.to_string();
        if !self.factors.verify(&id, code.expose().trim()).await? {
            self.record_rejection(DISABLE, Some(admin)).await?;
            return Err(errors::totp_invalid());
        }
        self.database
            .transaction(|tx| {
                let (id, verified) = (id.as_str(), &verified);
                async move {
                    self.lock_unchanged(&tx, verified).await?;
                    caller.session.require_active(&tx).await?;
                    self.factors.remove(&tx, id).await?;
                    let entry = AuditEntry::new(DISABLE).target("admin", id);
                    Ok::<_, Error>(self.audit.append(&tx, entry).await?)
                }
            })
            .await
    }

    /// Verifies the code of a login, after the password was right.
    ///
    /// # Errors
    /// `TOTP_REQUIRED`, `TOTP_INVALID` or `RATE_LIMITED`.
    pub(super) async fn verify_second_factor(
        &self,
        admin: &Admin,
        code: Option<&Secret<String>>,
    ) -> Result<(), Error> {
        let id = admin.id.to_string();
        if !self.factors.is_required(&id).await? {
            return Ok(());
        }
        let Some(code) = code.filter(|code| !code.expose().trim().is_empty()) else {
            return Err(errors::totp_required());
        };
        if self.factors.verify(&id, code.expose().trim()).await? {
            return Ok(());
        }
        self.record_rejection("admin.login", Some(admin)).await?;
        Err(errors::totp_invalid())
    }
}
