//! Assembles the service.

use std::{num::NonZeroU32, process::ExitCode, sync::Arc};

use city_events_contract::{
    AUTH_SERVICE, DEFAULT_MAX_CALLER_REQUESTS, DESCRIPTORS, DEVELOPMENT_ORIGINS, GATEWAY,
    LOOPBACK_NETWORKS, MAX_ACCESS_TOKEN_LIFETIME, UserOrServiceAuthentication, access_token_rules,
    bearer_from_issuer, with_security_headers,
};
use seaworthy::{
    account::{Lockout, OneTimeTokens, ReplayGuard, Sessions},
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    auth::{
        BearerAuthentication,
        password::{PasswordPolicy, Passwords},
        token::{Algorithm, IssuerConfig, TokenSigner, TokenSignerConfig},
    },
    config::Profile,
    data::{Database, DatabaseConfig, migrate_command},
    grpc::{Contracts, MethodOptions},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    operation_log::OperationLog,
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};

use crate::{
    accounts::{Accounts, second_factors, topics},
    api::{self, Api},
    config::AuthConfig,
    legacy,
    metrics::LoginMetrics,
    seed::seed_or_reject,
    store::MIGRATIONS,
};

/// The name of the service in logs, metrics and tokens.
const NAME: &str = AUTH_SERVICE;
/// The name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// The name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// The OpenAPI document of the routes.
const OPENAPI: &str = include_str!("../docs/openapi.json");
/// The ID of the signing key. All services share one key.
const KEY_ID: &str = "shared";
/// Minimum length of a secret, in bytes: the same as for signing keys.
const MIN_SECRET_LENGTH: usize = 32;
/// Links of one user and purpose that are valid at the same time: as many as a user can request in
/// ten minutes.
const MAX_OPEN_LINKS: NonZeroU32 = NonZeroU32::new(3).unwrap();

/// Returns the service with its default ports: HTTP 8081, gRPC 9081, admin listener 9181.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    // The pop-up of an OAuth login posts its result to the page that opened it.
    with_security_headers(service, "unsafe-none")
        .default_value("server.http.addr", "127.0.0.1:8081")
        .default_value("server.grpc.addr", "127.0.0.1:9081")
        .default_value("admin.addr", "127.0.0.1:9181")
        // Dashboards and alerts use these names.
        .default_value("metrics.service_prefix", true)
        .default_value("server.http.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        .default_value("server.grpc.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        // The routes have limits of their own.
        .default_value(
            "server.http.rate_limit.requests",
            DEFAULT_MAX_CALLER_REQUESTS,
        )
        .default_value("server.http.cors.enabled", true)
        .default_value("server.http.cors.allow_credentials", true)
        .default_value(
            "server.http.cors.allowed_origins",
            DEVELOPMENT_ORIGINS.as_slice(),
        )
        // The provider is external, so it gets no request context. Its attempts have a longer
        // timeout, because `oauth.timeout` limits each step of a login.
        .default_value("clients.google.propagation", "none")
        .default_value("clients.google.policies.attempt_timeout", "5s")
        .legacy_variables(legacy::VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, topics))
        .with(audit_log_command(DATABASE, audit_log));
    service().main_with(commands, assemble)
}

fn database(settings: &AuthConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &AuthConfig) -> &MessagingConfig {
    &settings.broker
}

fn audit_log(settings: &AuthConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<AuthConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    check_links(settings)?;
    check_tokens(settings)?;
    check_internal_secret(settings, service.profile())?;
    let signer = signer(settings)?;
    let callers = &settings.service_calls;
    let people = authentication(service)?;
    service.authenticate(UserOrServiceAuthentication::new(
        service, people, callers, GATEWAY, NAME,
    )?);
    // Boxed, so that the type of this future stays small enough for the compiler.
    let accounts = Box::pin(accounts(service, signer)).await?;
    Box::pin(seed_or_reject(service, &accounts)).await?;
    service.worker(accounts.sessions.purge_worker());
    service.worker(accounts.logins.purge_worker());
    service.worker(accounts.lockout.purge_worker());
    // It removes one-time tokens of all purposes.
    service.worker(accounts.verify_email.purge_worker());
    accounts.audit.start_workers(service, &settings.audit_log);
    let accounts = Arc::new(accounts);
    if let Some(path) = &settings.public_metrics {
        service.public_metrics(path);
    }
    let api = Arc::new(Api::new(Arc::clone(&accounts), service)?);
    service.http(api::routes(api, service));
    Contracts::new()
        .with_options(api::contract(accounts), |_| {
            // The gateway calls for all users from one address.
            MethodOptions::new().without_rate_limit()
        })
        .document(OPENAPI)
        .serve(service)
}

