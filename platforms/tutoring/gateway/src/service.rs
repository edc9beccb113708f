//! Assembles the gateway.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    axum::routing::{MethodFilter, any, on},
    client::HttpClient,
    config::Settings,
    http::{CorsConfig, Variant, VariantMatch},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    prelude::*,
    realtime::{Hub, Presence},
    redis::Redis,
    service::Commands,
};
use tutoring_contract::{AccessTokenVerifier, use_envelopes};
use tutoring_identity::{ActiveSessions, LiveSealer, gateway_variables, with_client};

use crate::{
    GatewayConfig, Upstream, business_events,
    chat::{ChatCalls, publish_presence},
    journeys::JourneyCalls,
    limits::RoleLimits,
    proxy::{self, Proxy, client_of},
    public_routes, route_table, socket_io,
    variables::VARIABLES,
};

/// The name of the service in logs, metrics and settings.
const NAME: &str = "tutoring-gateway";
/// The name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// The prefix of the keys of connected clients in Redis.
const LIVE_PREFIX: &str = "tutoring:";
/// Methods that pages of allowed origins may use (CORS).
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Headers that pages of allowed origins may send (CORS).
const HEADERS: [&str; 5] = [
    "content-type",
    "authorization",
    "x-client-type",
    "x-correlation-id",
    "idempotency-key",
];
/// Requests per minute of one caller, above those of all roles. It also limits failed credentials
/// and the webhooks of a provider.
const REQUESTS: u32 = 600;
/// Timeout of requests and of their upstream calls.
const TIMEOUT: &str = "30s";

