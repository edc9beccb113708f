use std::time::Duration;

use seaworthy::{
    account::{API_KEY_ROLE, ApiKeySummary, NewApiKey},
    prelude::*,
};

use super::{Accounts, caller};
use crate::domain::errors;

impl Accounts {
    /// Creates an API key of the caller. A key cannot create another one, because that would extend
    /// its lifetime.
    ///
    /// # Errors
    /// `INSUFFICIENT_PERMISSION` for a scope that the caller does not have, and those of the keys.
    pub(crate) async fn create_api_key(
        &self,
        name: &str,
        scopes: &[String],
        lifetime: Duration,
    ) -> Result<NewApiKey, Error> {
        let owner = caller()?.to_string();
        let grants = context::with_current(|context| Some(context?.grants())).unwrap_or_default();
        let has_all = scopes.iter().all(|scope| grants.has_scope(scope));
        if grants.has_role(API_KEY_ROLE) || !has_all {
            return Err(errors::api_key_forbidden());
        }
        let lifetime = Some(lifetime).filter(|lifetime| !lifetime.is_zero());
        self.api_keys.create(&owner, name, scopes, lifetime).await
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
        match self.api_keys.revoke(&owner, id).await? {
            true => Ok(()),
            false => Err(errors::api_key_not_found()),
        }
    }
}
