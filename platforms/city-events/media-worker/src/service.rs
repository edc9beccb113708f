//! The assembly of the worker.

use std::process::ExitCode;

use city_events_contract::{
    groups::MEDIA_WORKER, messages::ProcessImage, subscription_with_retries,
};
use seaworthy::{
    axum::body::Bytes,
    data::{Database, DatabaseConfig, MigrationSet, migrate_command},
    images::{ImageFormat, Images},
    messaging::{
        Event as _, Failure, Messaging, MessagingConfig, Received, Topics, dead_letters_command,
    },
    outbox,
    prelude::*,
    service::Commands,
    storage::Storage,
    uploads::{self, Clamd, UploadStore, UploadWorker},
};

use crate::{config::MediaWorkerConfig, legacy, pictures::Pictures};

/// The name of the service in logs and metrics.
const NAME: &str = "media-worker";
/// The name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// The name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// The formats of uploaded pictures.
const FORMATS: &[ImageFormat] = &[ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Webp];
/// The tables of the media service.
const MIGRATIONS: &[MigrationSet] = &[uploads::MIGRATIONS, outbox::MIGRATIONS];

/// The worker with the defaults of the platform: probes on port 8086, the admin listener on 9186.
#[must_use]
pub fn service() -> Service {
    Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:8086")
        .default_value("admin.addr", "127.0.0.1:9186")
        .default_value("metrics.service_prefix", true)
        // Scanning and decoding may take longer than other handlers.
        .default_value("broker.defaults.handler_timeout", "3m")
        .legacy_variables(legacy::VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(dead_letters_command(BROKER, broker, topics));
    service().main_with(commands, assemble)
}

fn database(settings: &MediaWorkerConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &MediaWorkerConfig) -> &MessagingConfig {
    &settings.broker
}

fn topics() -> Topics {
    Topics::from_event::<ProcessImage>()
}

/// Assembles the worker.
///
/// # Errors
/// [`StartError`] if a setting is invalid, or a dependency cannot be used.
pub async fn assemble(service: &Assembly<MediaWorkerConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let raw = Storage::connect(service, "raw", &settings.raw)?;
    let public = Storage::connect(service, "public", &settings.public)?;
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    let metrics = service.metrics();
    let store = UploadStore::new(database, raw, public, &settings.uploads, metrics);
    let pictures = Pictures(Images::with_formats(&settings.images, FORMATS));
    let scanner = Clamd::connect(service, "clamd", &settings.clamd)?;
    let worker = UploadWorker::with_scanner(&store, scanner, pictures);
    let handle = move |received: Received<Bytes>| {
        let worker = worker.clone();
        async move {
            let event: ProcessImage = serde_json::from_slice(received.event()).map_err(|_| {
                Failure::reject("the body is not valid for this topic").with_class("BAD_JSON")
            })?;
            worker.process(event.upload_id).await
        }
    };
    let subscription = subscription_with_retries(MEDIA_WORKER).on_topic(ProcessImage::TYPE, handle);
    messaging.subscribe(subscription).await?;
    Ok(())
}
