//! The service: methods, store and events.

use std::process::ExitCode;

use seaworthy::{
    data::{Database, DatabaseConfig, DatabaseStore, migrate_command},
    grpc::{Contracts, MethodOptions},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    operation_log::OperationLog,
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};

use crate::{
    api,
    config::SymbolsConfig,
    contract::DESCRIPTORS,
    environment,
    events::{self, Events},
    store::{MIGRATIONS, Store},
};

/// Name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// Name of the broker in logs, probes and settings.
const BROKER: &str = "broker";

/// Runs the program `symbols`.
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
    OperationLog::start(service, &database, &settings.operation_log, DESCRIPTORS)?;
    let publisher = messaging.publisher(events::topics()).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let keys = DatabaseStore::new(database.clone(), &api::idempotency());
    let store = Store::new(database, Events::new(outbox));
    if let Some(path) = settings.public_metrics.path() {
        service.public_metrics(path);
    }
    service.request_ids(RequestIds::Uuid);
    Contracts::new()
        .idempotency_keys(api::idempotency(), keys)
        // The contract responds to HEAD with 405.
        .with_options(api::contract(store), |_| {
            MethodOptions::new().without_head()
        })
        .serve(service)
}
