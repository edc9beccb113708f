use std::collections::BTreeSet;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    config::NatsConfig,
    connection::{BrokerConnection, RequestError},
    names::Names,
    redelivery_counts,
};
use crate::{GroupName, Topic, transport::TransportError};

/// Seconds for which the server recognizes a repeated message ID: longer than a publisher retries
/// by default. It needs memory of the server.
const DUPLICATE_WINDOW_SECONDS: u64 = 120;
const NANOSECONDS: u64 = 1_000_000_000;
/// The number of stream names that the server returns in one response.
const PAGE: usize = 1_024;

/// Creates missing streams and consumers, and caches which streams exist.
#[derive(Debug)]
pub(super) struct Topology {
    names: Names,
    replicas: u8,
    lease_nanoseconds: u64,
    /// Streams that exist.
    known: Mutex<BTreeSet<String>>,
}

/// The used part of a stream's information.
#[derive(Debug, Deserialize)]
struct StreamResponse {
    state: StreamState,
}

#[derive(Debug, Deserialize)]
struct StreamState {
    first_seq: u64,
    last_seq: u64,
    consumer_count: u64,
}

/// The used part of a consumer's information.
#[derive(Debug, Deserialize)]
struct ConsumerResponse {
    num_ack_pending: u64,
    num_pending: u64,
    ack_floor: Floor,
    #[serde(default)]
    config: ConsumerConfig,
}

#[derive(Debug, Default, Deserialize)]
struct ConsumerConfig {
    /// The lease in nanoseconds. Consumers of other systems may have none.
    #[serde(default)]
    ack_wait: u64,
}

/// The sequence up to which everything is acknowledged.
#[derive(Debug, Deserialize)]
struct Floor {
    stream_seq: u64,
}

#[derive(Debug, Deserialize)]
struct Consumers {
    total: usize,
    #[serde(default)]
    consumers: Option<Vec<ConsumerResponse>>,
}

#[derive(Debug, Deserialize)]
struct StreamNames {
    total: usize,
    #[serde(default)]
    streams: Option<Vec<String>>,
}

/// A reply whose content is not used.
#[derive(Debug, Deserialize)]
struct Done {}

impl Topology {
    pub(super) fn new(names: Names, config: &NatsConfig) -> Self {
        let lease = config.claim_ttl.get().as_nanos();
        Self {
            names,
            replicas: config.replicas.get(),
            lease_nanoseconds: u64::try_from(lease).unwrap_or(u64::MAX),
            known: Mutex::default(),
        }
    }

    /// Creates the stream of a topic, or of its dead letters, if it does not exist.
    pub(super) async fn create_topic(
        &self,
        connection: &BrokerConnection,
        topic: &Topic,
    ) -> Result<(), TransportError> {
        let stream = self.names.stream(topic);
        if self.known.lock().contains(&stream) {
            return Ok(());
        }
        let subject = if topic.is_dead_letters() {
            self.names.dead_letters(topic)
        } else {
            self.names.subject(topic)
        };
        let config = json!({
            "name": stream,
            "subjects": [subject],
            // Not `interest`: such a stream is often empty, and an empty stream may lose its
            // sequence when its server is killed.
            "retention": "limits",
            // A full stream rejects messages. The alternative deletes the oldest ones.
            "discard": "new",
            "duplicate_window": DUPLICATE_WINDOW_SECONDS * NANOSECONDS,
        });
        self.create(connection, &stream, config).await?;
        self.known.lock().insert(stream);
        Ok(())
    }

    /// Whether the stream of a topic exists.
    pub(super) async fn exists(
        &self,
        connection: &BrokerConnection,
        topic: &Topic,
    ) -> Result<bool, TransportError> {
        let stream = self.names.stream(topic);
        match connection
            .call::<Done>(&format!("STREAM.INFO.{stream}"), &Value::Null)
            .await
        {
            Err(error) if error.is_not_found() => Ok(false),
            found => Ok(found.map(|_| true)?),
        }
    }

    /// Creates the stream of the leases of ordered groups.
    pub(super) async fn create_leases(
        &self,
        connection: &BrokerConnection,
    ) -> Result<(), TransportError> {
        let stream = self.names.leases();
        let config = json!({
            "name": stream,
            "subjects": [self.names.all_leases()],
            "retention": "limits",
            "max_msgs_per_subject": 1,
        });
        self.create(connection, stream, config).await
    }

    /// Creates the stream that records returned messages.
    pub(super) async fn create_returns(
        &self,
        connection: &BrokerConnection,
    ) -> Result<(), TransportError> {
        let config = redelivery_counts::stream(&self.names);
        self.create(connection, self.names.returns(), config).await
    }

    async fn create(
        &self,
        connection: &BrokerConnection,
        stream: &str,
        mut config: Value,
    ) -> Result<(), TransportError> {
        match connection
            .call::<Done>(&format!("STREAM.INFO.{stream}"), &Value::Null)
            .await
        {
            Err(error) if error.is_not_found() => {}
            found => return Ok(found.map(drop)?),
        }
        if let Some(config) = config.as_object_mut() {
            config.insert("storage".to_owned(), json!("file"));
            config.insert("num_replicas".to_owned(), json!(self.replicas));
            config.insert("allow_direct".to_owned(), json!(true));
        }
        let create = format!("STREAM.CREATE.{stream}");
        Ok(connection.call::<Done>(&create, &config).await.map(drop)?)
    }

