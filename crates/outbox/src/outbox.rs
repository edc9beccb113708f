use std::{fmt, sync::Arc};

use seaworthy_config::Settings;
use seaworthy_core::{Code, Error};
use seaworthy_data::{DataError, Database, Transaction};
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_messaging::{Message, PublishError, Publisher};
use seaworthy_service::{Assembly, Schedule, StartError, Worker};
use tokio::sync::Notify;

use crate::{
    config::OutboxConfig,
    inbox::Inbox,
    observe::Observer,
    relay::{Relay, RelayComponent, RelayTarget},
    store::{insert::insert, status::status},
};

/// How often an outbox is counted.
const COUNTED_EVERY: seaworthy_core::Timeout = seaworthy_core::Timeout::from_secs(5);

/// The outbox of a service. Cheap to clone; all clones are the same outbox.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) database: Database,
    publisher: Publisher,
    pub(crate) observer: Observer,
    /// Told of every commit that stored something.
    pub(crate) committed: Notify,
}

/// An event could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something is wrong with it that publishing would find too.
    #[error("the event cannot be published")]
    Unpublishable(#[source] PublishError),
    /// The database did not take it.
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
    /// The outbox in `database`, whose events `publisher` publishes. The tables are those of [`MIGRATIONS`](crate::MIGRATIONS). Relays start at once, stop after everything that
    /// may store an event, and then publish what is left.
    ///
    /// # Errors
    /// [`StartError`] where the tables cannot be read.
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        publisher: Publisher,
        config: &OutboxConfig,
    ) -> Result<Self, StartError> {
        let target = Arc::new(publisher.clone());
        Self::start_towards(service, database, publisher, target, config).await
    }

    /// As [`start`](Self::start), with events going to `target`: for tests of what happens between two steps, and for brokers of a service's own.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_towards<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        publisher: Publisher,
        target: Arc<dyn RelayTarget>,
        config: &OutboxConfig,
    ) -> Result<Self, StartError> {
        let unreadable = |error| StartError::because("the outbox cannot be read", error);
        let outbox = Self(Arc::new(Inner {
            database: database.clone(),
            publisher,
            observer: Observer::new(service.metrics()),
            committed: Notify::new(),
        }));
        let first = status(database).await.map_err(unreadable)?;
        outbox.0.observer.saw(first);
        if config.relay.enabled {
            let relay = Relay::new(Arc::clone(&outbox.0), target, config.relay.clone());
            service.component(RelayComponent::start(relay));
        }
        let counted = Arc::clone(&outbox.0);
        service.worker(Worker::new(
            "outbox count",
            Schedule::Interval(COUNTED_EVERY),
            move |_| {
                let outbox = Arc::clone(&counted);
                async move {
                    outbox.observer.saw(status(&outbox.database).await?);
                    Ok(())
                }
            },
        ));
        let watched = Arc::clone(&outbox.0);
        let limit = config.relay.oldest.get();
        service
            .health()
            .register(Probe::observed("outbox", false, move || {
                let oldest = watched.observer.oldest();
                if oldest > limit {
                    return Err(CheckFailure::new(format!(
                        "an event has waited for {} s",
                        oldest.as_secs()
                    )));
                }
                Ok(())
            }));
        Ok(outbox)
    }

    /// Stores an event in the transaction of the change that it tells of. It is published soon after the commit, and never without one. It carries on what the running request knows: its
    /// identifier, its trace, who acts (MSG-8).
    ///
    /// # Errors
    /// [`StoreError`]; the transaction is to be given up.
    pub async fn store(&self, tx: &Transaction, message: Message) -> Result<(), StoreError> {
        self.store_all(tx, [message]).await
    }

    /// As [`store`](Self::store), for many events at once: a statement for each 64 of them.
    ///
    /// # Errors
    /// As for [`store`](Self::store).
    pub async fn store_all(
        &self,
        tx: &Transaction,
        messages: impl IntoIterator<Item = Message>,
    ) -> Result<(), StoreError> {
        let prepared = messages
            .into_iter()
            .map(|message| self.0.publisher.prepare(message));
        let envelopes: Vec<_> = prepared
            .collect::<Result<_, _>>()
            .map_err(StoreError::Unpublishable)?;
        insert(tx, &envelopes).await?;
        let (inner, count) = (Arc::clone(&self.0), envelopes.len());
        tx.on_commit(move || {
            inner.observer.stored.add(count as u64);
            inner.committed.notify_one();
        });
        Ok(())
    }

    /// An inbox in the same database.
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
