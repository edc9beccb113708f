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

/// Number of concurrent writers.
const WRITERS: u32 = 16;
/// Events per transaction of the burst, as in an import. The steady load has one per transaction.
const BATCH: u32 = 50;
/// Number of message keys. Messages with the same key keep their order.
const KEYS: u32 = 1_000;
/// Rate of the steady load, in events per second.
const STEADY_RATE: u32 = 1_000;
const STEADY_SECONDS: u32 = 10;
/// Duration of the idle measurement.
const IDLE: Duration = Duration::from_secs(10);
/// Time limit of the consumer.
const TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Serialize, Deserialize)]
struct Stored {
    number: u32,
    /// Microseconds since 1970, taken before the commit.
    stored_us: u64,
}

impl Event for Stored {
    const TYPE: &'static str = "bench.stored";
    const VERSION: u32 = 1;
}

/// Statistics of the consumer.
#[derive(Default)]
struct Consumed {
    count: AtomicU64,
    latencies: Mutex<Vec<u64>>,
    changed: Notify,
}

impl Consumed {
    fn record(&self, event: &Stored) {
        let latency = now_us().saturating_sub(event.stored_us);
        if let Ok(mut latencies) = self.latencies.lock() {
            latencies.push(latency);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    async fn wait_for(&self, count: u64) -> Result<(), Failure> {
        let reached = async {
            loop {
                let changed = self.changed.notified();
                if self.count.load(Ordering::Relaxed) >= count {
                    return;
                }
                changed.await;
            }
        };
        Ok(tokio::time::timeout(TIMEOUT, reached).await?)
    }

    /// Returns the sorted latencies in microseconds since the last call.
    fn take_latencies(&self) -> Vec<u64> {
        let mut latencies = self
            .latencies
            .lock()
            .map(|mut latencies| std::mem::take(&mut *latencies))
            .unwrap_or_default();
        latencies.sort_unstable();
        latencies
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// A service that stores and consumes its own events.
struct TestService {
    running: RunningService,
    database: Database,
    outbox: Outbox,
    consumed: Arc<Consumed>,
}

/// Measures a service on PostgreSQL and RabbitMQ.
pub(crate) fn run(postgres: &Path, rabbitmq: &Path, events: u32) -> Result<(), Failure> {
    let postgres = PostgresServer::start(postgres)?;
    let rabbitmq = RabbitmqServer::start(rabbitmq)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let service = start(&postgres.database("bench")?, &rabbitmq.url()).await?;
        burst(&service, events).await?;
        steady(&service).await?;
        idle().await?;
        service.running.stop().await;
        Ok(())
    })
}

async fn start(database_url: &str, broker_url: &str) -> Result<TestService, Failure> {
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
    let mut settings = DatabaseConfig::from_url(database_url.parse()?);
    settings.migrate_at_start = true;
    let broker = MessagingConfig::new(broker_url.parse()?);
    let consumed = Arc::new(Consumed::default());
    let assembled = OnceLock::new();
    let running = Service::new("bench", env!("CARGO_PKG_VERSION"))
        .start::<NoSettings, _>(loader, async |service| {
            let database = Database::connect(service, "database", &settings, &[MIGRATIONS]).await?;
            let messaging = Messaging::connect(service, "broker", &broker).await?;
            let recording = Arc::clone(&consumed);
            let subscription = Subscription::new("bench")
                .on::<Stored, _, _>(move |received| {
                    recording.record(received.event());
                    async { Ok(()) }
                })
                .concurrency(64)
                .prefetch(500);
            messaging.subscribe(subscription).await?;
            let publisher = messaging.publisher(Topics::from_event::<Stored>()).await?;
            let config = OutboxConfig::default();
            let outbox = Outbox::start(service, &database, publisher, &config).await?;
            let _ = assembled.set((database, outbox));
            Ok(())
        })
        .await?;
    let (database, outbox) = assembled
        .into_inner()
        .ok_or("the service was not assembled")?;
    Ok(TestService {
        running,
        database,
        outbox,
        consumed,
    })
}

/// Stores `count` events in one transaction, with numbers from `first`.
async fn store(database: &Database, outbox: &Outbox, first: u32, count: u32) -> Result<(), Error> {
    let stored: Result<(), StoreError> = database
        .transaction(|tx| async move {
            let messages = (first..first + count).map(|number| {
                let event = Stored {
                    number,
                    stored_us: now_us(),
                };
                Message::from_event(&event).key(&(number % KEYS).to_string())
            });
            outbox.store_all(&tx, messages).await
        })
        .await;
    Ok(stored?)
}

async fn burst(service: &TestService, events: u32) -> Result<(), Failure> {
    let share = events / WRITERS / BATCH * BATCH;
    let start = Instant::now();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (database, outbox) = (service.database.clone(), service.outbox.clone());
        writers.push(tokio::spawn(async move {
            for first in (0..share).step_by(BATCH as usize) {
                store(&database, &outbox, writer * share + first, BATCH).await?;
            }
            Ok::<_, Error>(())
        }));
    }
    for writer in writers {
        writer.await??;
    }
    let stored = start.elapsed();
    let count = u64::from(share * WRITERS);
    service.consumed.wait_for(count).await?;
    let all = start.elapsed();
    service.consumed.take_latencies();
    let rate = |time: Duration| f64::from(share * WRITERS) / time.as_secs_f64();
    writeln!(
        io::stdout(),
        "{count} events: {:.0}/s stored, {:.0}/s from the first commit to the last event consumed",
        rate(stored),
        rate(all)
    )?;
    Ok(())
}

async fn steady(service: &TestService) -> Result<(), Failure> {
    let before = service.consumed.count.load(Ordering::Relaxed);
    let mut ticks = interval(Duration::from_secs(1) / STEADY_RATE);
    let mut calls = Vec::new();
    for number in 0..STEADY_RATE * STEADY_SECONDS {
        ticks.tick().await;
        let (database, outbox) = (service.database.clone(), service.outbox.clone());
        calls.push(tokio::spawn(async move {
            store(&database, &outbox, number, 1).await
        }));
    }
    for call in calls {
        call.await??;
    }
    service
        .consumed
        .wait_for(before + u64::from(STEADY_RATE * STEADY_SECONDS))
        .await?;
    let latencies = service.consumed.take_latencies();
    let milliseconds =
        |share| Duration::from_micros(percentile(&latencies, share)).as_secs_f64() * 1e3;
    writeln!(
        io::stdout(),
        "{STEADY_RATE} events/s, one per transaction, from the last statement to the consumer: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        milliseconds(0.5),
        milliseconds(0.99),
        milliseconds(1.0)
    )?;
    Ok(())
}

/// Measures the CPU time of the idle service.
async fn idle() -> Result<(), Failure> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = processor_seconds()?;
    tokio::time::sleep(IDLE).await;
    let share = (processor_seconds()? - before) / IDLE.as_secs_f64();
    writeln!(io::stdout(), "idle: {:.2} % of a core", share * 100.0)?;
    Ok(())
}

/// Returns the CPU time of this process in seconds (proc(5), `stat`, fields 14 and 15, in
/// hundredths of a second on Linux).
fn processor_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, after) = stat
        .rsplit_once(')')
        .ok_or("/proc/self/stat has no process name")?;
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
