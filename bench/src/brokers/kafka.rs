use std::net::SocketAddr;

use futures::future::{BoxFuture, try_join_all};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{CommitMode, Consumer as _, StreamConsumer},
    producer::{FutureProducer, FutureRecord},
};

use super::{BATCH, KEYS, PAYLOAD, Side, Times, timed};
use crate::Failure;

/// Number of partitions, as in a topic of the framework.
const PARTITIONS: i32 = 6;

/// rdkafka with the same producer settings, and a consumer with periodic commits. After a crash it
/// repeats all messages since the last commit.
pub(super) struct Bare {
    config: ClientConfig,
}

impl Bare {
    pub(super) fn new(address: SocketAddr) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", address.to_string());
        Self { config }
    }
}

impl Side for Bare {
    fn run(&self, name: &str, messages: u32) -> BoxFuture<'_, Result<Times, Failure>> {
        let name = name.to_owned();
        Box::pin(async move {
            let admin: AdminClient<DefaultClientContext> = self.config.create()?;
            let topic = NewTopic::new(&name, PARTITIONS, TopicReplication::Fixed(1));
            let made = admin.create_topics([&topic], &AdminOptions::new());
            made.await?;
            let producer: FutureProducer = self
                .config
                .clone()
                .set("enable.idempotence", "true")
                .set("linger.ms", "0")
                .create()?;
            // Send one message first, because it waits for the leaders of the topic.
            let warm = FutureRecord::<str, [u8]>::to(&name).payload(&PAYLOAD[..]);
            let warm = producer.send(warm, std::time::Duration::ZERO).await;
            warm.map_err(|(error, _)| error)?;
            let publish = timed(async {
                for first in (0..messages).step_by(BATCH as usize) {
                    let mut sent = Vec::with_capacity(BATCH as usize);
                    for number in first..first + BATCH {
                        let key = (number % KEYS).to_string();
                        let record = FutureRecord::to(&name).key(&key).payload(&PAYLOAD[..]);
                        sent.push(producer.send_result(record).map_err(|(error, _)| error)?);
                    }
                    for delivery in try_join_all(sent).await? {
                        delivery.map_err(|(error, _)| error)?;
                    }
                }
                Ok(())
            });
            let publish = publish.await?;
            let consume = timed(async {
                let consumer: StreamConsumer = self
                    .config
                    .clone()
                    .set("group.id", &name)
                    .set("auto.offset.reset", "earliest")
                    .set("auto.commit.interval.ms", "100")
                    .create()?;
                consumer.subscribe(&[&name])?;
                for _ in 0..=messages {
                    consumer.recv().await?;
                }
                consumer.commit_consumer_state(CommitMode::Async)?;
                Ok(())
            });
            let consume = consume.await?;
            Ok(Times { publish, consume })
        })
    }
}
