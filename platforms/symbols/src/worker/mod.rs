//! The worker: takes the events of symbols and keeps their history, each event once (MSG-5).

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

/// The name that logs, probes and settings know the database by.
const DATABASE: &str = "database";
/// The same of the broker.
const BROKER: &str = "broker";

/// The whole of the program `symbols-worker`.
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
    let broker = shared(&settings.broker, queue);
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &broker).await?) },
    )?;
    let inbox = Inbox::new(database, &queue.name, settings.inbox.clone());
    inbox.purge_regularly(service);
    messaging.subscribe(subscription(queue, &inbox)).await?;
    Ok(())
}

/// The queue as earlier workers declare it, unless the settings say how: a broker refuses a queue that is declared in two ways.
fn shared(broker: &MessagingConfig, queue: &QueueConfig) -> MessagingConfig {
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
        .on_protobuf::<SymbolCreated, _, _>(move |event| keep(created.clone(), event))
        .on_protobuf::<SymbolUpdated, _, _>(move |event| keep(updated.clone(), event))
        .on_protobuf::<SymbolDeleted, _, _>(move |event| keep(deleted.clone(), event))
        // More cannot be handled at once than are in hand.
        .concurrency(queue.worker_count.min(queue.prefetch_count).get())
        .prefetch(queue.prefetch_count.get())
}

/// Writes an event into the history, unless it stands there already.
async fn keep<E>(inbox: Inbox, received: Received<E>) -> Result<(), Failure>
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
    tell(envelope, &entry, outcome);
    Ok(())
}

/// The line says nothing of the request and the trace: those of the call that led to the event are in its context.
fn tell(envelope: &Envelope, entry: &Entry, outcome: InboxOutcome) {
    let message = match outcome {
        InboxOutcome::Processed => "the history has another entry",
        InboxOutcome::Duplicate => "the history has this entry already",
    };
    tracing::info!(
        message_id = envelope.id().as_str(),
        kind = entry.kind,
        symbol = entry.symbol,
        project = entry.project,
        "{message}"
    );
}
