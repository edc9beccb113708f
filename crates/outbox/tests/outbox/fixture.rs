//! Services that share one database, and a broker that replies as a test wants.

use seaworthy_testkit::eventually;
use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_config::Loader;
use seaworthy_data::{Connection, Database, DatabaseConfig, sql};
use seaworthy_messaging::{
    Envelope, Event, Message, Messaging, MessagingConfig, PublishError, Topics,
};
use seaworthy_outbox::{MIGRATIONS, Outbox, OutboxConfig, RelayTarget, StoreError};
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::database::EmptyDatabase;
use serde::{Deserialize, Serialize};

/// Longer than any awaited event takes on a slow machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(90);

/// An empty database.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    empty: EmptyDatabase,
}

impl TestDatabase {
    pub(crate) fn config(&self) -> DatabaseConfig {
        let mut config = DatabaseConfig::from_url(self.url.parse().unwrap());
        config.transaction_pooling = self.empty.is_pooled();
        seaworthy_testkit::with_long_timeouts!(config)
    }
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestDatabase {
    TestDatabase {
        url: empty.url().to_owned(),
        empty,
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) number: u32,
}

impl Event for Counted {
    const TYPE: &'static str = "test.counted";
    const VERSION: u32 = 1;
}

/// An event of another topic.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rejected {
    pub(crate) number: u32,
}

impl Event for Rejected {
    const TYPE: &'static str = "test.refused";
    const VERSION: u32 = 1;
}

/// How a broker responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// It confirms every message.
    Available,
    /// It rejects every message transiently.
    Unavailable,
    /// It has no subscriber for [`Rejected`].
    RefusedUnroutable,
    /// The queue of [`Rejected`] is full.
    RefusedQueueFull,
    /// It rejects [`Rejected`] permanently.
    RefusedPermanently,
}

/// A broker that records what it confirmed.
#[derive(Debug)]
pub(crate) struct TestBroker {
    pub(crate) confirmed: Mutex<Vec<Envelope>>,
    pub(crate) behavior: Mutex<Behavior>,
    pub(crate) calls: AtomicU32,
    /// The largest batch of a call.
    pub(crate) max_batch: AtomicUsize,
    /// How long the next calls take. Calls after them take no time.
    pub(crate) delays: Mutex<VecDeque<Duration>>,
}

impl TestBroker {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            confirmed: Mutex::default(),
            behavior: Mutex::new(Behavior::Available),
            calls: AtomicU32::new(0),
            max_batch: AtomicUsize::new(0),
            delays: Mutex::default(),
        })
    }

    fn answer(&self, envelope: Envelope) -> Result<(), PublishError> {
        let behavior = *self.behavior.lock();
        let is_refused = envelope.topic().as_str() == Rejected::TYPE;
        match behavior {
            Behavior::Unavailable => {
                return Err(PublishError::unavailable("the test broker is unavailable"));
            }
            Behavior::RefusedUnroutable if is_refused => {
                return Err(PublishError::Unroutable {
                    topic: envelope.topic().clone(),
                });
            }
            Behavior::RefusedQueueFull if is_refused => {
                return Err(PublishError::QueueFull {
                    topic: envelope.topic().clone(),
                });
            }
            Behavior::RefusedPermanently if is_refused => {
                return Err(PublishError::permanent("never"));
            }
            _ => {}
        }
        self.confirmed.lock().push(envelope);
        Ok(())
    }

    /// The numbers of the confirmed events of a key.
    pub(crate) fn numbers(&self, key: &str) -> Vec<u32> {
        let confirmed = self.confirmed.lock();
        let of_key = confirmed
            .iter()
            .filter(|envelope| envelope.key() == Some(key));
        of_key
            .map(|envelope| {
                let counted: Counted = serde_json::from_slice(envelope.payload()).unwrap();
                counted.number
            })
            .collect()
    }

    pub(crate) async fn wait_for(&self, count: usize) {
        eventually(async || self.confirmed.lock().len() >= count).await;
    }
}

