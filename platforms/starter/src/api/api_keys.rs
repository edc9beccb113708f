use std::{sync::Arc, time::Duration};

use seaworthy::{account::ApiKeySummary, prelude::*};

use super::operations::timestamp;
use crate::{
    accounts::{Accounts, ApiKeyRequest},
    contract::auth::v1 as wire,
};

/// Implements `auth.v1.ApiKeys`.
#[derive(Debug)]
pub(super) struct ApiKeys(pub(super) Arc<Accounts>);

impl wire::ApiKeys for ApiKeys {
    async fn create_api_key(
        &self,
        request: wire::CreateApiKeyRequest,
    ) -> Result<wire::CreateApiKeyReply, Error> {
        let lifetime = u64::try_from(request.expires_in).unwrap_or_default();
        let new = self.0.create_api_key(ApiKeyRequest {
            name: request.name,
            scopes: request.scopes,
            lifetime: Duration::from_secs(lifetime),
            password: Secret::new(request.password),
            totp_code: Secret::new(request.totp_code),
        });
        let new = new.await?;
        Ok(wire::CreateApiKeyReply {
            id: new.id,
            key: new.key.expose().clone(),
            expires_in: i64::try_from(new.lifetime.as_secs()).unwrap_or(i64::MAX),
        })
    }

    async fn list_api_keys(
        &self,
        _: wire::ListApiKeysRequest,
    ) -> Result<wire::ListApiKeysReply, Error> {
        let keys = self.0.list_api_keys().await?;
        Ok(wire::ListApiKeysReply {
            keys: keys.into_iter().map(key).collect(),
        })
    }

    async fn revoke_api_key(
        &self,
        request: wire::RevokeApiKeyRequest,
    ) -> Result<wire::RevokeApiKeyReply, Error> {
        self.0.revoke_api_key(&request.id).await?;
        Ok(wire::RevokeApiKeyReply { success: true })
    }
}

fn key(stored: ApiKeySummary) -> wire::ApiKey {
    wire::ApiKey {
        id: stored.id,
        name: stored.name,
        scopes: stored.scopes,
        created_at: Some(timestamp(stored.created_us)),
        expires_at: Some(timestamp(stored.expires_us)),
    }
}
