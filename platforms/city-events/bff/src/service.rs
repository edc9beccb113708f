//! The service: who is behind it, who may ask, and what is served.

use std::process::ExitCode;

use city_events_contract::{ErrorResponse, GATEWAY, bearer};
use seaworthy::{axum::response::IntoResponse as _, prelude::*, service::Commands};
use std::sync::Arc;

use crate::{
    api,
    config::BffConfig,
    limit::CallerLimit,
    revoked::Revoked,
    upstream::Upstreams,
    web::{self, Pages},
};

/// Requests at once, in one process.
const CROWD: u32 = 8_192;
/// What the interface lets pages of other origins send, once origins are named.
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const HEADERS: [&str; 6] = [
    "accept",
    "authorization",
    "content-type",
    "x-csrf-token",
    "idempotency-key",
    "x-request-id",
];

/// What the interface takes and answers.
const OPENAPI: &str = include_str!("../docs/openapi.json");

/// The largest body of the API is an event: 4,000 characters of description, of up to 12 bytes each
/// when escaped, and some short fields.
const BODY_LIMIT: &str = "64KiB";

/// The service and its default addresses.
#[must_use]
pub fn service() -> Service {
    Service::new(GATEWAY, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:8080")
        .default_value("admin.addr", "127.0.0.1:9180")
        // The limit of this service is one by the minute, under settings that scripts know.
        .default_value("server.http.rate_limit.enabled", false)
        // No origin is let in until one is named.
        .default_value("server.http.cors.enabled", true)
        .default_value("server.http.cors.allow_credentials", true)
        .default_value("server.http.cors.allowed_methods", METHODS.as_slice())
        .default_value("server.http.cors.allowed_headers", HEADERS.as_slice())
        .default_value("server.http.cors.max_age", "5m")
        .default_value(
            "server.http.security_headers.cross_origin_resource_policy",
            "same-site",
        )
        .default_value("server.http.max_body_size", BODY_LIMIT)
        // A crowd at one event waits for its turn at the service that decides, which takes so many at once itself, and not here.
        .default_value("server.http.load_shed.max_in_flight", CROWD)
        // Where the others are called, beside it on one machine.
        .default_value("grpc_clients.auth.url", "http://127.0.0.1:9081")
        .default_value("grpc_clients.event.url", "http://127.0.0.1:9082")
        .default_value("grpc_clients.join.url", "http://127.0.0.1:9083")
        // Those limit and write down where somebody calls from.
        .default_value("grpc_clients.auth.propagation", "address")
        .default_value("grpc_clients.event.propagation", "address")
        .default_value("grpc_clients.join.propagation", "address")
        .default_value("grpc_clients.join.policies.attempt_timeout", "8s")
        .default_value(
            "grpc_clients.join.policies.bulkhead.max_concurrent_calls",
            CROWD,
        )
        // The same of those whose routes go on as they are. A login by a provider waits for the provider.
        .default_value("clients.auth.base_url", "http://127.0.0.1:8081")
        .default_value("clients.auth.policies.attempt_timeout", "8s")
        .default_value("clients.feed.base_url", "http://127.0.0.1:8084")
        .variable("JWT_SECRET", "jwt.secret")
        .variable("JWT_ISSUER", "jwt.issuer")
        .variable("RATE_LIMIT_ENABLED", "rate_limit.enabled")
        .variable("RATE_LIMIT_REQUESTS", "rate_limit.requests")
        .variable("RATE_LIMIT_WINDOW", "rate_limit.window")
        .variable("REDIS_ADDR", "rate_limit.redis.address")
        .variable("CORS_ALLOWED_ORIGINS", "server.http.cors.allowed_origins")
        .variable("AUTH_SERVICE_URL", "clients.auth.base_url")
        .variable("FEED_SERVICE_URL", "clients.feed.base_url")
        .variable("LOG_LEVEL", "log.level")
        .variable("LOG_FORMAT", "log.format")
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`] if the secret for access tokens or the service's own credentials are missing.
/// Also if the address of an upstream service or of the pictures is not a URL.
pub async fn assemble(service: &Assembly<BffConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let revocations = settings.revocation.revocations();
    service.authenticate(bearer(service, &settings.jwt)?.revocation(revocations.clone()));
    let upstreams = Upstreams::new(service, &settings.service_calls)?;
    Revoked::follow(service, &upstreams, &revocations).await;
    // Refusals of the stack in the words of the interface.
    service.errors(
        Arc::new(|error| ErrorResponse::from(&error).into_response()),
        Arc::new(|error| error.into_response()),
    );
    let (interface, pages) = CallerLimit::both(service, &settings.rate_limit)?;
    service.http(api::routes(upstreams.clone(), service.health(), &interface));
    service.document(OPENAPI);
    let web = Pages::new(upstreams, settings.pictures_url.as_deref())?;
    service.http(web::routes(web, &pages));
    Ok(())
}

/// The whole of the program.
#[must_use]
pub fn main() -> ExitCode {
    service().main_with(Commands::new(), assemble)
}
