//! A service that changes its database, publishes each change and consumes its own events. Tests
//! kill it repeatedly.

use std::{
    num::NonZeroU32,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use rustix::process::{Signal, getpid, kill_process};
use schemars::JsonSchema;
use seaworthy_core::Error;
use seaworthy_data::{
    DataError, Database, DatabaseConfig, Migration, MigrationSet, migrate_command, sql,
};
use seaworthy_messaging::{
    Envelope, Event, Failure, Message, Messaging, MessagingConfig, PublishError, Publisher,
    Subscription, Topics,
};
use seaworthy_outbox::{MIGRATIONS, Outbox, OutboxConfig, RelayTarget, StoreError, outbox_command};
use seaworthy_service::{Assembly, Commands, Schedule, Service, StartError, Worker};
use serde::{Deserialize, Serialize};

const TABLES: MigrationSet = MigrationSet::for_service(&[Migration::new(
    1,
    "trial",
    "CREATE TABLE changes (number {bigint} NOT NULL PRIMARY KEY);
     CREATE TABLE effects (sequence {identity}, number {bigint} NOT NULL);",
    "DROP TABLE effects; DROP TABLE changes;",
)]);
/// The number of keys of the events.
const KEYS: i64 = 4;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TrialConfig {
    /// The database of changes, outbox and effects.
    database: DatabaseConfig,
    /// The broker.
    broker: MessagingConfig,
    /// Outbox and inbox.
    outbox: OutboxConfig,
    /// The total number of changes.
    changes: i64,
    /// The pause after each change, in microseconds.
    pause_us: u64,
    /// The step after which the process kills itself.
    dies: Option<Point>,
    /// At which occurrence of the step it does, the first by default.
    dies_at: Option<NonZeroU32>,
}

/// The steps after which the process can kill itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Point {
    /// The change and its event are committed.
    AfterCommit,
    /// A relay has claimed rows.
    AfterClaim,
    /// The broker has confirmed the first event of a batch.
    AfterPublish,
    /// The broker has confirmed all events, and no row is settled.
    BeforeSettle,
}

/// Kills this process, as the kernel kills one that uses too much memory.
struct Death {
    point: Option<Point>,
    left: AtomicU32,
}

impl Death {
    fn new(settings: &TrialConfig) -> Self {
        let at = settings.dies_at.unwrap_or(NonZeroU32::MIN);
        Self {
            point: settings.dies,
            left: AtomicU32::new(at.get()),
        }
    }

    fn pass(&self, point: Point) {
        if self.point == Some(point) && self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            let killed = kill_process(getpid(), Signal::KILL);
            tracing::error!(?killed, "the process cannot kill itself");
        }
    }
}

/// A publisher that may die at the steps around a publication.
struct MortalTarget {
    publisher: Publisher,
    death: Arc<Death>,
}

impl RelayTarget for MortalTarget {
    fn publish(&self, mut batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            self.death.pass(Point::AfterClaim);
            let others = batch.split_off(batch.len().min(1));
            let mut results = self.publisher.publish_all(batch).await;
            self.death.pass(Point::AfterPublish);
            if results.iter().all(Result::is_ok) {
                results.extend(self.publisher.publish_all(others).await);
            } else {
                results.extend(others.iter().map(|_| Err(PublishError::Deferred)));
            }
            self.death.pass(Point::BeforeSettle);
            results
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Changed {
    number: i64,
}

impl Event for Changed {
    const TYPE: &'static str = "trial.changed";
    const VERSION: u32 = 1;
}

fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command("database", database, &[TABLES, MIGRATIONS]))
        .with(outbox_command("database", database));
    Service::new("outbox-trial", env!("CARGO_PKG_VERSION")).main_with(commands, assemble)
}

fn database(settings: &TrialConfig) -> &DatabaseConfig {
    &settings.database
}

async fn assemble(service: &Assembly<TrialConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let migrations = [TABLES, MIGRATIONS];
    let database = Database::connect(service, "database", &settings.database, &migrations).await?;
    let messaging = Messaging::connect(service, "broker", &settings.broker).await?;
    let publisher = messaging.publisher(Topics::from_event::<Changed>()).await?;
    let death = Arc::new(Death::new(settings));
    let target = MortalTarget {
        publisher: publisher.clone(),
        death: Arc::clone(&death),
    };
    let outbox = Outbox::start_with_target(
        service,
        &database,
        publisher,
        Arc::new(target),
        &settings.outbox,
    )
    .await?;

    let inbox = outbox.inbox("effects", &settings.outbox);
    let effects = Subscription::new("effects").on::<Changed, _, _>(move |received| {
        let inbox = inbox.clone();
        async move {
            let number = received.event().number;
            let outcome = inbox.process_once(received.envelope(), |tx| async move {
                let done = sql("INSERT INTO effects (number) VALUES (?)")
                    .bind(number)
                    .execute(&tx)
                    .await;
                done.map(drop).map_err(Failure::retry)
            });
            outcome.await.map(drop)
        }
    });
    // Messages of a killed process are redelivered before the later messages of their key.
    messaging.subscribe(effects.ordered()).await?;

    let total = settings.changes;
    let pause = Duration::from_micros(settings.pause_us);
    service.worker(Worker::new("changes", Schedule::Continuous, move |run| {
        let (database, outbox, death) = (database.clone(), outbox.clone(), Arc::clone(&death));
        async move {
            if !change(&database, &outbox, total).await? {
                run.stop.requested().await;
            }
            death.pass(Point::AfterCommit);
            tokio::time::sleep(pause).await;
            Ok(())
        }
    }));
    Ok(())
}

/// Makes the next change and stores its event. Returns `false` after the last change.
async fn change(database: &Database, outbox: &Outbox, total: i64) -> Result<bool, Error> {
    let changed: Result<bool, StoreError> = database
        .transaction(|tx| async move {
            let (last,): (i64,) = sql("SELECT COALESCE(MAX(number), -1) FROM changes")
                .fetch_one(&tx)
                .await?;
            let number = last + 1;
            if number >= total {
                return Ok(false);
            }
            let inserted: Result<_, DataError> = sql("INSERT INTO changes (number) VALUES (?)")
                .bind(number)
                .execute(&tx)
                .await;
            inserted?;
            let key = (number % KEYS).to_string();
            outbox
                .store(&tx, Message::from_event(&Changed { number }).key(&key))
                .await?;
            Ok(true)
        })
        .await;
    Ok(changed?)
}