impl RelayTarget for TestBroker {
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::SeqCst);
            self.max_batch.fetch_max(batch.len(), Ordering::SeqCst);
            let delay = self.delays.lock().pop_front();
            if let Some(delay) = delay {
                tokio::time::sleep(delay).await;
            }
            let mut deferred = HashSet::new();
            let mut results = Vec::with_capacity(batch.len());
            for envelope in batch {
                let key = envelope.key().map(str::to_owned);
                if key.as_ref().is_some_and(|key| deferred.contains(key)) {
                    results.push(Err(PublishError::Deferred));
                    continue;
                }
                let result = self.answer(envelope);
                if result.as_ref().is_err_and(PublishError::is_transient) {
                    deferred.extend(key);
                }
                results.push(result);
            }
            results
        })
    }
}

/// A service with an outbox.
pub(crate) struct TestApp {
    pub(crate) running: RunningService,
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
}

/// Settings with short intervals.
pub(crate) fn fast() -> OutboxConfig {
    let settings = serde_json::json!({
        "relay": {
            "max_poll_interval": "100ms",
            "claim_ttl": "2s",
            "initial_backoff": "50ms",
            "max_backoff": "200ms",
            "max_attempts": 3,
        },
    });
    serde_json::from_value(settings).unwrap()
}

impl TestApp {
    pub(crate) async fn start(
        database: &TestDatabase,
        broker: &Arc<TestBroker>,
        config: OutboxConfig,
    ) -> Self {
        Self::start_with(database.config(), broker, config).await
    }

    /// Starts a service with these database settings.
    pub(crate) async fn start_with(
        mut settings: DatabaseConfig,
        broker: &Arc<TestBroker>,
        config: OutboxConfig,
    ) -> Self {
        settings.migrate_at_start = true;
        let started = OnceLock::new();
        let running = Service::new("orders", "1.0.0")
            .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
                let database =
                    Database::connect(service, "database", &settings, &[MIGRATIONS]).await?;
                let messaging =
                    Messaging::connect(service, "broker", &MessagingConfig::default()).await?;
                let topics = Topics::new()
                    .with_unroutable::<Counted>()
                    .with_unroutable::<Rejected>();
                let publisher = messaging.publisher(topics).await?;
                let target: Arc<dyn RelayTarget> = broker.clone();
                let outbox =
                    Outbox::start_with_target(service, &database, publisher, target, &config)
                        .await?;
                let _ = started.set((database, outbox));
                Ok(())
            })
            .await
            .unwrap();
        let (database, outbox) = started.into_inner().unwrap();
        Self {
            running,
            database,
            outbox,
        }
    }

    /// Stores events in one transaction.
    pub(crate) async fn store(&self, messages: impl Fn() -> Vec<Message> + Send + Sync) {
        let (outbox, messages) = (&self.outbox, &messages);
        let stored: Result<(), StoreError> = self
            .database
            .transaction(|tx| async move { outbox.store_all(&tx, messages()).await })
            .await;
        stored.unwrap();
    }

    pub(crate) async fn count(&self, number: u32, key: &'static str) {
        self.store(|| vec![Message::from_event(&Counted { number }).key(key)])
            .await;
    }

    pub(crate) async fn rows(&self, state: &'static str) -> i64 {
        rows(&self.database, state).await
    }

    /// Waits until no event is pending.
    pub(crate) async fn wait_until_published(&self) {
        let deadline = Instant::now() + TIMEOUT;
        while self.rows("pending").await > 0 {
            assert!(Instant::now() < deadline, "events are still pending");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The number of rows in a state.
pub(crate) async fn rows(connection: &dyn Connection, state: &'static str) -> i64 {
    let statement = match state {
        "dead" => sql("SELECT COUNT(*) FROM outbox WHERE state = 3"),
        "due" => sql("SELECT COUNT(*) FROM outbox WHERE state = 2 AND until_us <= {now_us}"),
        "refused" => sql("SELECT COUNT(*) FROM outbox WHERE state = 2"),
        _ => sql("SELECT COUNT(*) FROM outbox WHERE state < 3"),
    };
    let (count,): (i64,) = statement.fetch_one(connection).await.unwrap();
    count
}
