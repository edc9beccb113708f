//! Messages through a service, against the client of each broker.
//!
//! A run publishes batches, waits for the confirmation of each, and then consumes and acknowledges
//! all messages. The framework does more per message: attributes, spans, metrics, a task, a
//! context, order by key, and no loss after a crash. The type of each client describes where it is
//! less safe.

#[cfg(feature = "kafka")]
mod kafka;
mod nats;
mod rabbitmq;
mod redis;
mod seaworthy;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use futures::future::BoxFuture;

use crate::{Failure, statistics::median};

/// Number of messages that are published and confirmed together, as by the relay of an outbox.
const BATCH: u32 = 100;
/// Maximum number of unacknowledged messages.
const PREFETCH: u16 = 200;
/// The payload of a small event.
const PAYLOAD: [u8; 256] = [b'x'; 256];
/// Number of message keys. Messages with the same key keep their order.
const KEYS: u32 = 1_000;

/// Paths of the brokers. Brokers without a path are not measured.
#[derive(Debug, Args)]
pub(crate) struct Programs {
    /// Folder of the RabbitMQ scripts.
    #[arg(long)]
    rabbitmq: Option<PathBuf>,
    /// Path of nats-server.
    #[arg(long)]
    nats: Option<PathBuf>,
    /// Path of redis-server.
    #[arg(long)]
    redis: Option<PathBuf>,
    /// Folder of the Kafka jars.
    #[cfg(feature = "kafka")]
    #[arg(long)]
    kafka: Option<PathBuf>,
}

/// Durations of a run.
#[derive(Debug, Clone, Copy)]
struct Times {
    publish: Duration,
    consume: Duration,
}

/// The framework or the client of the broker.
trait Side {
    /// Publishes and then consumes messages. The name is unique for each run.
    fn run(&self, name: &str, messages: u32) -> BoxFuture<'_, Result<Times, Failure>>;
}

/// Measures every broker that has a path.
pub(crate) fn run(programs: Programs, messages: u32, blocks: u32) -> Result<(), Failure> {
    use seaworthy_testkit::{nats::NatsServer, rabbitmq::RabbitmqServer, redis::RedisServer};
    let messages = messages / BATCH * BATCH;
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(program) = programs.rabbitmq {
        let server = RabbitmqServer::start(program)?;
        let bare = runtime.block_on(rabbitmq::Bare::connect(&server.url()))?;
        runtime.block_on(pair("rabbitmq", &server.url(), &bare, messages, blocks))?;
    }
    if let Some(program) = programs.nats {
        let server = NatsServer::start(program)?;
        let bare = runtime.block_on(nats::Bare::connect(&server.url()))?;
        runtime.block_on(pair("nats", &server.url(), &bare, messages, blocks))?;
    }
    if let Some(program) = programs.redis {
        let server = RedisServer::start(program)?;
        let bare = runtime.block_on(redis::Bare::connect(&server.url()))?;
        runtime.block_on(pair("redis", &server.url(), &bare, messages, blocks))?;
    }
    #[cfg(feature = "kafka")]
    if let Some(program) = programs.kafka {
        let server = seaworthy_testkit::kafka::KafkaServer::start(program)?;
        let bare = kafka::Bare::new(server.address());
        runtime.block_on(pair("kafka", &server.url(), &bare, messages, blocks))?;
    }
    Ok(())
}

/// Runs blocks of client, framework, framework, client after one run of each that does not count.
async fn pair(
    broker: &str,
    url: &str,
    bare: &dyn Side,
    messages: u32,
    blocks: u32,
) -> Result<(), Failure> {
    let seaworthy = seaworthy::SeaworthySide::start(url).await?;
    let (mut published, mut consumed) = (Vec::new(), Vec::new());
    let mut runs = 0;
    let mut run = async |side: &dyn Side| {
        runs += 1;
        let name = format!("bench.{broker}.{runs}");
        side.run(&name, messages).await
    };
    run(bare).await?;
    run(&seaworthy).await?;
    for _ in 0..blocks {
        let first = run(bare).await?;
        let (second, third) = (run(&seaworthy).await?, run(&seaworthy).await?);
        let fourth = run(bare).await?;
        published.push((
            first.publish + fourth.publish,
            second.publish + third.publish,
        ));
        consumed.push((
            first.consume + fourth.consume,
            second.consume + third.consume,
        ));
    }
    seaworthy.stop().await;
    row(broker, "publish", messages * 2, &published)?;
    row(broker, "consume", messages * 2, &consumed)?;
    Ok(())
}

/// Prints the median rates, and the median, lowest and highest ratio.
fn row(
    broker: &str,
    operation: &str,
    messages: u32,
    pairs: &[(Duration, Duration)],
) -> io::Result<()> {
    let rate = |time: &Duration| f64::from(messages) / time.as_secs_f64();
    let bare: Vec<_> = pairs.iter().map(|(bare, _)| rate(bare)).collect();
    let seaworthy: Vec<_> = pairs.iter().map(|(_, seaworthy)| rate(seaworthy)).collect();
    let ratios = pairs
        .iter()
        .map(|(bare, seaworthy)| rate(seaworthy) / rate(bare));
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    let edge = |edge: Option<&f64>| edge.copied().unwrap_or(f64::NAN);
    writeln!(
        io::stdout(),
        "{broker:9} {operation}: seaworthy {:>7.0}/s, client {:>7.0}/s, ratio {:.2} ({:.2} to {:.2})",
        median(&seaworthy),
        median(&bare),
        median(&ratios),
        edge(ratios.first()),
        edge(ratios.last())
    )
}

/// Returns the duration of a future.
async fn timed<F>(work: F) -> Result<Duration, Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed())
}
