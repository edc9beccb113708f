//! How often members of a group have stopped and given messages back.
//!
//! Before version 4.3 a quorum queue counts every return, also that of a message that nobody has
//! handled, and no client can prevent it. So each stop that gives something back leaves a small
//! message in a queue beside that of the group. One stop returns a message once at most, so the
//! returns that the broker has counted, less the stops, are never more than the deliveries that had
//! no answer.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};
use tokio::time;

use super::connection::{Link, failure};
use crate::{GroupName, transport::TransportError};

/// No name of a group or topic has two dots in a row, so no two queues ever meet.
const SUFFIX: &str = "..stops";
/// 7 days, in milliseconds: a message that is not handled for longer has more deliveries counted.
const RETENTION: i64 = 7 * 24 * 60 * 60 * 1_000;
/// More stops than a group has in that time.
const MAX_STOPS: i64 = 10_000;
/// A broker that takes longer is asked again with the next delivery.
const TIMEOUT: Duration = Duration::from_secs(1);
/// AMQP: kept on disk.
const PERSISTENT: u8 = 2;

/// Records and counts the stops of one group.
pub(super) struct Stops {
    channel: Channel,
    queue: ShortString,
}

impl Stops {
    /// Makes the queue of the stops. Where that is not allowed, returns count as deliveries.
    pub(super) async fn open(link: &Link, group: &GroupName) -> Option<Self> {
        match time::timeout(TIMEOUT, Self::try_open(link, group)).await {
            Ok(Ok(stops)) => Some(stops),
            Ok(Err(error)) => {
                tracing::debug!(%group, %error, "messages that go back count as delivered");
                None
            }
            Err(_elapsed) => None,
        }
    }

    async fn try_open(link: &Link, group: &GroupName) -> Result<Self, TransportError> {
        let channel = link.new_channel().await?;
        let queue = ShortString::try_new(format!("{group}{SUFFIX}"));
        let stops = Self {
            channel,
            queue: queue.map_err(TransportError::refused)?,
        };
        stops.declare().await?;
        let select = stops
            .channel
            .confirm_select(ConfirmSelectOptions::default());
        select.await.map_err(failure)?;
        Ok(stops)
    }

    /// Returns how many stops there are.
    async fn declare(&self) -> Result<u32, TransportError> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(RETENTION));
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(MAX_STOPS));
        let options = QueueDeclareOptions::durable();
        let declared = self
            .channel
            .queue_declare(self.queue.clone(), options, arguments);
        Ok(declared.await.map_err(failure)?.message_count())
    }

    /// How many stops have given something back.
    pub(super) async fn count(&self) -> u32 {
        match time::timeout(TIMEOUT, self.declare()).await {
            Ok(Ok(count)) => count,
            _ => 0,
        }
    }

    /// Records a stop, before its messages go back.
    pub(super) async fn record(&self) {
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let recorded = async {
            let sent = self.channel.basic_publish(
                "".into(),
                self.queue.clone(),
                BasicPublishOptions::default(),
                b"",
                properties,
            );
            sent.await?.await
        };
        if !matches!(time::timeout(TIMEOUT, recorded).await, Ok(Ok(_))) {
            tracing::debug!(queue = %self.queue, "messages that go back count as delivered");
        }
    }
}