/// Builds the accounts over the database and the broker of the settings.
///
/// # Errors
/// [`StartError`] if one of them cannot be opened.
pub(crate) async fn accounts(
    service: &Assembly<AuthConfig>,
    signer: TokenSigner,
) -> Result<Accounts, StartError> {
    let settings = service.settings();
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    OperationLog::start(service, &database, &settings.operation_log, DESCRIPTORS)?;
    let publisher = messaging.publisher(topics()).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let passwords = Passwords::start(&settings.passwords, service.metrics()).map_err(|error| {
        StartError::with_cause("password hashing cannot start: check passwords.*", error)
    })?;
    let one_time = |purpose, life: Timeout| {
        OneTimeTokens::new(database.clone(), purpose, life.get()).max_open(MAX_OPEN_LINKS)
    };
    Ok(Accounts {
        outbox,
        logins: ReplayGuard::new(database.clone(), "login by a provider"),
        sessions: Sessions::new(database.clone(), settings.sessions.clone()),
        factors: second_factors(service, &database, &settings.totp)?,
        lockout: Lockout::new(database.clone(), settings.lockout.clone()),
        passwords,
        policy: PasswordPolicy::new(settings.password_policy.clone()),
        signer,
        verify_email: one_time("verify_email", settings.verify_email.ttl),
        password_reset: one_time("password_reset", settings.password_reset.ttl),
        audit: AuditLog::new(database.clone(), &settings.audit_log)?,
        metrics: LoginMetrics::new(service.metrics()),
        settings: settings.clone(),
        database,
    })
}

/// Checks that the token follows the URL of each link.
fn check_links(settings: &AuthConfig) -> Result<(), StartError> {
    for (key, link) in [
        ("verify_email.base_url", &settings.verify_email),
        ("password_reset.base_url", &settings.password_reset),
    ] {
        if !link.base_url.ends_with("token=") || url::Url::parse(&link.base_url).is_err() {
            return Err(StartError::new(format!(
                "{key} must be a URL that ends with token="
            )));
        }
    }
    Ok(())
}

/// Checks the length of the secret, because its route has no rate limit.
fn check_internal_secret(settings: &AuthConfig, profile: Profile) -> Result<(), StartError> {
    let secret = settings.internal_secret.as_ref();
    let is_short = secret.is_some_and(|secret| secret.expose().len() < MIN_SECRET_LENGTH);
    if is_short && profile == Profile::Production {
        return Err(StartError::new(format!(
            "internal_secret must be at least {MIN_SECRET_LENGTH} bytes in production"
        )));
    }
    Ok(())
}

/// Checks that the secret of service calls is not one of access tokens, which every service has.
/// Also checks that access tokens expire before their revocations.
fn check_tokens(settings: &AuthConfig) -> Result<(), StartError> {
    let (calls, tokens) = (&settings.service_calls, &settings.jwt);
    let shared = || {
        tokens
            .secret
            .iter()
            .chain(&tokens.additional_verification_keys)
    };
    let is_shared = |call: &Secret<String>| shared().any(|token| token.expose() == call.expose());
    for (key, is_shared) in [
        (
            "service_calls.secret",
            calls.secret.as_ref().is_some_and(is_shared),
        ),
        (
            "service_calls.additional_verification_keys",
            calls.additional_verification_keys.iter().any(is_shared),
        ),
    ] {
        if is_shared {
            return Err(StartError::new(format!(
                "{key} must not be a secret of access tokens (jwt.secret, jwt.additional_verification_keys): every service has those and could call as the gateway"
            )));
        }
    }
    if settings.access_token_ttl.get() > MAX_ACCESS_TOKEN_LIFETIME {
        return Err(StartError::new(format!(
            "access_token_ttl must be at most {} h, because services keep revocations for this time",
            MAX_ACCESS_TOKEN_LIFETIME.as_secs() / 3_600
        )));
    }
    Ok(())
}

pub(crate) fn signer(settings: &AuthConfig) -> Result<TokenSigner, StartError> {
    let because =
        |error| StartError::with_cause("access tokens cannot be signed: check jwt.secret", error);
    let secret = settings
        .jwt
        .secret
        .as_ref()
        .ok_or_else(|| StartError::new("jwt.secret must be set, with at least 32 bytes"))?;
    let config = TokenSignerConfig {
        issuer: settings
            .jwt
            .issuer
            .clone()
            .unwrap_or_else(|| NAME.to_owned()),
        lifetime: settings.access_token_ttl,
        ..TokenSignerConfig::default()
    };
    TokenSigner::with_secret(config, KEY_ID, Algorithm::Hs256, secret).map_err(because)
}

/// Verifies access tokens without leeway. Each use also checks the version in the database.
fn authentication(service: &Assembly<AuthConfig>) -> Result<BearerAuthentication, StartError> {
    let issuer = IssuerConfig {
        leeway: Delay::from_secs(0),
        ..access_token_rules(&service.settings().jwt)
    };
    bearer_from_issuer(
        service,
        issuer,
        &service.settings().jwt.additional_verification_keys,
        "access tokens cannot be verified: check jwt.secret and jwt.additional_verification_keys",
    )
}
