//! Messages through a whole service beside the bare client of each broker, in turns.
//!
//! A turn publishes batches, each confirmed before the next, and then takes and acknowledges every message. Ours does more for it, and that is the point of the ratio: attributes and their
//! checks, spans, metrics, a task and a context for each message, order by key, and what a crash must not lose. What a bare client does less safely is said where it is.

#[cfg(feature = "kafka")]
mod kafka;
mod nats;
mod ours;
mod rabbitmq;
mod redis;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use futures::future::BoxFuture;

use crate::{Failure, statistics::median};

/// Confirmed together: what a relay of an outbox publishes at once.
const BATCH: u32 = 100;
/// In hand at most.
const PREFETCH: u16 = 200;
/// A small event.
const PAYLOAD: [u8; 256] = [b'x'; 256];
/// Order is kept for each of so many things.
const KEYS: u32 = 1_000;

/// Where the programs of the brokers are; those without are left out.
#[derive(Debug, Args)]
pub(crate) struct Programs {
    /// The folder of RabbitMQ's own programs.
    #[arg(long)]
    rabbitmq: Option<PathBuf>,
    /// The program of NATS.
    #[arg(long)]
    nats: Option<PathBuf>,
    /// The program of Redis.
    #[arg(long)]
    redis: Option<PathBuf>,
    /// The folder of Kafka's jars.
    #[cfg(feature = "kafka")]
    #[arg(long)]
    kafka: Option<PathBuf>,
}

/// How long a turn took.
#[derive(Debug, Clone, Copy)]
struct Times {
    publish: Duration,
    consume: Duration,
}

/// One of two that take turns.
trait Side {
    /// Publishes so many messages, then takes all of them, under names that no other turn has.
    fn turn(&self, name: &str, messages: u32) -> BoxFuture<'_, Result<Times, Failure>>;
}

/// Runs every broker whose program is named.
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

/// Blocks of four turns, bare, ours, ours, bare, after one of each that does not count.
async fn pair(
    broker: &str,
    url: &str,
    bare: &dyn Side,
    messages: u32,
    blocks: u32,
) -> Result<(), Failure> {
    let ours = ours::Ours::start(url).await?;
    let (mut published, mut consumed) = (Vec::new(), Vec::new());
    let mut turns = 0;
    let mut turn = async |side: &dyn Side| {
        turns += 1;
        let name = format!("bench.{broker}.{turns}");
        side.turn(&name, messages).await
    };
    turn(bare).await?;
    turn(&ours).await?;
    for _ in 0..blocks {
        let first = turn(bare).await?;
        let (second, third) = (turn(&ours).await?, turn(&ours).await?);
        let fourth = turn(bare).await?;
        published.push((
            first.publish + fourth.publish,
            second.publish + third.publish,
        ));
        consumed.push((
            first.consume + fourth.consume,
            second.consume + third.consume,
        ));
    }
    ours.stop().await;
    row(broker, "publish", messages * 2, &published)?;
    row(broker, "consume", messages * 2, &consumed)?;
    Ok(())
}

/// The middle rates, and the middle of the ratios with the lowest and the highest.
fn row(broker: &str, what: &str, messages: u32, pairs: &[(Duration, Duration)]) -> io::Result<()> {
    let rate = |time: &Duration| f64::from(messages) / time.as_secs_f64();
    let bare: Vec<_> = pairs.iter().map(|(bare, _)| rate(bare)).collect();
    let ours: Vec<_> = pairs.iter().map(|(_, ours)| rate(ours)).collect();
    let ratios = pairs.iter().map(|(bare, ours)| rate(ours) / rate(bare));
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    let edge = |edge: Option<&f64>| edge.copied().unwrap_or(f64::NAN);
    writeln!(
        io::stdout(),
        "{broker:9} {what}: ours {:>7.0}/s, bare {:>7.0}/s, ratio {:.2} ({:.2} to {:.2})",
        median(&ours),
        median(&bare),
        median(&ratios),
        edge(ratios.first()),
        edge(ratios.last())
    )
}

/// How long something took.
async fn timed<F>(work: F) -> Result<Duration, Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let began = Instant::now();
    work.await?;
    Ok(began.elapsed())
}
