use std::time::Duration;

use seaworthy::{
    account::{ApiKeySummary, NewApiKey},
    audit_log::AuditEntry,
    prelude::*,
};

use super::{Accounts, caller::caller};
use crate::domain::errors;

/// The type of targets in the audit log.
const API_KEY: &str = "api_key";

/// The input of a new API key.
pub(crate) struct ApiKeyRequest {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    /// Zero means the maximum lifetime.
    pub(crate) lifetime: Duration,
    pub(crate) password: Secret<String>,
    pub(crate) totp_code: Secret<String>,
}

impl Accounts {
    /// Creates an API key of the caller. It requires the password, and a code if the caller has a
    /// second factor. Otherwise a stolen token could become a key for a year.
    ///
    /// # Errors
    /// `PASSWORD_INCORRECT`, `TOTP_REQUIRED`, `TOTP_INVALID`, `ACCOUNT_CHANGED`,
    /// `INSUFFICIENT_PERMISSION` for a scope that the caller does not have, and those of the keys.
    pub(crate) async fn create_api_key(&self, given: ApiKeyRequest) -> Result<NewApiKey, Error> {
        let grants = context::with_current(|context| Some(context?.grants())).unwrap_or_default();
        if !given.scopes.iter().all(|scope| grants.has_scope(scope)) {
            return Err(errors::api_key_forbidden());
        }
        let lifetime = Some(given.lifetime).filter(|lifetime| !lifetime.is_zero());
        let (name, scopes) = (given.name.as_str(), given.scopes.as_slice());
        // Before the second factor, because a code is valid once.
        self.api_keys.check(name, scopes, lifetime)?;
        let verified = self.verify_caller(given.password).await?;
        let owner = verified.user.id.to_string();
        self.api_keys.check_limit(&owner).await?;
        self.verify_second_factor(verified.user.id, given.totp_code.expose())
            .await?;
        self.database
            .transaction(|tx| {
                let (owner, verified) = (owner.as_str(), &verified);
                async move {
                    self.lock_unchanged(&tx, verified).await?;
                    let new = self.api_keys.create(&tx, owner, name, scopes, lifetime);
                    let new = new.await?;
                    let entry = AuditEntry::new("api_key.create")
                        .target(API_KEY, new.id.as_str())
                        .detail("scopes", scopes.join(" "));
                    self.audit.append(&tx, entry).await?;
                    Ok::<_, Error>(new)
                }
            })
            .await
    }

    /// Lists the valid API keys of the caller.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn list_api_keys(&self) -> Result<Vec<ApiKeySummary>, Error> {
        Ok(self.api_keys.list(&caller()?.to_string()).await?)
    }

    /// Revokes an API key of the caller.
    ///
    /// # Errors
    /// `API_KEY_NOT_FOUND`.
    pub(crate) async fn revoke_api_key(&self, id: &str) -> Result<(), Error> {
        let owner = caller()?.to_string();
        self.database
            .transaction(|tx| {
                let owner = owner.as_str();
                async move {
                    if !self.api_keys.revoke(&tx, owner, id).await? {
                        return Err(errors::api_key_not_found());
                    }
                    let entry = AuditEntry::new("api_key.revoke").target(API_KEY, id);
                    Ok(self.audit.append(&tx, entry).await?)
                }
            })
            .await
    }
}
