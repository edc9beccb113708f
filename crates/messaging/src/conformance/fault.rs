use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use seaworthy_core::Timeout;
use tokio::time::{self, Instant};

use super::{
    Harness, group,
    node::Node,
    order::by_key,
    record::{Record, message},
    topic,
};
use crate::{Envelope, PublishError, transport::Transport};

/// A fault of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerFault {
    /// Bytes pass without delay.
    None,
    /// Bytes arrive late, in each direction.
    Slow(Duration),
    /// Requests arrive, responses do not.
    ResponsesLost,
    /// Connections are reset and refused.
    Disconnected,
}

/// Two connections to one broker. The suite can inject faults into the first.
pub struct FaultyBroker {
    /// The connection of the publisher under test.
    pub faulty: Arc<dyn Transport>,
    /// A connection without faults.
    pub sound: Arc<dyn Transport>,
    /// Injects a fault into the first connection until the next call. An engine that keeps the
    /// order over network faults must also reject a part of a batch in another way, such as a short
    /// backlog.
    pub inject: Box<dyn Fn(BrokerFault) + Send + Sync>,
}

impl fmt::Debug for FaultyBroker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FaultyBroker")
            .field("system", &self.faulty.system())
            .finish_non_exhaustive()
    }
}

/// The seeds of the runs. Each run has other batches and other faults.
const SEEDS: [u64; 3] = [1, 2, 3];
const KEYS: usize = 5;
const MESSAGES_PER_KEY: usize = 120;
/// The size of a message in bytes, so that a batch needs several requests on some engines.
const MESSAGE_SIZE: usize = 4 * 1024;
/// Maximum number of messages of a batch, more than any engine sends in one request.
const MAX_BATCH: usize = 250;
/// Maximum number of faults of a run, so that it ends.
const MAX_FAULTS: u32 = 20;
/// The latest beginning of a fault after the publish started, in microseconds. An engine on the
/// same machine has then sent a part of the batch.
const MAX_BEGIN: u64 = 3_000;
/// The timeout of publishing, shorter than some faults last.
const PUBLISH_TIMEOUT: Timeout = Timeout::from_secs(1);
/// The duration of a disconnection, long enough for open connections to be reset.
const CUT: Duration = Duration::from_millis(50);
/// The time limit of a run on the slowest machine.
const MAX_RUN: Duration = Duration::from_secs(120);

/// Publishes batches as a relay does and retries failures, while the connection is slow, silent or
/// reset. No message of a key arrives before an earlier one, and none is missing.
pub async fn publishes_key_in_order_under_faults_msg_1(harness: &dyn Harness) {
    for seed in SEEDS {
        publish_under_faults(harness, seed).await;
    }
}

async fn publish_under_faults(harness: &dyn Harness, seed: u64) {
    let FaultyBroker {
        faulty,
        sound,
        inject,
    } = harness.faulty().await;
    let (topic, record) = (topic(), Record::new());
    let consumer = Node::start_over(harness, sound, |_| {}).await;
    consumer
        .subscribe(record.subscription(&group(), &[&topic]))
        .await;
    let producer = Node::start_over(harness, Arc::clone(&faulty), |config| {
        config.publish_timeout = PUBLISH_TIMEOUT;
    })
    .await;
    let publisher = producer.publisher(&[&topic]).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut pending: Vec<Envelope> = (0..KEYS * MESSAGES_PER_KEY)
        .map(|number| {
            let key = (number % KEYS).to_string();
            let text = format!("{key}:{}:{}", number / KEYS, "x".repeat(MESSAGE_SIZE));
            publisher.prepare(message(&topic, &text).key(&key)).unwrap()
        })
        .collect();
    let deadline = Instant::now() + MAX_RUN;
    let mut faults = 0;
    while !pending.is_empty() {
        assert!(
            Instant::now() < deadline,
            "seed {seed}: {} messages are not published",
            pending.len()
        );
        wait_until_connected(&*faulty).await;
        let size = random.random_range(1..=MAX_BATCH).min(pending.len());
        let later = pending.split_off(size);
        let publishing = publisher.publish_all(pending.clone());
        let answers = if faults < MAX_FAULTS {
            faults += 1;
            let (answers, ()) = futures::join!(publishing, fail_once(&*inject, &mut random));
            answers
        } else {
            publishing.await
        };
        assert_eq!(answers.len(), size, "seed {seed}");
        pending = unpublished(pending, answers, seed);
        if !pending.is_empty() {
            time::sleep(Duration::from_millis(20)).await;
        }
        pending.extend(later);
    }
    let texts = record.wait_for(KEYS * MESSAGES_PER_KEY).await;
    let expected: Vec<usize> = (0..MESSAGES_PER_KEY).collect();
    for (key, numbers) in by_key(&texts) {
        assert_eq!(numbers, expected, "seed {seed}, key {key}");
    }
    producer.stop().await;
    consumer.stop().await;
}

/// Without a connection a batch fails immediately, and no fault hits it.
async fn wait_until_connected(transport: &dyn Transport) {
    let connected = async {
        while !transport.is_connected() {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(MAX_RUN, connected).await.unwrap();
}

/// Disturbs the connection for a while, at a random moment of a batch.
async fn fail_once(inject: &(dyn Fn(BrokerFault) + Send + Sync), random: &mut StdRng) {
    let begin = Duration::from_micros(random.random_range(0..=MAX_BEGIN));
    let mut milliseconds = |max: u64| Duration::from_millis(random.random_range(0..=max));
    let (latency, outage, duration) = (milliseconds(700), milliseconds(200), milliseconds(1_500));
    let begun = Instant::now();
    // A timer has a resolution of a millisecond.
    while begun.elapsed() < begin {
        tokio::task::yield_now().await;
    }
    // Choose a reset in most cases, because it ends a connection in the middle of a batch.
    match random.random_range(0..8) {
        0 => {
            inject(BrokerFault::Slow(latency));
            time::sleep(duration).await;
        }
        1 => {
            inject(BrokerFault::ResponsesLost);
            time::sleep(duration).await;
            // A connection that has lost bytes is unusable.
            inject(BrokerFault::Disconnected);
            time::sleep(CUT).await;
        }
        _ => {
            inject(BrokerFault::Disconnected);
            time::sleep(CUT + outage).await;
        }
    }
    inject(BrokerFault::None);
}

/// Returns the messages to publish again. Of each key only a prefix may be confirmed.
fn unpublished(
    batch: Vec<Envelope>,
    answers: Vec<Result<(), PublishError>>,
    seed: u64,
) -> Vec<Envelope> {
    let mut held = HashSet::new();
    let mut again = Vec::new();
    for (envelope, answer) in batch.into_iter().zip(answers) {
        let key = envelope.key().unwrap().to_owned();
        match answer {
            Ok(()) => assert!(
                !held.contains(&key),
                "seed {seed}: a message of the key {key} was confirmed after one that failed"
            ),
            Err(error) => {
                assert!(error.is_transient(), "seed {seed}: {error:?}");
                held.insert(key);
                again.push(envelope);
            }
        }
    }
    again
}
