//! The methods of the contracts.

mod api_keys;
mod auth;
mod errors;
mod features;
mod greeter;
mod operations;
mod probes;
mod profile;
mod second_factor;

use std::sync::Arc;

use seaworthy::{
    axum::response::{IntoResponse as _, Response},
    cache::Cache,
    contract::{ContractConfig, idempotency::IdempotencyConfig},
    data::{Database, DatabaseStore},
    flags::Flags,
    grpc::{Contracts, MethodOptions},
    operation_log::OperationLog,
    prelude::*,
};

use crate::plugins::ServicePlugins;
use crate::{
    accounts::Accounts,
    config::StarterConfig,
    contract::{
        auth::v1::{
            ApiKeysContract, ApiKeysMethod, AuthContract, AuthMethod, ProfileContract,
            SecondFactorContract,
        },
        feature::v1::FeatureToggleContract,
        helloworld::v1::GreeterContract,
        oplog::v1::OperationLogContract,
    },
};
use errors::StarterErrors;
pub(crate) use probes::probes;

/// Returns the response to a request that no contract serves.
pub(crate) fn rejection(error: Error) -> Response {
    ContractConfig::default()
        .with_errors(StarterErrors)
        .rejection(error)
        .into_response()
}

/// Returns the options of a method whose requests or responses contain passwords, codes or tokens.
/// The service does not store them, so a repeat runs again.
fn without_idempotency_key() -> MethodOptions {
    MethodOptions::new().without_idempotency_key()
}

/// Returns the contracts of the service, for both transports.
///
/// # Errors
/// The settings of a rate limit are invalid.
pub(crate) fn contracts(
    service: &Assembly<StarterConfig>,
    accounts: Accounts,
    flags: Flags,
    operations: OperationLog,
    cache: &Cache,
    plugins: ServicePlugins,
    database: &Database,
) -> Result<Contracts, StartError> {
    let login = service.rate_limits("login", StarterConfig::login_rate_limit)?;
    let public = service.rate_limits("public", StarterConfig::public_rate_limit)?;
    service.require_rate_limits("login", &login);
    service.require_rate_limits("public", &public);
    let auth_options = |method| match method {
        AuthMethod::Register | AuthMethod::Login => {
            without_idempotency_key().rate_limits(login.clone())
        }
        AuthMethod::GetCaptcha | AuthMethod::VerifyCaptcha | AuthMethod::RefreshToken => {
            without_idempotency_key().rate_limits(public.clone())
        }
        // A repeated logout must run again, because a new session may have begun.
        AuthMethod::Logout => MethodOptions::new().without_idempotency_key(),
        AuthMethod::LockStatus => MethodOptions::new(),
    };
    let keys_options = |method| match method {
        ApiKeysMethod::CreateApiKey => without_idempotency_key(),
        ApiKeysMethod::ListApiKeys | ApiKeysMethod::RevokeApiKey => MethodOptions::new(),
    };
    let accounts = Arc::new(accounts);
    let max_body_size = service.framework().server.http.max_body_size;
    let config = plugins.around_calls(ContractConfig {
        max_body_size,
        errors: Arc::new(StarterErrors),
        ..ContractConfig::default()
    });
    let config = || config.clone();
    let auth = auth::Auth {
        accounts: Arc::clone(&accounts),
        plugins,
        tasks: service.tasks().clone(),
    };
    let toggles = features::FeatureToggles(flags);
    let operations = operations::Operations::new(operations, Arc::clone(&accounts), cache);
    let profiles = profile::Profiles(Arc::clone(&accounts));
    let keys = api_keys::ApiKeys(Arc::clone(&accounts));
    let factors = second_factor::SecondFactors(accounts);
    // A repeat gets the stored response, and a key that is reused with another body gets 422
    // `IDEMPOTENCY_KEY_REUSED` (API-6).
    let idempotency = IdempotencyConfig::default();
    let idempotency_keys = DatabaseStore::new(database.clone(), &idempotency);
    Ok(Contracts::new()
        .idempotency_keys(idempotency, idempotency_keys)
        .with_options(AuthContract::with_config(auth, config()), auth_options)
        .with_options(ApiKeysContract::with_config(keys, config()), keys_options)
        .with_options(SecondFactorContract::with_config(factors, config()), |_| {
            without_idempotency_key()
        })
        .with(ProfileContract::with_config(profiles, config()))
        .with(FeatureToggleContract::with_config(toggles, config()))
        .with(OperationLogContract::with_config(operations, config()))
        .with(GreeterContract::with_config(greeter::Greeter, config())))
}
