//! A queue of another system on the exchange of the platform.

use std::time::Duration;

use lapin::{
    Channel, Connection, ConnectionProperties,
    message::BasicGetMessage,
    options::{BasicGetOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use super::TIMEOUT;

const EXCHANGE: &str = "city.events";

pub(crate) struct ForeignQueue {
    name: String,
    channel: Channel,
    _connection: Connection,
}

impl ForeignQueue {
    /// Binds a new queue to these routing keys.
    pub(crate) async fn bind(url: &str, routing_keys: &[&str]) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default());
        let connection = connection.await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let name = format!("foreign-{}", seaworthy::core::new_id());
        let declared = channel.queue_declare(
            name.as_str().into(),
            QueueDeclareOptions::durable(),
            FieldTable::default(),
        );
        declared.await.unwrap();
        for key in routing_keys {
            let bound = channel.queue_bind(
                name.as_str().into(),
                EXCHANGE.into(),
                (*key).into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            );
            bound.await.unwrap();
        }
        Self {
            name,
            channel,
            _connection: connection,
        }
    }

    /// Waits for the next message.
    pub(crate) async fn next(&self) -> BasicGetMessage {
        let start = tokio::time::Instant::now();
        loop {
            let options = BasicGetOptions { no_ack: true };
            let message = self.channel.basic_get(self.name.as_str().into(), options);
            if let Some(message) = message.await.unwrap() {
                return message;
            }
            assert!(start.elapsed() < TIMEOUT, "no message in {}", self.name);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Returns the name of the publisher.
pub(crate) fn app_id(message: &BasicGetMessage) -> Option<String> {
    let app_id = message.delivery.properties.app_id();
    app_id.as_ref().map(ToString::to_string)
}

pub(crate) fn correlation_id(message: &BasicGetMessage) -> Option<String> {
    let id = message.delivery.properties.correlation_id();
    id.as_ref().map(ToString::to_string)
}

/// Returns the trace ID of the CloudEvents header `traceparent`.
pub(crate) fn trace_id(message: &BasicGetMessage) -> String {
    let headers = message.delivery.properties.headers().as_ref().unwrap();
    let Some(AMQPValue::LongString(traceparent)) = headers.inner().get("cloudEvents_traceparent")
    else {
        panic!("no traceparent in {headers:?}");
    };
    traceparent
        .to_string()
        .split('-')
        .nth(1)
        .unwrap()
        .to_owned()
}