/// Response headers that scripts on other origins can read (CORS), besides the framework's own.
const EXPOSED_HEADERS: [&str; 4] = [
    "x-correlation-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// Returns the service with its default ports: HTTP 3000, admin listener 3100. The services are on
/// the same machine.
#[must_use]
pub fn service() -> Service {
    let exposed = CorsConfig::default().exposed_headers;
    let exposed: Vec<_> = exposed
        .iter()
        .map(String::as_str)
        .chain(EXPOSED_HEADERS)
        .collect();
    let gateway = Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:3000")
        .default_value("admin.addr", "127.0.0.1:3100")
        .default_value("server.http.max_body_size", "1MiB")
        .default_value("server.http.timeout", TIMEOUT)
        .default_value("server.http.rate_limit.requests", REQUESTS)
        .default_value("server.http.rate_limit.window", "1m")
        // Enabled by default: without allowed origins, CORS rejects all other sites.
        .default_value("server.http.cors.enabled", true)
        .default_value("server.http.cors.allow_credentials", true)
        .default_value("server.http.cors.allowed_methods", METHODS.as_slice())
        .default_value("server.http.cors.allowed_headers", HEADERS.as_slice())
        .default_value("server.http.cors.exposed_headers", exposed.as_slice())
        .legacy_variables(gateway_variables())
        .legacy_variables(VARIABLES);
    (3001..)
        .zip(Upstream::ALL)
        .fold(gateway, |gateway, (port, upstream)| {
            let name = upstream.as_str();
            let attempt = format!("clients.{name}.policies.attempt_timeout");
            with_client(gateway, name, port, TIMEOUT).default_value(attempt, TIMEOUT)
        })
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new().with(dead_letters_command(
        BROKER,
        broker,
        business_events::topics,
    ));
    service().main_with(commands, assemble)
}

fn broker(settings: &GatewayConfig) -> &MessagingConfig {
    &settings.broker
}

/// Assembles the gateway.
///
/// # Errors
/// [`StartError`] if the secret of access tokens is missing, or if an address is not a URL.
pub async fn assemble(service: &Assembly<GatewayConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    use_envelopes(service);
    let sessions = Some(ActiveSessions::new(settings.redis.as_ref())?);
    let tokens = &settings.access_tokens;
    service.authenticate(tokens.authentication(service, sessions.clone())?);
    let clients = clients(service)?;
    service.http(connections(service, tokens.verifier(sessions)?, &clients).await?);
    let limits = RoleLimits::new(service)?;
    service.http(routes(Proxy { clients, limits }));
    Ok(())
}

/// Returns the routes of Socket.IO, and subscribes to the business events of its clients.
async fn connections(
    service: &Assembly<GatewayConfig>,
    verifier: AccessTokenVerifier,
    clients: &[(Upstream, HttpClient)],
) -> Result<Routes, StartError> {
    let settings = service.settings();
    let because = |error| {
        StartError::with_cause(
            "the Redis client cannot be created: check the Redis settings",
            error,
        )
    };
    let redis = settings.redis.as_ref().map(Redis::new).transpose();
    let redis = redis.map_err(because)?;
    let hub = Hub::start(service, &settings.realtime);
    if let Some(redis) = &redis {
        hub.fan_out(service, redis, LIVE_PREFIX).map_err(because)?;
    }
    let messaging = Messaging::connect(service, BROKER, &settings.broker).await?;
    let sealer = LiveSealer::new(&settings.access_tokens)?;
    messaging
        .subscribe(business_events::subscription(&hub, &sealer))
        .await?;
    let presence = Presence::start(service, &hub, publish_presence);
    let chat = client(clients, Upstream::Chat)?;
    let chat = ChatCalls::new(&hub, chat, presence.clone());
    let booking = client(clients, Upstream::Booking)?;
    let journeys = JourneyCalls::new(booking);
    Ok(socket_io::routes(&hub, verifier, chat, journeys, presence))
}

fn client(clients: &[(Upstream, HttpClient)], of: Upstream) -> Result<HttpClient, StartError> {
    let missing = || StartError::new(format!("clients.{} is missing", of.as_str()));
    client_of(clients, of).cloned().ok_or_else(missing)
}

/// Creates a client with its own circuit breaker for each service. None is part of readiness.
fn clients<C: Settings>(service: &Assembly<C>) -> Result<Vec<(Upstream, HttpClient)>, StartError> {
    let clients = Upstream::ALL.into_iter().map(|upstream| {
        let client = service.http_client(upstream.as_str())?;
        Ok((upstream, client))
    });
    clients.collect()
}

/// Returns the public routes, and one for all other paths of services, which needs an access token.
fn routes(proxy: Proxy) -> Routes {
    let mut routes = Routes::new();
    for (method, path) in public_routes::paths() {
        let options = RouteOptions::new().access(Access::Public).sensitive_query();
        let options = match public_routes::sets_session(&path) {
            true => options.sets_session(),
            false => options,
        };
        let (own, others) = match method {
            "GET" => (MethodFilter::GET, OTHER_THAN_GET),
            _ => (MethodFilter::POST, OTHER_THAN_POST),
        };
        let rest = RouteOptions::new().access(Access::Authenticated);
        routes = routes
            .route_with(&path, on(own, proxy::forward), options)
            .route_with(&path, on(others, proxy::forward), rest);
    }
    let rest = RouteOptions::new().access(Access::Authenticated);
    routes
        .variants(
            REST,
            |_, path| match route_table::find(path) {
                Some(_) => VariantMatch::Variant(0),
                None => VariantMatch::NoMatch,
            },
            [Variant::new(REST, any(proxy::forward), rest)],
        )
        .with_state(Arc::new(proxy))
}

/// All other paths of services.
const REST: &str = "/api/{*rest}";
const OTHER_THAN_GET: MethodFilter = MethodFilter::POST
    .or(MethodFilter::PUT)
    .or(MethodFilter::PATCH)
    .or(MethodFilter::DELETE);
const OTHER_THAN_POST: MethodFilter = MethodFilter::GET
    .or(MethodFilter::PUT)
    .or(MethodFilter::PATCH)
    .or(MethodFilter::DELETE);
