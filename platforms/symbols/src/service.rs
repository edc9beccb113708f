//! The service: the contract over a store, whose changes are told.

use std::process::ExitCode;

use seaworthy::{
    data::{Database, DatabaseConfig, DatabaseStore, migrate_command},
    grpc::{Contracts, MethodOptions},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};

use crate::{
    api,
    config::SymbolsConfig,
    environment,
    events::{self, Events},
    metrics,
    store::{MIGRATIONS, Store},
};

/// The name that logs, probes and settings know the database by.
const DATABASE: &str = "database";
/// The same of the broker.
const BROKER: &str = "broker";

/// The whole of the program `symbols`.
#[must_use]
pub fn serve() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, events::topics));
    environment::service().main_with(commands, assemble)
}

fn database(settings: &SymbolsConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &SymbolsConfig) -> &MessagingConfig {
    &settings.broker
}

async fn assemble(service: &Assembly<SymbolsConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    let publisher = messaging.publisher(events::topics()).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let keys = DatabaseStore::new(database.clone(), &api::idempotency());
    let store = Store::new(database, Events::new(outbox));
    if let Some(path) = &settings.public_metrics {
        service.http(metrics::route(path, service.metrics()));
    }
    service.request_ids(RequestIds::Uuid);
    Contracts::new()
        .idempotency_keys(api::idempotency(), keys)
        // Clients know HEAD as no method of these routes.
        .with_options(api::contract(store), |_| {
            MethodOptions::new().without_head()
        })
        .serve(service)
}
