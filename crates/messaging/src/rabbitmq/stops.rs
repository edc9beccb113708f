//! Counts the stops of a group's members that returned messages.
//!
//! Below version 4.3 a quorum queue counts every return, even of a message that was not handled,
//! and no client can prevent it. So each stop that returns messages leaves a small message in a
//! second queue. One stop returns a message at most once. So the broker's count less the number of
//! stops never exceeds the unanswered deliveries.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};
use tokio::time;

use super::connection::{Link, failure};
use crate::{GroupName, transport::TransportError};

/// No group or topic name has two dots in a row, so queue names never collide.
const SUFFIX: &str = "..stops";
/// 7 days, in milliseconds. Returns of messages that wait longer count as deliveries.
const RETENTION: i64 = 7 * 24 * 60 * 60 * 1_000;
/// More stops than a group has in that time.
const MAX_STOPS: i64 = 10_000;
/// The timeout of a request to the broker. The next delivery tries again.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The AMQP delivery mode for messages on disk.
const PERSISTENT: u8 = 2;

/// Records and counts the stops of one group.
pub(super) struct Stops {
    channel: Channel,
    queue: ShortString,
}

impl Stops {
    /// Declares the queue of the stops. If the user may not declare it, returns count as
    /// deliveries.
    pub(super) async fn open(link: &Link, group: &GroupName) -> Option<Self> {
        match time::timeout(TIMEOUT, Self::try_open(link, group)).await {
            Ok(Ok(stops)) => Some(stops),
            Ok(Err(error)) => {
                tracing::debug!(%group, %error, "the queue of stops cannot be declared: returned messages count as delivered");
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

    /// Declares the queue and returns the number of recorded stops.
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

    /// Returns the number of stops that returned messages.
    pub(super) async fn count(&self) -> u32 {
        match time::timeout(TIMEOUT, self.declare()).await {
            Ok(Ok(count)) => count,
            _ => 0,
        }
    }

    /// Records a stop, ahead of returning its messages.
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
            tracing::debug!(queue = %self.queue, "a stop cannot be recorded: returned messages count as delivered");
        }
    }
}
