//! The assembly of the service.

use std::{process::ExitCode, sync::Arc};

use city_events_contract::{
    DEFAULT_MAX_CALLER_REQUESTS, DEVELOPMENT_ORIGINS, LOOPBACK_NETWORKS, bearer,
    messages::ProcessImage,
};
use seaworthy::{
    axum::response::IntoResponse as _,
    data::{Database, DatabaseConfig, LEASE_MIGRATIONS, MigrationSet, migrate_command},
    messaging::{Message, Messaging, MessagingConfig, Topics, dead_letters_command},
    operation_log::{self, OperationLog},
    outbox::{self, Outbox, outbox_command},
    prelude::*,
    service::Commands,
    storage::Storage,
    uploads::{self, UploadStore, Uploads},
};

use crate::{
    adoption::ADOPTION,
    api::{self, Api, MediaError},
    config::MediaConfig,
    consumer, legacy, pictures,
};

/// The name of the service in logs and metrics.
const NAME: &str = "media-service";
/// The name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// The name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// The tables of uploads, of the outbox, of the operation log and of leases.
const MIGRATIONS: &[MigrationSet] = &[
    uploads::MIGRATIONS.with_adoption(&ADOPTION),
    outbox::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
];

/// How long access tokens are accepted after their `exp`, as in the contract.
const EXPIRY_LEEWAY: Delay = Delay::from_secs(0);

/// Returns the service with the platform's defaults: HTTP on port 8085, admin listener on 9185.
#[must_use]
pub fn service() -> Service {
    Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:8085")
        .default_value("admin.addr", "127.0.0.1:9185")
        .default_value("metrics.service_prefix", true)
        .default_value("server.http.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        // The interface has no limit of its own.
        .default_value(
            "server.http.rate_limit.requests",
            DEFAULT_MAX_CALLER_REQUESTS,
        )
        // Pages of the gateway send files to signed URLs and show pictures.
        .default_value("server.http.cors.enabled", true)
        .default_value(
            "server.http.cors.allowed_origins",
            DEVELOPMENT_ORIGINS.as_slice(),
        )
        .default_value(
            "server.http.cors.allowed_methods",
            ["GET", "PUT"].as_slice(),
        )
        .default_value(
            "server.http.cors.allowed_headers",
            ["content-type"].as_slice(),
        )
        .default_value(
            "server.http.security_headers.cross_origin_resource_policy",
            "cross-origin",
        )
        .legacy_variables(legacy::VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, consumer::topics));
    service().main_with(commands, assemble)
}

fn database(settings: &MediaConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &MediaConfig) -> &MessagingConfig {
    &settings.broker
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] if a setting is invalid, or a dependency cannot be used.
pub async fn assemble(service: &Assembly<MediaConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    service.authenticate(bearer(service, &settings.jwt, EXPIRY_LEEWAY)?);
    service.error_renderers(
        Arc::new(|error| MediaError::from(&error).into_response()),
        Arc::new(|error| error.into_response()),
    );
    let raw = Storage::connect(service, "raw", &settings.raw)?;
    let public = Storage::connect(service, "public", &settings.public)?;
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    OperationLog::start(service, &database, &settings.operation_log, &[])?;
    let publisher = messaging
        .publisher(Topics::from_event::<ProcessImage>())
        .await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let metrics = service.metrics();
    let store = UploadStore::new(database, raw, public.clone(), &settings.uploads, metrics);
    let uploads = Uploads::start(service, &store, &outbox, |upload| {
        Message::from_event(&ProcessImage {
            upload_id: upload.id,
            object_key: upload.content_key(),
            purpose: upload.purpose.clone(),
        })
    });
    messaging.subscribe(consumer::subscription(&store)).await?;
    let api = Api::new(uploads, &settings.pictures_url);
    service.http(api::routes(api, service.health()));
    service.http(pictures::routes(public));
    Ok(())
}
