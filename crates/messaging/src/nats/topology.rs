use std::collections::BTreeSet;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    config::NatsConfig,
    link::{AskError, Link},
    names::Names,
    returns,
};
use crate::{GroupName, Topic, transport::TransportError};

/// How long the server knows the identifier of a message again. Longer than publishing is tried again by default; it costs the server memory.
const DUPLICATE_WINDOW_SECONDS: u64 = 120;
const NANOSECONDS: u64 = 1_000_000_000;
/// As many names of streams come at once.
const PAGE: usize = 1_024;

/// Makes streams and consumers where they are missing, and knows what was found.
#[derive(Debug)]
pub(super) struct Topology {
    names: Names,
    replicas: u8,
    lease_nanoseconds: u64,
    /// Streams that are known to be there.
    known: Mutex<BTreeSet<String>>,
}

/// What is of interest of a stream.
#[derive(Debug, Deserialize)]
struct StreamAnswer {
    state: StreamState,
}

#[derive(Debug, Deserialize)]
struct StreamState {
    first_seq: u64,
    last_seq: u64,
    consumer_count: u64,
}

/// What is of interest of a consumer.
#[derive(Debug, Deserialize)]
struct ConsumerAnswer {
    num_ack_pending: u64,
    num_pending: u64,
    ack_floor: Floor,
}

/// Everything up to here is acknowledged.
#[derive(Debug, Deserialize)]
struct Floor {
    stream_seq: u64,
}

#[derive(Debug, Deserialize)]
struct Consumers {
    total: usize,
    #[serde(default)]
    consumers: Option<Vec<ConsumerAnswer>>,
}

#[derive(Debug, Deserialize)]
struct StreamNames {
    total: usize,
    #[serde(default)]
    streams: Option<Vec<String>>,
}

/// What is answered where only the answer matters.
#[derive(Debug, Deserialize)]
struct Done {}

impl Topology {
    pub(super) fn new(names: Names, config: &NatsConfig) -> Self {
        let lease = config.lease.get().as_nanos();
        Self {
            names,
            replicas: config.replicas.get(),
            lease_nanoseconds: u64::try_from(lease).unwrap_or(u64::MAX),
            known: Mutex::default(),
        }
    }