    /// Creates the consumer of a group on the stream of a topic.
    pub(super) async fn create_consumer(
        &self,
        connection: &BrokerConnection,
        topic: &Topic,
        group: &GroupName,
    ) -> Result<(), TransportError> {
        let (stream, consumer) = (self.names.stream(topic), Names::consumer(group));
        let config = json!({
            "stream_name": stream,
            "config": {
                "durable_name": consumer,
                "deliver_policy": "new",
                "ack_policy": "explicit",
                "ack_wait": self.lease_nanoseconds,
                // The prefetch limits each member. Retries and dead letters are above the engine.
                "max_ack_pending": -1,
                "max_deliver": -1,
                "replay_policy": "instant",
            },
        });
        let create = format!("CONSUMER.DURABLE.CREATE.{stream}.{consumer}");
        let created = connection.call::<Done>(&create, &config).await;
        if created.as_ref().is_err_and(RequestError::is_not_found) {
            self.remove_from_cache(topic);
        }
        Ok(created.map(drop)?)
    }

    /// Restores the lease of a group if it is shorter than that of this member. A publisher that
    /// creates the group at the same time sets its own lease.
    pub(super) async fn restore_lease(
        &self,
        connection: &BrokerConnection,
        topic: &Topic,
        group: &GroupName,
    ) -> Result<(), TransportError> {
        let stream = self.names.stream(topic);
        let found = self.consumer_info(connection, &stream, group).await?;
        if found.config.ack_wait < self.lease_nanoseconds {
            self.create_consumer(connection, topic, group).await?;
        }
        Ok(())
    }

    /// Removes the stream of a topic from the cache.
    pub(super) fn remove_from_cache(&self, topic: &Topic) {
        self.known.lock().remove(&self.names.stream(topic));
    }

    /// Whether a topic has any group, or this one.
    pub(super) async fn has_group(
        &self,
        connection: &BrokerConnection,
        topic: &Topic,
        group: Option<&GroupName>,
    ) -> Result<bool, TransportError> {
        let stream = self.names.stream(topic);
        let found = match group {
            Some(group) => self
                .consumer_info(connection, &stream, group)
                .await
                .map(|_| true),
            None => connection
                .call::<StreamResponse>(&format!("STREAM.INFO.{stream}"), &Value::Null)
                .await
                .map(|answer| answer.state.consumer_count > 0),
        };
        match found {
            Err(error) if error.is_not_found() => Ok(false),
            found => Ok(found?),
        }
    }

    /// Trims the messages that all groups have acknowledged. The last message always stays, so that
    /// a killed server recovers the sequence of the stream.
    pub(super) async fn trim(
        &self,
        connection: &BrokerConnection,
        topic: &Topic,
    ) -> Result<(), TransportError> {
        let stream = self.names.stream(topic);
        let mut floor = u64::MAX;
        let mut found = 0;
        loop {
            let body = json!({"offset": found});
            let list = format!("CONSUMER.LIST.{stream}");
            let answer: Consumers = connection.call(&list, &body).await?;
            let page = answer.consumers.unwrap_or_default();
            found += page.len();
            let floors = page.iter().map(|consumer| consumer.ack_floor.stream_seq);
            floor = floors.fold(floor, u64::min);
            if page.is_empty() || found >= answer.total {
                break;
            }
        }
        let info = format!("STREAM.INFO.{stream}");
        let StreamResponse { state } = connection.call(&info, &Value::Null).await?;
        let first_to_stay = floor.saturating_add(1).min(state.last_seq);
        // A new group may not be listed yet. Without groups nothing is trimmed.
        if found as u64 != state.consumer_count || found == 0 || state.first_seq >= first_to_stay {
            return Ok(());
        }
        let purge = format!("STREAM.PURGE.{stream}");
        let body = json!({"seq": first_to_stay});
        Ok(connection.call::<Done>(&purge, &body).await.map(drop)?)
    }

    /// The number of messages that a group has not acknowledged on all its streams.
    pub(super) async fn lag(
        &self,
        connection: &BrokerConnection,
        group: &GroupName,
    ) -> Result<u64, TransportError> {
        let mut pending = 0;
        let mut found: Vec<String> = Vec::new();
        loop {
            let body = json!({"subject": self.names.subjects(), "offset": found.len()});
            let names: StreamNames = connection.call("STREAM.NAMES", &body).await?;
            let page = names.streams.unwrap_or_default();
            let is_last = page.len() < PAGE && found.len() + page.len() >= names.total;
            let is_empty = page.is_empty();
            found.extend(page);
            if is_last || is_empty {
                break;
            }
        }
        for stream in found {
            match self.consumer_info(connection, &stream, group).await {
                Ok(answer) => pending += answer.num_pending + answer.num_ack_pending,
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(pending)
    }

    async fn consumer_info(
        &self,
        connection: &BrokerConnection,
        stream: &str,
        group: &GroupName,
    ) -> Result<ConsumerResponse, RequestError> {
        let consumer = Names::consumer(group);
        let info = format!("CONSUMER.INFO.{stream}.{consumer}");
        connection.call(&info, &Value::Null).await
    }

    /// The number of messages of these topics that a group has not acknowledged.
    pub(super) async fn lag_of(
        &self,
        connection: &BrokerConnection,
        group: &GroupName,
        topics: &[Topic],
    ) -> Result<u64, TransportError> {
        let mut pending = 0;
        for topic in topics {
            let stream = self.names.stream(topic);
            let answer = self.consumer_info(connection, &stream, group).await?;
            pending += answer.num_pending + answer.num_ack_pending;
        }
        Ok(pending)
    }
}
