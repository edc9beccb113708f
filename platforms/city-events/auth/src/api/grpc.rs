use std::{sync::Arc, time::Duration};

use city_events_contract::auth::v1::{
    AuthService, AuthServiceContract, GetProfileRequest, GetProfileResponse,
    ListTokenVersionsRequest, ListTokenVersionsResponse, TokenVersion,
};
use seaworthy::{
    account::{TokenVersions, VersionCursor},
    contract::ContractConfig,
    prelude::*,
};

use super::errors::AuthErrors;
use crate::{
    accounts::Accounts,
    domain::{UserId, errors::invalid_field},
};

/// Implements the gRPC service for the gateway.
#[derive(Debug)]
pub(crate) struct Profiles(Arc<Accounts>);

/// Returns the gRPC service over the accounts.
pub(crate) fn contract(accounts: Arc<Accounts>) -> AuthServiceContract<Profiles> {
    let config = ContractConfig::default().with_errors(AuthErrors);
    AuthServiceContract::with_config(Profiles(accounts), config)
}

impl AuthService for Profiles {
    async fn get_profile(&self, request: GetProfileRequest) -> Result<GetProfileResponse, Error> {
        let user = self.0.user(UserId::parse(&request.user_id)?).await?;
        Ok(GetProfileResponse {
            user_id: user.id.to_string(),
            display_name: user.display_name().to_owned(),
        })
    }

    async fn list_token_versions(
        &self,
        request: ListTokenVersionsRequest,
    ) -> Result<ListTokenVersionsResponse, Error> {
        let within = Duration::from_secs(request.within_seconds.into());
        let after = match request.cursor.as_str() {
            "" => None,
            cursor => {
                let after: Result<VersionCursor, _> = cursor.parse();
                Some(after.map_err(|_| {
                    invalid_field("cursor", "it must be empty or the next_cursor of a page")
                })?)
            }
        };
        let database = &self.0.database;
        let page = match request.since_us {
            0 => TokenVersions::changed_within(database, within, after.as_ref()).await?,
            since => TokenVersions::changed_since(database, since, after.as_ref()).await?,
        };
        let versions = page.versions.into_iter();
        Ok(ListTokenVersionsResponse {
            versions: versions
                .map(|(user_id, version)| TokenVersion { user_id, version })
                .collect(),
            as_of_us: page.as_of_us,
            next_cursor: page.next.map(|next| next.to_string()).unwrap_or_default(),
        })
    }
}
