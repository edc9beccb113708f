//! Counts how often the members of a group returned each message without a reply.
//!
//! Below version 4.3 a quorum queue counts every return of a message as a delivery, and no client
//! can prevent it. So a member appends the IDs of the messages that it returns to a stream of the
//! group. A member that receives a redelivered message reads the stream and subtracts the returns
//! of this message.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures::StreamExt as _;
use lapin::{
    BasicProperties, Channel, Consumer,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
        ConfirmSelectOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable, ShortString},
};
use tokio::time;

use super::{connection::BrokerConnection, failure::transport_error};
use crate::{GroupName, MessageId, transport::TransportError};

/// The suffix of the stream of a group. Group and topic names never have two dots in a row.
const SUFFIX: &str = "..returns";
/// The retention of the stream: 7 days. Returns of messages that wait longer count as deliveries.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The retention as an argument of the stream.
const MAX_AGE: &str = "7D";
/// The maximum size of the stream in bytes: the IDs of some 400,000 returned messages.
const MAX_BYTES: i64 = 16 * 1024 * 1024;
/// The size of a segment in bytes, a small part of the stream: the broker deletes whole segments.
const SEGMENT_BYTES: i64 = 1024 * 1024;
/// The maximum number of messages whose returns a member keeps in memory.
const MAX_COUNTED: usize = 400_000;
/// The number of records that the broker sends ahead.
const READ_AHEAD: u16 = 100;
/// The timeout of a request to the broker. The next redelivery retries it.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The AMQP delivery mode for messages on disk.
const PERSISTENT: u8 = 2;

/// Records and counts the returned messages of one group.
pub(super) struct RedeliveryCounts {
    /// A channel in confirm mode.
    channel: Channel,
    stream: ShortString,
    reader: tokio::sync::Mutex<Option<Reader>>,
}

/// Reads the stream from its beginning to its end, and continues from there.
struct Reader {
    channel: Channel,
    consumer: Consumer,
    counts: HashMap<MessageId, u32>,
}

impl RedeliveryCounts {
    /// Declares the stream of the group. Returns `None` if the broker rejects it: then returns
    /// count as deliveries.
    pub(super) async fn open(connection: &BrokerConnection, group: &GroupName) -> Option<Self> {
        match time::timeout(TIMEOUT, Self::try_open(connection, group)).await {
            Ok(Ok(returns)) => Some(returns),
            Ok(Err(error)) => {
                tracing::debug!(%group, %error, "the stream of returned messages cannot be declared: returns count as deliveries");
                None
            }
            Err(_elapsed) => None,
        }
    }

    async fn try_open(
        connection: &BrokerConnection,
        group: &GroupName,
    ) -> Result<Self, TransportError> {
        let channel = connection.new_channel().await?;
        let stream = ShortString::try_new(format!("{group}{SUFFIX}"));
        let stream = stream.map_err(TransportError::rejected)?;
        let mut arguments = FieldTable::default();
        for (name, value) in [
            ("x-queue-type", AMQPValue::LongString("stream".into())),
            ("x-max-age", AMQPValue::LongString(MAX_AGE.into())),
            ("x-max-length-bytes", AMQPValue::LongLongInt(MAX_BYTES)),
            (
                "x-stream-max-segment-size-bytes",
                AMQPValue::LongLongInt(SEGMENT_BYTES),
            ),
        ] {
            arguments.insert(name.into(), value);
        }
        let options = QueueDeclareOptions::durable();
        let declared = channel.queue_declare(stream.clone(), options, arguments);
        declared.await.map_err(transport_error)?;
        let select = channel.confirm_select(ConfirmSelectOptions::default());
        select.await.map_err(transport_error)?;
        Ok(Self {
            channel,
            stream,
            reader: tokio::sync::Mutex::default(),
        })
    }

