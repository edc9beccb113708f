//! The worker: consumes the events and stores each of them once (MSG-5).

mod entry;
mod history;
mod migrations;

use std::process::ExitCode;

use seaworthy::{
    data::{Database, DatabaseConfig, migrate_command},
    messaging::{
        Envelope, Failure, Messaging, MessagingConfig, Received, Subscription,
        dead_letters_command,
        rabbitmq::{QueueConfig as RabbitmqQueueConfig, QueueKind},
    },
    outbox::{Inbox, InboxOutcome},
    prelude::*,
    service::Commands,
};

use crate::{
    config::{QueueConfig, WorkerConfig},
    environment,
    events::{self, SymbolCreated, SymbolDeleted, SymbolUpdated},
};
use entry::Entry;
use migrations::MIGRATIONS;

/// Name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// Name of the broker in logs, probes and settings.
const BROKER: &str = "broker";

/// Runs the program `symbols-worker`.
#[must_use]
pub fn work() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(dead_letters_command(BROKER, broker, events::topics));
    environment::worker().main_with(commands, assemble)
}

fn database(settings: &WorkerConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &WorkerConfig) -> &MessagingConfig {
    &settings.broker
}

async fn assemble(service: &Assembly<WorkerConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let queue = &settings.queue;
    let broker = with_queue(&settings.broker, queue);
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &broker).await?) },
    )?;
    let inbox = Inbox::new(database, &queue.name, settings.inbox.clone());
    inbox.purge_regularly(service);
    messaging.subscribe(subscription(queue, &inbox)).await?;
    Ok(())
}

/// Adds the queue as legacy workers declare it, unless the settings declare it. RabbitMQ rejects a
/// declaration with other arguments.
fn with_queue(broker: &MessagingConfig, queue: &QueueConfig) -> MessagingConfig {
    let mut broker = broker.clone();
    let queues = &mut broker.rabbitmq.queues;
    queues
        .entry(queue.name.clone())
        .or_insert_with(|| RabbitmqQueueConfig {
            kind: QueueKind::Classic,
            bindings: vec![queue.binding_key.clone()],
            ..RabbitmqQueueConfig::default()
        });
    broker
}

fn subscription(queue: &QueueConfig, inbox: &Inbox) -> Subscription {
    let (created, updated, deleted) = (inbox.clone(), inbox.clone(), inbox.clone());
    Subscription::new(&queue.name)
        .on_protobuf::<SymbolCreated, _, _>(move |event| store(created.clone(), event))
        .on_protobuf::<SymbolUpdated, _, _>(move |event| store(updated.clone(), event))
        .on_protobuf::<SymbolDeleted, _, _>(move |event| store(deleted.clone(), event))
        // The worker cannot handle more events than the broker delivers.
        .concurrency(queue.worker_count.min(queue.prefetch_count).get())
        .prefetch(queue.prefetch_count.get())
}

/// Stores an event in the history, unless the inbox has it.
async fn store<E>(inbox: Inbox, received: Received<E>) -> Result<(), Failure>
where
    E: Clone,
    Entry: From<E>,
{
    let envelope = received.envelope();
    let entry = Entry::from(received.event().clone());
    let outcome = inbox
        .process_once(envelope, |tx| {
            let entry = &entry;
            async move {
                let written = history::write(&tx, envelope, entry).await;
                written.map_err(Failure::retry)
            }
        })
        .await?;
    log(envelope, &entry, outcome);
    Ok(())
}

/// Logs the outcome. The context of the message adds the request ID and the trace ID of the call.
fn log(envelope: &Envelope, entry: &Entry, outcome: InboxOutcome) {
    let message_id = envelope.id().as_str();
    let Entry {
        kind,
        symbol,
        project,
        ..
    } = entry;
    match outcome {
        InboxOutcome::Processed => {
            tracing::info!(message_id, kind, symbol, project, "event stored");
        }
        InboxOutcome::Duplicate => {
            tracing::info!(message_id, kind, symbol, project, "duplicate event ignored");
        }
    }
}
