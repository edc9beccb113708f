use std::{fmt, sync::Arc};

use seaworthy_config::Settings;
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_data::{DataError, Database, Transaction};
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_messaging::{Envelope, Message, PublishError, Publisher};
use seaworthy_service::{Assembly, Schedule, StartError, Worker};
use tokio::sync::Notify;

use crate::{
    batch::OutboxBatch,
    config::OutboxConfig,
    inbox::Inbox,
    metrics::OutboxMetrics,
    relay::{Relay, RelayComponent, RelayTarget},
    store::status::status,
};

/// How often the pending events are counted.
const COUNT_INTERVAL: Timeout = Timeout::from_secs(5);

/// The outbox of a service. Cheap to clone. All clones share one outbox.
///
/// ```
/// use seaworthy_data::{Database, sql};
/// use seaworthy_messaging::Message;
/// use seaworthy_outbox::{Outbox, StoreError};
///
/// async fn close(database: &Database, outbox: &Outbox, event: i64) -> Result<(), StoreError> {
///     database
///         .transaction(|tx| async move {
///             sql("UPDATE events SET open = FALSE WHERE id = ?").bind(event).execute(&tx).await?;
///             let message = Message::raw("event.closed", "text/plain", event.to_string());
///             outbox.store(&tx, message.key(&event.to_string())).await
///         })
///         .await
/// }
/// ```
#[derive(Clone)]
pub struct Outbox(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) database: Database,
    publisher: Publisher,
    pub(crate) metrics: OutboxMetrics,
    /// Notified after each commit that stored events.
    pub(crate) committed: Notify,
}

/// Errors returned when an event cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The event is invalid: publishing it would fail permanently.
    #[error("the event cannot be published")]
    Unpublishable(#[source] PublishError),
    /// The database failed.
    #[error("the event cannot be stored")]
    Data(#[from] DataError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Data(error) => error.into(),
            StoreError::Unpublishable(_) => {
                Self::new(Code::Internal, "EVENT_NOT_STORED", "internal error").with_cause(error)
            }
        }
    }
}

impl Outbox {
    /// Starts the outbox in `database`. Apply [`MIGRATIONS`](crate::MIGRATIONS) to the database.
    /// Relays start immediately and publish the events with `publisher`. When the service stops,
    /// they publish the remaining events after all components that may store one have stopped.
    ///
    /// # Errors
    /// [`StartError`] if the tables cannot be read.
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        publisher: Publisher,
        config: &OutboxConfig,
    ) -> Result<Self, StartError> {
        let target = Arc::new(publisher.clone());
        Self::start_with_target(service, database, publisher, target, config).await
    }

    /// Starts the outbox as [`start`](Self::start) does, with relays that publish to `target`. Use
    /// it for tests and for brokers that `seaworthy-messaging` does not support.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_with_target<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        publisher: Publisher,
        target: Arc<dyn RelayTarget>,
        config: &OutboxConfig,
    ) -> Result<Self, StartError> {
        let outbox = Self(Arc::new(Inner {
            database: database.clone(),
            publisher,
            metrics: OutboxMetrics::new(service.metrics()),
            committed: Notify::new(),
        }));
        let counted = status(database)
            .await
            .map_err(|error| StartError::with_cause("the outbox cannot be read", error))?;
        outbox.0.metrics.record(counted);
        if config.relay.enabled {
            let relay = Relay::new(Arc::clone(&outbox.0), target, config.relay.clone());
            service.component(RelayComponent::start(&relay));
        }
        outbox.start_counter(service);
        outbox.register_check(service, config.relay.max_message_age);
        Ok(outbox)
    }

    fn start_counter<C: Settings>(&self, service: &Assembly<C>) {
        let counted = Arc::clone(&self.0);
        service.worker(Worker::new(
            "outbox count",
            Schedule::Interval(COUNT_INTERVAL),
            move |_| {
                let outbox = Arc::clone(&counted);
                async move {
                    outbox.metrics.record(status(&outbox.database).await?);
                    Ok(())
                }
            },
        ));
    }

    fn register_check<C: Settings>(&self, service: &Assembly<C>, max_age: Timeout) {
        let checked = Arc::clone(&self.0);
        service
            .health()
            .register(Probe::from_fn("outbox", false, move || {
                let oldest = checked.metrics.oldest();
                if oldest > max_age.get() {
                    return Err(CheckFailure::new(format!(
                        "the oldest event has waited for {} s: check the broker and the relays",
                        oldest.as_secs()
                    )));
                }
                Ok(())
            }));
    }

    /// Stores an event in the transaction of its change. A relay publishes it soon after the
    /// commit. After a rollback it is not published. The event carries the request ID, the trace
    /// and the actor of the current request (MSG-8).
    ///
    /// # Errors
    /// [`StoreError`]. Roll the transaction back.
    pub async fn store(&self, tx: &Transaction, message: Message) -> Result<(), StoreError> {
        self.store_all(tx, [message]).await
    }

    /// Stores many events as [`store`](Self::store) does, with one statement per 64 events.
    ///
    /// # Errors
    /// As for [`store`](Self::store).
    pub async fn store_all(
        &self,
        tx: &Transaction,
        messages: impl IntoIterator<Item = Message>,
    ) -> Result<(), StoreError> {
        let mut batch = self.batch();
        for message in messages {
            batch.add(message)?;
        }
        batch.store(tx).await
    }

    /// Returns an empty batch, for events of several requests that one transaction stores.
    pub const fn batch(&self) -> OutboxBatch<'_> {
        OutboxBatch::new(self)
    }

    pub(crate) fn prepare(&self, message: Message) -> Result<Envelope, StoreError> {
        let prepared = self.0.publisher.prepare(message);
        prepared.map_err(StoreError::Unpublishable)
    }

    /// Returns an inbox in the same database for a consumer. Use the name of the consumer group.
    #[must_use]
    pub fn inbox(&self, consumer: &str, config: &OutboxConfig) -> Inbox {
        Inbox::new(self.0.database.clone(), consumer, config.inbox.clone())
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outbox")
            .field("database", &self.0.database)
            .finish_non_exhaustive()
    }
}
