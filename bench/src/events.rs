use std::{
    io::{self, Write as _},
    path::Path,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use seaworthy_config::{Environment, Loader};
use seaworthy_core::Error;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_messaging::{Event, Message, Messaging, MessagingConfig, Subscription, Topics};
use seaworthy_outbox::{MIGRATIONS, Outbox, OutboxConfig, StoreError};
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::{postgres::PostgresServer, rabbitmq::RabbitmqServer};
use serde::{Deserialize, Serialize};
use tokio::{sync::Notify, time::interval};

use crate::{Failure, statistics::percentile};

/// Callers that store at once, as many as a small service has requests.
const WRITERS: u32 = 16;
/// A burst is stored in transactions of so many: an import, a job. One each is what the second row shows.
const IN_ONE_TRANSACTION: u32 = 50;
/// Order is kept for each of so many things.
const KEYS: u32 = 1_000;
/// The steady load of the second row, in events a second, and for how long.
const STEADY: u32 = 1_000;
const STEADY_SECONDS: u32 = 10;
/// How long an idle service is watched.
const IDLE: Duration = Duration::from_secs(10);
/// Nothing measured takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Serialize, Deserialize)]
struct Told {
    number: u32,
    /// Microseconds since 1970, taken before the commit.
    at_us: u64,
}

impl Event for Told {
    const TYPE: &'static str = "bench.told";
    const VERSION: u32 = 1;
}

/// What the consumer has seen.
#[derive(Default)]
struct Seen {
    count: AtomicU64,
    waits: Mutex<Vec<u64>>,
    changed: Notify,
}

impl Seen {
    fn see(&self, told: &Told) {
        let wait = now_us().saturating_sub(told.at_us);
        if let Ok(mut waits) = self.waits.lock() {
            waits.push(wait);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    async fn reaches(&self, count: u64) -> Result<(), Failure> {
        let reached = async {
            loop {
                let changed = self.changed.notified();
                if self.count.load(Ordering::Relaxed) >= count {
                    return;
                }
                changed.await;
            }
        };
        Ok(tokio::time::timeout(PATIENCE, reached).await?)
    }

    /// The waits since the last time, sorted.
    fn take(&self) -> Vec<u64> {
        let mut waits = self
            .waits
            .lock()
            .map(|mut waits| std::mem::take(&mut *waits))
            .unwrap_or_default();
        waits.sort_unstable();
        waits
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

struct Parts {
    running: RunningService,
    database: Database,
    outbox: Outbox,
    seen: Arc<Seen>,
}

/// A service that stores events and hears of them itself, on a real PostgreSQL and a real RabbitMQ.
pub(crate) fn run(postgres: &Path, rabbitmq: &Path, events: u32) -> Result<(), Failure> {
    let postgres = PostgresServer::start(postgres)?;
    let rabbitmq = RabbitmqServer::start(rabbitmq)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let parts = start(&postgres.database("bench")?, &rabbitmq.url()).await?;
        burst(&parts, events).await?;
        steady(&parts).await?;
        idle().await?;
        parts.running.stop().await;
        Ok(())
    })
}

async fn start(database_url: &str, broker_url: &str) -> Result<Parts, Failure> {
    let loader = Loader::new("bench")
        .environment(Environment::default())
        .overrides(
            [
                "server.http.addr=127.0.0.1:0",
                "admin.addr=127.0.0.1:0",
                "log.level=error",
            ]
            .map(str::to_owned),
        );
    let mut settings = DatabaseConfig::at(database_url.parse()?);
    settings.migrate_at_start = true;
    let broker = MessagingConfig::new(broker_url.parse()?);
    let seen = Arc::new(Seen::default());
    let made = OnceLock::new();
    let running = Service::new("bench", env!("CARGO_PKG_VERSION"))
        .start::<NoSettings, _>(loader, async |service| {
            let database = Database::connect(service, "database", &settings, &[MIGRATIONS]).await?;
            let messaging = Messaging::connect(service, "broker", &broker).await?;
            let heard = Arc::clone(&seen);
            let subscription = Subscription::new("bench")
                .on::<Told, _, _>(move |received| {
                    heard.see(received.event());
                    async { Ok::<_, seaworthy_messaging::Failure>(()) }
                })
                .concurrency(64)
                .prefetch(500);
            messaging.subscribe(subscription).await?;
            let publisher = messaging.publisher(Topics::of::<Told>()).await?;
            let config = OutboxConfig::default();
            let outbox = Outbox::start(service, &database, publisher, &config).await?;
            let _ = made.set((database, outbox));
            Ok(())
        })
        .await?;
    let (database, outbox) = made.into_inner().ok_or("the service was not assembled")?;
    Ok(Parts {
        running,
        database,
        outbox,
        seen,
    })
}

/// Stores `count` events from `first` on in one transaction.
async fn store(database: &Database, outbox: &Outbox, first: u32, count: u32) -> Result<(), Error> {
    let stored: Result<(), StoreError> = database
        .transaction(|tx| async move {
            let messages = (first..first + count).map(|number| {
                let told = Told {
                    number,
                    at_us: now_us(),
                };
                Message::of(&told).key(&(number % KEYS).to_string())
            });
            outbox.store_all(&tx, messages).await
        })
        .await;
    Ok(stored?)
}

async fn burst(parts: &Parts, events: u32) -> Result<(), Failure> {
    let share = events / WRITERS / IN_ONE_TRANSACTION * IN_ONE_TRANSACTION;
    let began = Instant::now();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (database, outbox) = (parts.database.clone(), parts.outbox.clone());
        writers.push(tokio::spawn(async move {
            for first in (0..share).step_by(IN_ONE_TRANSACTION as usize) {
                store(
                    &database,
                    &outbox,
                    writer * share + first,
                    IN_ONE_TRANSACTION,
                )
                .await?;
            }
            Ok::<_, Error>(())
        }));
    }
    for writer in writers {
        writer.await??;
    }
    let stored = began.elapsed();
    let count = u64::from(share * WRITERS);
    parts.seen.reaches(count).await?;
    let all = began.elapsed();
    parts.seen.take();
    let rate = |time: Duration| f64::from(share * WRITERS) / time.as_secs_f64();
    writeln!(
        io::stdout(),
        "{count} events: stored {:.0}/s, from the first commit to the last one consumed {:.0}/s",
        rate(stored),
        rate(all)
    )?;
    Ok(())
}

async fn steady(parts: &Parts) -> Result<(), Failure> {
    let before = parts.seen.count.load(Ordering::Relaxed);
    let mut ticks = interval(Duration::from_secs(1) / STEADY);
    let mut calls = Vec::new();
    for number in 0..STEADY * STEADY_SECONDS {
        ticks.tick().await;
        let (database, outbox) = (parts.database.clone(), parts.outbox.clone());
        calls.push(tokio::spawn(async move {
            store(&database, &outbox, number, 1).await
        }));
    }
    for call in calls {
        call.await??;
    }
    parts
        .seen
        .reaches(before + u64::from(STEADY * STEADY_SECONDS))
        .await?;
    let waits = parts.seen.take();
    let milliseconds = |share| Duration::from_micros(percentile(&waits, share)).as_secs_f64() * 1e3;
    writeln!(
        io::stdout(),
        "{STEADY} events a second, a transaction each, from its last statement to its consumer: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        milliseconds(0.5),
        milliseconds(0.99),
        milliseconds(1.0)
    )?;
    Ok(())
}

/// What the process costs when there is nothing to do.
async fn idle() -> Result<(), Failure> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = processor_seconds()?;
    tokio::time::sleep(IDLE).await;
    let share = (processor_seconds()? - before) / IDLE.as_secs_f64();
    writeln!(io::stdout(), "idle: {:.2} % of a core", share * 100.0)?;
    Ok(())
}

/// Time that the process has had on processors (proc(5), `stat`, fields 14 and 15, in hundredths of a second on Linux).
fn processor_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, after) = stat
        .rsplit_once(')')
        .ok_or("there is no name in /proc/self/stat")?;
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "hundredths of a second of one process are far below 2^52"
    )]
    Ok(ticks as f64 / 100.0)
}