    /// Makes the stream of a topic, or of its dead letters, unless it was seen already.
    pub(super) async fn topic(&self, link: &Link, topic: &Topic) -> Result<(), TransportError> {
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
            // Not `interest`: its streams are empty most of the time, and one that is empty when its server is killed may forget its place.
            "retention": "limits",
            // What is full refuses; the alternative would be to lose the oldest.
            "discard": "new",
            "duplicate_window": DUPLICATE_WINDOW_SECONDS * NANOSECONDS,
        });
        self.make(link, &stream, config).await?;
        self.known.lock().insert(stream);
        Ok(())
    }

    /// Whether the stream of a topic exists.
    pub(super) async fn exists(&self, link: &Link, topic: &Topic) -> Result<bool, TransportError> {
        let stream = self.names.stream(topic);
        match link
            .ask::<Done>(&format!("STREAM.INFO.{stream}"), &Value::Null)
            .await
        {
            Err(error) if error.is_missing() => Ok(false),
            found => Ok(found.map(|_| true)?),
        }
    }

    /// Makes the stream in which ordered groups keep whose turn it is.
    pub(super) async fn turns(&self, link: &Link) -> Result<(), TransportError> {
        let stream = self.names.turns();
        let config = json!({
            "name": stream,
            "subjects": [self.names.all_turns()],
            "retention": "limits",
            "max_msgs_per_subject": 1,
        });
        self.make(link, stream, config).await
    }

    /// Creates the stream that records returned messages.
    pub(super) async fn returns(&self, link: &Link) -> Result<(), TransportError> {
        let config = returns::stream(&self.names);
        self.make(link, self.names.returns(), config).await
    }

    async fn make(
        &self,
        link: &Link,
        stream: &str,
        mut config: Value,
    ) -> Result<(), TransportError> {
        match link
            .ask::<Done>(&format!("STREAM.INFO.{stream}"), &Value::Null)
            .await
        {
            Err(error) if error.is_missing() => {}
            found => return Ok(found.map(drop)?),
        }
        if let Some(config) = config.as_object_mut() {
            config.insert("storage".to_owned(), json!("file"));
            config.insert("num_replicas".to_owned(), json!(self.replicas));
            config.insert("allow_direct".to_owned(), json!(true));
        }
        let create = format!("STREAM.CREATE.{stream}");
        Ok(link.ask::<Done>(&create, &config).await.map(drop)?)
    }

    /// Makes the consumer of a group on the stream of a topic.
    pub(super) async fn consumer(
        &self,
        link: &Link,
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
                // Prefetch bounds each member, retries and dead letters are not the server's.
                "max_ack_pending": -1,
                "max_deliver": -1,
                "replay_policy": "instant",
            },
        });
        let create = format!("CONSUMER.DURABLE.CREATE.{stream}.{consumer}");
        let made = link.ask::<Done>(&create, &config).await;
        if made.as_ref().is_err_and(AskError::is_missing) {
            self.forget(topic);
        }
        Ok(made.map(drop)?)
    }

    /// The stream of a topic may be gone.
    pub(super) fn forget(&self, topic: &Topic) {
        self.known.lock().remove(&self.names.stream(topic));
    }

    /// Whether any group, or this one, gets the messages of a topic.
    pub(super) async fn is_heard(
        &self,
        link: &Link,
        topic: &Topic,
        group: Option<&GroupName>,
    ) -> Result<bool, TransportError> {
        let stream = self.names.stream(topic);
        let heard = match group {
            Some(group) => self
                .consumer_answer(link, &stream, group)
                .await
                .map(|_| true),
            None => link
                .ask::<StreamAnswer>(&format!("STREAM.INFO.{stream}"), &Value::Null)
                .await
                .map(|answer| answer.state.consumer_count > 0),
        };
        match heard {
            Err(error) if error.is_missing() => Ok(false),
            heard => Ok(heard?),
        }
    }

    /// Cuts off what all groups have acknowledged. The last message always stays: by it a server that was killed knows where its stream was.
    pub(super) async fn sweep(&self, link: &Link, topic: &Topic) -> Result<(), TransportError> {
        let stream = self.names.stream(topic);
        let mut floor = u64::MAX;
        let mut found = 0;
        loop {
            let body = json!({"offset": found});
            let list = format!("CONSUMER.LIST.{stream}");
            let answer: Consumers = link.ask(&list, &body).await?;
            let page = answer.consumers.unwrap_or_default();
            found += page.len();
            let floors = page.iter().map(|consumer| consumer.ack_floor.stream_seq);
            floor = floors.fold(floor, u64::min);
            if page.is_empty() || found >= answer.total {
                break;
            }
        }
        let info = format!("STREAM.INFO.{stream}");
        let StreamAnswer { state } = link.ask(&info, &Value::Null).await?;
        let first_to_stay = floor.saturating_add(1).min(state.last_seq);
        // A group that came meanwhile may not be counted yet; without any group nothing is decided.
        if found as u64 != state.consumer_count || found == 0 || state.first_seq >= first_to_stay {
            return Ok(());
        }
        let purge = format!("STREAM.PURGE.{stream}");
        let body = json!({"seq": first_to_stay});
        Ok(link.ask::<Done>(&purge, &body).await.map(drop)?)
    }

    /// What a group has not acknowledged, on all streams on which it is.
    pub(super) async fn lag(&self, link: &Link, group: &GroupName) -> Result<u64, TransportError> {
        let mut waiting = 0;
        let mut found: Vec<String> = Vec::new();
        loop {
            let body = json!({"subject": self.names.subjects(), "offset": found.len()});
            let names: StreamNames = link.ask("STREAM.NAMES", &body).await?;
            let page = names.streams.unwrap_or_default();
            let is_last = page.len() < PAGE && found.len() + page.len() >= names.total;
            let is_empty = page.is_empty();
            found.extend(page);
            if is_last || is_empty {
                break;
            }
        }
        for stream in found {
            match self.consumer_answer(link, &stream, group).await {
                Ok(answer) => waiting += answer.num_pending + answer.num_ack_pending,
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(waiting)
    }

    async fn consumer_answer(
        &self,
        link: &Link,
        stream: &str,
        group: &GroupName,
    ) -> Result<ConsumerAnswer, AskError> {
        let consumer = Names::consumer(group);
        let info = format!("CONSUMER.INFO.{stream}.{consumer}");
        link.ask(&info, &Value::Null).await
    }

    /// What a group has not acknowledged of these topics.
    pub(super) async fn lag_of(
        &self,
        link: &Link,
        group: &GroupName,
        topics: &[Topic],
    ) -> Result<u64, TransportError> {
        let mut waiting = 0;
        for topic in topics {
            let stream = self.names.stream(topic);
            let answer = self.consumer_answer(link, &stream, group).await?;
            waiting += answer.num_pending + answer.num_ack_pending;
        }
        Ok(waiting)
    }
}
