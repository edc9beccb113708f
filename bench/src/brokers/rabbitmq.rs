use futures::{
    StreamExt as _,
    future::{BoxFuture, try_join_all},
};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
        ConfirmSelectOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};

use super::{BATCH, PAYLOAD, PREFETCH, Side, Times, timed};
use crate::Failure;

/// lapin with a quorum queue, confirmations and an acknowledgement for each message, as in the
/// framework.
pub(super) struct Bare {
    connection: Connection,
}

impl Bare {
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        Ok(Self { connection })
    }

    async fn publish(channel: &Channel, queue: &str) -> Result<(), Failure> {
        let persistent = BasicProperties::default().with_delivery_mode(2);
        let mut sent = Vec::with_capacity(BATCH as usize);
        for _ in 0..BATCH {
            let options = BasicPublishOptions::default();
            let properties = persistent.clone();
            let one = channel.basic_publish("".into(), queue.into(), options, &PAYLOAD, properties);
            sent.push(one.await?);
        }
        try_join_all(sent).await?;
        Ok(())
    }
}

impl Side for Bare {
    fn run(&self, name: &str, messages: u32) -> BoxFuture<'_, Result<Times, Failure>> {
        let name = name.to_owned();
        Box::pin(async move {
            let channel = self.connection.create_channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            let mut arguments = FieldTable::default();
            arguments.insert(
                "x-queue-type".into(),
                AMQPValue::LongString("quorum".into()),
            );
            let durable = QueueDeclareOptions {
                durable: true,
                ..QueueDeclareOptions::default()
            };
            let declared = channel.queue_declare(name.as_str().into(), durable, arguments);
            declared.await?;
            let publish = timed(async {
                for _ in 0..messages / BATCH {
                    Self::publish(&channel, &name).await?;
                }
                Ok(())
            });
            let publish = publish.await?;
            let consume = timed(async {
                let qos = channel.basic_qos(PREFETCH, BasicQosOptions::default());
                qos.await?;
                let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
                let name = name.as_str().into();
                let consumer = channel.basic_consume(name, "".into(), options, arguments);
                let mut consumer = consumer.await?;
                for _ in 0..messages {
                    let delivery = consumer.next().await.ok_or("the deliveries ended")??;
                    delivery.ack(BasicAckOptions::default()).await?;
                }
                Ok(())
            });
            let consume = consume.await?;
            channel.close(200, "done".into()).await?;
            Ok(Times { publish, consume })
        })
    }
}
