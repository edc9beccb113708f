//! The assembly of the gateway.

use std::process::ExitCode;

use city_events_contract::{
    DEVELOPMENT_ORIGINS, ErrorResponse, GATEWAY, bearer, with_security_headers,
};
use seaworthy::{
    axum::response::IntoResponse as _,
    flags::{Flags, flags_command},
    prelude::*,
    service::Commands,
};
use std::sync::Arc;

use crate::{
    api,
    config::BffConfig,
    legacy,
    limit::CallerLimit,
    live,
    revocation::RevocationPoller,
    upstream::Upstreams,
    web::{self, Features, Pages, Pictures},
};

/// Concurrent requests of one process: as many as the join service accepts, for events with many
/// concurrent users.
const MAX_IN_FLIGHT: u32 = 8_192;
/// Methods that pages of allowed origins may use (CORS).
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Headers that pages of allowed origins may send (CORS).
const HEADERS: [&str; 6] = [
    "accept",
    "authorization",
    "content-type",
    "x-csrf-token",
    "idempotency-key",
    "x-request-id",
];
/// Headers of responses that these pages may read.
const EXPOSED_HEADERS: [&str; 3] = ["link", "x-request-id", "retry-after"];

/// The description of the interface.
const OPENAPI: &str = include_str!("../docs/openapi.json");

/// Maximum size of a body: an event with 4,000 characters of description, of up to 12 bytes each
/// when escaped, and some short fields.
const MAX_BODY_SIZE: &str = "64KiB";

/// How long access tokens are accepted after their `exp`, as in the contract.
const EXPIRY_LEEWAY: Delay = Delay::from_secs(0);

/// The service with the defaults of the platform: HTTP on port 8080, the admin listener on 9180.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(GATEWAY, env!("CARGO_PKG_VERSION"));
    // The pop-up of an OAuth login posts its result to the page that opened it.
    with_security_headers(service, "unsafe-none")
        .default_value("server.http.addr", "127.0.0.1:8080")
        .default_value("admin.addr", "127.0.0.1:9180")
        // `rate_limit` limits requests per minute.
        .default_value("server.http.rate_limit.enabled", false)
        .default_value("server.http.cors.enabled", true)
        .default_value(
            "server.http.cors.allowed_origins",
            DEVELOPMENT_ORIGINS.as_slice(),
        )
        .default_value("server.http.cors.allow_credentials", true)
        .default_value("server.http.cors.allowed_methods", METHODS.as_slice())
        .default_value("server.http.cors.allowed_headers", HEADERS.as_slice())
        .default_value(
            "server.http.cors.exposed_headers",
            EXPOSED_HEADERS.as_slice(),
        )
        .default_value("server.http.cors.max_age", "5m")
        .default_value("server.http.compression.enabled", true)
        .default_value("server.http.max_body_size", MAX_BODY_SIZE)
        // The join service serializes joins of one event and accepts as many requests itself.
        .default_value("server.http.load_shed.max_in_flight", MAX_IN_FLIGHT)
        // Services on the same machine.
        .default_value("grpc_clients.auth.url", "http://127.0.0.1:9081")
        .default_value("grpc_clients.event.url", "http://127.0.0.1:9082")
        .default_value("grpc_clients.join.url", "http://127.0.0.1:9083")
        // These services limit by the client's address and record it.
        .default_value("grpc_clients.auth.propagation", "address")
        .default_value("grpc_clients.event.propagation", "address")
        .default_value("grpc_clients.join.propagation", "address")
        .default_value("grpc_clients.join.policies.attempt_timeout", "8s")
        .default_value(
            "grpc_clients.join.policies.bulkhead.max_concurrent_calls",
            MAX_IN_FLIGHT,
        )
        // Services whose routes are proxied. A login at a provider waits for the provider.
        .default_value("clients.auth.base_url", "http://127.0.0.1:8081")
        .default_value("clients.auth.policies.attempt_timeout", "8s")
        .default_value("clients.feed.base_url", "http://127.0.0.1:8084")
        .default_value("clients.media.base_url", "http://127.0.0.1:8085")
        // A cover of a form has up to 10 MiB.
        .default_value("clients.media.policies.attempt_timeout", "8s")
        .legacy_variables(legacy::VARIABLES)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] if the secret for access tokens or the service's own credentials are missing.
/// Also if the address of an upstream service or of the pictures is not a URL.
pub async fn assemble(service: &Assembly<BffConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let revocations = settings.revocation.revocations();
    service.authenticate(
        bearer(service, &settings.jwt, EXPIRY_LEEWAY)?.revocation(revocations.clone()),
    );
    let upstreams = Upstreams::new(service, &settings.service_calls)?;
    RevocationPoller::start(service, &upstreams, &revocations).await;
    // The framework's errors in the format of the interface.
    service.error_renderers(
        Arc::new(|error| ErrorResponse::from(&error).into_response()),
        Arc::new(|error| error.into_response()),
    );
    let (interface, pages) = CallerLimit::for_api_and_pages(service)?;
    service.http(api::routes(upstreams.clone(), service.health(), &interface));
    service.document(OPENAPI);
    if let Some(path) = &settings.public_metrics {
        service.public_metrics(path);
    }
    let (_, features) = start_flags(service).await?;
    service.http(live::routes(service, &upstreams, &settings.live, &pages));
    let pictures = Pictures::new(
        settings.pictures_url.as_deref(),
        settings.uploads_url.as_deref(),
    )?;
    let web = Pages::new(upstreams, pictures, features, service.profile());
    service.http(web::routes(web, &pages));
    Ok(())
}

/// Starts and declares the feature flags.
async fn start_flags(service: &Assembly<BffConfig>) -> Result<(Flags, Features), StartError> {
    let flags = Flags::start(service, &service.settings().flags).await?;
    let features = Features::declare(&flags)?;
    Ok((flags, features))
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let flags = flags_command(async |service| Ok(start_flags(service).await?.0));
    service().main_with(Commands::new().with(flags), assemble)
}