    /// Records messages as returned. The caller returns them afterwards.
    pub(super) async fn record(&self, ids: &[MessageId]) {
        if ids.is_empty() {
            return;
        }
        // A message ID contains no control characters.
        let ids: Vec<&str> = ids.iter().map(MessageId::as_str).collect();
        let appended = time::timeout(TIMEOUT, self.append(ids.join("\n"), None)).await;
        if !matches!(appended, Ok(Ok(()))) {
            tracing::debug!(stream = %self.stream, "returned messages cannot be recorded: their returns count as deliveries");
        }
    }

    /// Returns how often each message was returned. Messages that were never returned are missing.
    pub(super) async fn count<'a>(
        &self,
        connection: &BrokerConnection,
        ids: impl Iterator<Item = &'a MessageId>,
    ) -> HashMap<MessageId, u32> {
        let mut reader = self.reader.lock().await;
        let read = time::timeout(TIMEOUT, self.read(connection, &mut reader)).await;
        if !matches!(read, Ok(Ok(()))) {
            tracing::debug!(stream = %self.stream, "the stream of returned messages cannot be read: returns count as deliveries");
            *reader = None;
        }
        let Some(reader) = &*reader else {
            return HashMap::new();
        };
        let counted = ids.filter_map(|id| Some((id.clone(), *reader.counts.get(id)?)));
        counted.collect()
    }

    /// Reads all records that were appended before the call: the reader appends a marker and reads
    /// up to it.
    async fn read(
        &self,
        connection: &BrokerConnection,
        reader: &mut Option<Reader>,
    ) -> Result<(), TransportError> {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(Reader::open(connection, &self.stream).await?),
        };
        let marker = MessageId::generate();
        let marked = self.append(String::new(), Some(&marker)).await;
        marked.map_err(transport_error)?;
        reader.read_to(&marker).await
    }

    async fn append(&self, body: String, marker: Option<&MessageId>) -> Result<(), lapin::Error> {
        let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        if let Some(marker) = marker {
            properties = properties.with_message_id(marker.as_str().into());
        }
        let options = BasicPublishOptions::default();
        let sent = self.channel.basic_publish(
            "".into(),
            self.stream.clone(),
            options,
            body.as_bytes(),
            properties,
        );
        sent.await?.await?;
        Ok(())
    }
}

impl Reader {
    async fn open(
        connection: &BrokerConnection,
        stream: &ShortString,
    ) -> Result<Self, TransportError> {
        let channel = connection.new_channel().await?;
        let qos = channel.basic_qos(READ_AHEAD, BasicQosOptions::default());
        qos.await.map_err(transport_error)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let from = now.unwrap_or_default().saturating_sub(RETENTION).as_secs();
        let mut arguments = FieldTable::default();
        arguments.insert("x-stream-offset".into(), AMQPValue::Timestamp(from));
        let consumer = channel.basic_consume(
            stream.clone(),
            "".into(),
            BasicConsumeOptions::default(),
            arguments,
        );
        Ok(Self {
            consumer: consumer.await.map_err(transport_error)?,
            channel,
            counts: HashMap::new(),
        })
    }

    /// Counts the records up to the marker. It can be cancelled at any point and called again.
    async fn read_to(&mut self, marker: &MessageId) -> Result<(), TransportError> {
        loop {
            let ended = || TransportError::unavailable("the broker has ended the stream");
            let record = self.consumer.next().await.ok_or_else(ended)?;
            let record = record.map_err(transport_error)?;
            let id = record.properties.message_id();
            let is_marker = id.as_ref().is_some_and(|id| id.as_str() == marker.as_str());
            self.add(&record.data);
            let acknowledged = self
                .channel
                .basic_ack(record.delivery_tag, BasicAckOptions { multiple: true });
            acknowledged.await.map_err(transport_error)?;
            if is_marker {
                return Ok(());
            }
        }
    }

    fn add(&mut self, record: &[u8]) {
        let text = String::from_utf8_lossy(record);
        for id in text.lines().filter_map(|line| MessageId::parse(line).ok()) {
            if self.counts.len() >= MAX_COUNTED {
                self.counts.clear();
            }
            *self.counts.entry(id).or_default() += 1;
        }
    }
}
