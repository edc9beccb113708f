use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    consumer::Consumer as _,
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::time;

use super::{
    client::{Clients, LogContext, is_rejection, transport_error},
    config::KafkaConfig,
    connection::BrokerConnection,
    detached::Detached,
    names::Names,
    renewed::Renewed,
};
use crate::{Topic, transport::TransportError};

/// How long the existence of a topic is cached. Topics are rarely deleted.
const CACHE_TTL: Duration = Duration::from_secs(5);
/// How often a new topic is checked until its partitions have leaders.
const LEADER_POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The number of partitions of a dead-letter topic. Dead letters are few, and keep their order.
const DEAD_LETTER_PARTITIONS: i32 = 1;
/// The value that selects the replicas that the cluster has as its default.
const DEFAULT_REPLICAS: i32 = -1;

/// Creates missing topics, and caches which topics exist.
pub(super) struct Topology {
    pub(super) connection: BrokerConnection,
    pub(super) names: Names,
    admin: Renewed<AdminClient<LogContext>>,
    partitions: i32,
    replicas: i32,
    min_insync: Option<String>,
    max_message: String,
    known: Mutex<HashMap<Topic, Instant>>,
}

impl Topology {
    pub(super) fn new(
        connection: BrokerConnection,
        names: Names,
        clients: &Clients,
        config: &KafkaConfig,
    ) -> Result<Self, TransportError> {
        let admin = |clients: &Clients| clients.metadata().create_with_context(LogContext);
        let replicas = config.replicas.map(|replicas| i32::from(replicas.get()));
        let min_insync = config
            .min_insync_replicas
            .map(|least| i32::from(least.get()));
        let min_insync = min_insync.or_else(|| replicas.map(|replicas| (replicas - 1).max(1)));
        Ok(Self {
            connection,
            names,
            admin: Renewed::new(clients, admin).map_err(transport_error)?,
            partitions: config.partitions.get().into(),
            replicas: replicas.unwrap_or(DEFAULT_REPLICAS),
            min_insync: min_insync.map(|least| least.to_string()),
            max_message: clients.max_message().to_owned(),
            known: Mutex::default(),
        })
    }

    /// Whether a topic exists. A positive result is cached.
    pub(super) async fn exists(&self, topic: &Topic) -> Result<bool, TransportError> {
        let seen = self.known.lock().get(topic).copied();
        if seen.is_some_and(|seen| seen.elapsed() < CACHE_TTL) {
            return Ok(true);
        }
        Ok(self.partitions(topic).await?.is_some())
    }

    /// Removes a topic from the cache.
    pub(super) fn remove_from_cache(&self, topic: &Topic) {
        self.known.lock().remove(topic);
    }

    /// Returns the partitions of a topic, or `None` if it does not exist or a partition has no
    /// leader.
    pub(super) async fn partitions(
        &self,
        topic: &Topic,
    ) -> Result<Option<Vec<i32>>, TransportError> {
        let name = self.names.topic(topic);
        let found = self.connection.request(move |client, timeout| {
            let metadata = client.fetch_metadata(Some(&name), timeout)?;
            let topic = metadata.topics().iter().find(|topic| topic.name() == name);
            let Some(topic) = topic else { return Ok(None) };
            match topic.error().map(RDKafkaErrorCode::from) {
                None => {}
                Some(
                    RDKafkaErrorCode::UnknownTopicOrPartition
                    | RDKafkaErrorCode::UnknownTopic
                    | RDKafkaErrorCode::LeaderNotAvailable,
                ) => return Ok(None),
                Some(error) => return Err(KafkaError::MetadataFetch(error)),
            }
            let all = topic.partitions();
            let has_leaders = !all.is_empty() && all.iter().all(|one| one.leader() >= 0);
            Ok(has_leaders.then(|| all.iter().map(|one| one.id()).collect()))
        });
        let found = found.await?;
        if found.is_some() {
            self.known.lock().insert(topic.clone(), Instant::now());
        } else {
            self.remove_from_cache(topic);
        }
        Ok(found)
    }

    /// Whether the cluster lists a topic, with or without leaders.
    pub(super) async fn is_listed(&self, topic: &Topic) -> Result<bool, TransportError> {
        let name = self.names.topic(topic);
        let listed = self.connection.request(move |client, timeout| {
            let metadata = client.fetch_metadata(None, timeout)?;
            Ok(metadata.topics().iter().any(|topic| topic.name() == name))
        });
        listed.await
    }

    /// Creates those of the topics that do not exist.
    pub(super) async fn create(&self, topics: &[Topic]) -> Result<(), TransportError> {
        let mut missing = Vec::new();
        for topic in topics {
            if !self.exists(topic).await? {
                missing.push(topic);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = missing
            .iter()
            .map(|topic| self.names.topic(topic))
            .collect();
        let new = missing.iter().zip(&names);
        let new: Vec<_> = new.map(|(topic, name)| self.plan(topic, name)).collect();
        let timeout = Some(self.connection.timeout());
        let options = AdminOptions::new()
            .request_timeout(timeout)
            .operation_timeout(timeout);
        let created = self.admin()?.create_topics(&new, &options).await;
        for created in created.map_err(transport_error)? {
            match created {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    let text = format!("the topic {name} cannot be created: {code}");
                    return Err(if is_rejection(code) {
                        TransportError::rejected(text)
                    } else {
                        TransportError::unavailable(text)
                    });
                }
            }
        }
        let leaders = async {
            for topic in missing {
                while self.partitions(topic).await?.is_none() {
                    time::sleep(LEADER_POLL_INTERVAL).await;
                }
            }
            Ok(())
        };
        let waited = time::timeout(self.connection.timeout(), leaders).await;
        waited.unwrap_or_else(|_elapsed| {
            Err(TransportError::unavailable("a new topic has no leader"))
        })
    }

    fn plan<'a>(&'a self, topic: &Topic, name: &'a str) -> NewTopic<'a> {
        let replication = TopicReplication::Fixed(self.replicas);
        let new = if topic.is_dead_letters() {
            NewTopic::new(name, DEAD_LETTER_PARTITIONS, replication)
                .set("cleanup.policy", "compact,delete")
                .set("retention.ms", "-1")
                .set("retention.bytes", "-1")
        } else {
            NewTopic::new(name, self.partitions, replication)
        };
        let new = new
            .set("max.message.bytes", &self.max_message)
            .set("unclean.leader.election.enable", "false");
        match &self.min_insync {
            Some(least) => new.set("min.insync.replicas", least),
            None => new,
        }
    }

    pub(super) fn admin(&self) -> Result<Arc<Detached<AdminClient<LogContext>>>, TransportError> {
        let admin = self.admin.get().map_err(transport_error)?;
        admin.ok_or(TransportError::Closed)
    }
}
