//! Services that share one database, and a broker that does what a test wants.

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
use seaworthy_config::{Environment, Loader};
use seaworthy_data::{Connection, Database, DatabaseConfig, sql};
use seaworthy_messaging::{
    Envelope, Event, Message, Messaging, MessagingConfig, PublishError, Topics,
};
use seaworthy_outbox::{MIGRATIONS, Outbox, OutboxConfig, RelayTarget, StoreError};
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::database::EmptyDatabase;
use serde::{Deserialize, Serialize};

/// Nothing that these tests wait for takes longer on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// An empty database.
pub(crate) struct Place {
    pub(crate) url: String,
    _empty: EmptyDatabase,
}

pub(crate) async fn place(empty: EmptyDatabase) -> Place {
    Place {
        url: empty.url().to_owned(),
        _empty: empty,
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
pub(crate) struct Refused {
    pub(crate) number: u32,
}

impl Event for Refused {
    const TYPE: &'static str = "test.refused";
    const VERSION: u32 = 1;
}

/// What a broker says to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    Down,
    /// It has no subscriber for [`Refused`].
    Picky,
    /// The queue of [`Refused`] is full.
    Full,
    /// It will never take [`Refused`].
    Strict,
}

/// A broker that remembers what it took.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) taken: Mutex<Vec<Envelope>>,
    pub(crate) mood: Mutex<Mood>,
    pub(crate) asked: AtomicU32,
    /// The largest batch of a call.
    pub(crate) max_batch: AtomicUsize,
    /// Never answers the next calls, as many as this.
    pub(crate) swallows: Mutex<VecDeque<()>>,
}

impl Broker {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            asked: AtomicU32::new(0),
            max_batch: AtomicUsize::new(0),
            swallows: Mutex::default(),
        })
    }

    fn answer(&self, envelope: Envelope) -> Result<(), PublishError> {
        let mood = *self.mood.lock();
        let is_refused = envelope.topic().as_str() == Refused::TYPE;
        match mood {
            Mood::Down => return Err(PublishError::unavailable("the test broker is down")),
            Mood::Picky if is_refused => {
                return Err(PublishError::Unroutable {
                    topic: envelope.topic().clone(),
                });
            }
            Mood::Full if is_refused => {
                return Err(PublishError::QueueFull {
                    topic: envelope.topic().clone(),
                });
            }
            Mood::Strict if is_refused => return Err(PublishError::permanent("never")),
            _ => {}
        }
        self.taken.lock().push(envelope);
        Ok(())
    }

    /// The numbers that were taken, by key.
    pub(crate) fn numbers(&self, key: &str) -> Vec<u32> {
        let taken = self.taken.lock();
        let of_key = taken.iter().filter(|envelope| envelope.key() == Some(key));
        of_key
            .map(|envelope| {
                let counted: Counted = serde_json::from_slice(envelope.payload()).unwrap();
                counted.number
            })
            .collect()
    }

    pub(crate) async fn until_taken(&self, count: usize) {
        until("the broker has taken them", || {
            self.taken.lock().len() >= count
        })
        .await;
    }
}

impl RelayTarget for Broker {
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.max_batch.fetch_max(batch.len(), Ordering::SeqCst);
            if self.swallows.lock().pop_front().is_some() {
                std::future::pending::<()>().await;
            }
            let mut held = HashSet::new();
            let answer = |envelope: Envelope| {
                let key = envelope.key().map(str::to_owned);
                if key.as_ref().is_some_and(|key| held.contains(key)) {
                    return Err(PublishError::Deferred);
                }
                let answer = self.answer(envelope);
                if answer.as_ref().is_err_and(PublishError::is_transient) {
                    held.extend(key);
                }
                answer
            };
            batch.into_iter().map(answer).collect()
        })
    }
}

/// A service with an outbox.
pub(crate) struct House {
    pub(crate) running: RunningService,
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
}

/// Settings under which nothing in a test takes long.
pub(crate) fn brisk() -> OutboxConfig {
    let settings = serde_json::json!({
        "relay": { "last_look": "100ms", "claim": "2s", "pause": "50ms", "longest_pause": "200ms", "attempts": 3 },
    });
    serde_json::from_value(settings).unwrap()
}

/// Settings of a service without dependencies.
pub(crate) fn loader(name: &'static str) -> Loader {
    Loader::new(name)
        .environment(Environment::default())
        .overrides([
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
            "log.level=warn".to_owned(),
        ])
}

pub(crate) async fn house(place: &Place, broker: &Arc<Broker>, config: OutboxConfig) -> House {
    house_on(
        DatabaseConfig::at(place.url.parse().unwrap()),
        broker,
        config,
    )
    .await
}

/// A service with an outbox and with these settings of the database.
pub(crate) async fn house_on(
    mut settings: DatabaseConfig,
    broker: &Arc<Broker>,
    config: OutboxConfig,
) -> House {
    settings.migrate_at_start = true;
    let made = OnceLock::new();
    let running = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(loader("orders"), async |service| {
            let database = Database::connect(service, "database", &settings, &[MIGRATIONS]).await?;
            let messaging =
                Messaging::connect(service, "broker", &MessagingConfig::default()).await?;
            let topics = Topics::new()
                .and_unroutable::<Counted>()
                .and_unroutable::<Refused>();
            let publisher = messaging.publisher(topics).await?;
            let target: Arc<dyn RelayTarget> = broker.clone();
            let outbox =
                Outbox::start_towards(service, &database, publisher, target, &config).await?;
            let _ = made.set((database, outbox));
            Ok(())
        })
        .await
        .unwrap();
    let (database, outbox) = made.into_inner().unwrap();
    House {
        running,
        database,
        outbox,
    }
}

impl House {
    /// Stores an event in a transaction of its own.
    pub(crate) async fn store(&self, message: impl Fn() -> Message + Send + Sync) {
        let (outbox, message) = (&self.outbox, &message);
        let stored: Result<(), StoreError> = self
            .database
            .transaction(|tx| async move { outbox.store(&tx, message()).await })
            .await;
        stored.unwrap();
    }

    pub(crate) async fn count(&self, number: u32, key: &'static str) {
        self.store(|| Message::of(&Counted { number }).key(key))
            .await;
    }

    pub(crate) async fn rows(&self, state: &'static str) -> i64 {
        rows(&self.database, state).await
    }
}

/// How many rows are in these states.
pub(crate) async fn rows(connection: &dyn Connection, state: &'static str) -> i64 {
    let statement = match state {
        "parked" => sql("SELECT COUNT(*) FROM outbox WHERE state = 3"),
        "due" => sql("SELECT COUNT(*) FROM outbox WHERE state = 2 AND until_us <= {now_us}"),
        "refused" => sql("SELECT COUNT(*) FROM outbox WHERE state = 2"),
        _ => sql("SELECT COUNT(*) FROM outbox WHERE state < 3"),
    };
    let (count,): (i64,) = statement.fetch_one(connection).await.unwrap();
    count
}

/// Looks again and again until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: has not come true");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
