use std::future::IntoFuture as _;

use async_nats::jetstream::{self, consumer, stream};
use bytes::Bytes;
use futures::{
    StreamExt as _,
    future::{BoxFuture, try_join_all},
};

use super::{BATCH, PAYLOAD, PREFETCH, Side, Times, timed};
use crate::Failure;

/// async-nats with a file stream and confirmations. As in the framework, the consumer acknowledges
/// each message and does not wait for the response.
pub(super) struct Bare {
    context: jetstream::Context,
}

impl Bare {
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let client = async_nats::connect(url).await?;
        Ok(Self {
            context: jetstream::new(client),
        })
    }
}

impl Side for Bare {
    fn run(&self, name: &str, messages: u32) -> BoxFuture<'_, Result<Times, Failure>> {
        let name = name.replace('.', "_");
        Box::pin(async move {
            let stream = self.context.create_stream(stream::Config {
                name: name.clone(),
                subjects: vec![name.clone()],
                ..stream::Config::default()
            });
            let stream = stream.await?;
            let consumer = stream.create_consumer(consumer::pull::Config {
                durable_name: Some(name.clone()),
                max_ack_pending: PREFETCH.into(),
                ..consumer::pull::Config::default()
            });
            let consumer = consumer.await?;
            let publish = timed(async {
                for _ in 0..messages / BATCH {
                    let mut sent = Vec::with_capacity(BATCH as usize);
                    for _ in 0..BATCH {
                        let payload = Bytes::from_static(&PAYLOAD);
                        let sending = self.context.publish(name.clone(), payload);
                        sent.push(sending.await?.into_future());
                    }
                    try_join_all(sent).await?;
                }
                Ok(())
            });
            let publish = publish.await?;
            let consume = timed(async {
                let stream = consumer.stream().max_messages_per_batch(PREFETCH.into());
                let mut stream = stream.messages().await?;
                for _ in 0..messages {
                    let message = stream.next().await.ok_or("the messages ended")??;
                    message.ack().await?;
                }
                Ok(())
            });
            let consume = consume.await?;
            Ok(Times { publish, consume })
        })
    }
}
