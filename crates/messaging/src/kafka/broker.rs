mod members;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use rdkafka::{admin::AdminOptions, consumer::Consumer as _};
use tokio::time;
use tokio_util::{sync::DropGuard, task::TaskTracker};

use super::{
    client::{Clients, transport_error},
    config::KafkaConfig,
    connection::{BrokerConnection, blocking},
    dead_letters::{Contents, Store},
    groups::{self, Partition},
    names::Names,
    publications::{Publications, publish_error},
    required,
    topology::Topology,
};
use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{Deliveries, SubscriptionPlan, TopicPlan, Transport, TransportError},
};
use members::Opened;

/// How long a close waits for the end of the client, after all publications are confirmed.
/// The client may end later.
const PRODUCER_END: Duration = Duration::from_secs(3);

/// Kafka as an engine of messages.
///
/// ```no_run
/// use seaworthy_messaging::{MessagingConfig, kafka::KafkaBroker, transport::TransportError};
///
/// # async fn open() -> Result<KafkaBroker, TransportError> {
/// let config = MessagingConfig::new("kafka://localhost:9092".parse().unwrap());
/// KafkaBroker::open(&config, "orders").await
/// # }
/// ```
#[derive(Clone)]
pub struct KafkaBroker {
    inner: Arc<Inner>,
}

struct Inner {
    config: KafkaConfig,
    clients: Clients,
    names: Names,
    connection: BrokerConnection,
    /// Ends the task that waits for a lost cluster.
    _watched: DropGuard,
    topology: Topology,
    publications: Publications,
    publishing: TaskTracker,
    groups: Mutex<HashMap<GroupName, Opened>>,
    closed: AtomicBool,
}

impl Inner {
    fn is_open(&self) -> Result<(), TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        Ok(())
    }

    async fn partitions(&self, topics: &[Topic]) -> Result<Vec<Partition>, TransportError> {
        let mut all = Vec::new();
        for topic in topics {
            let found = self.topology.partitions(topic).await?.unwrap_or_default();
            let name = self.names.topic(topic);
            all.extend(found.into_iter().map(|partition| (name.clone(), partition)));
        }
        Ok(all)
    }

    /// Returns all partitions of the topics with this prefix.
    async fn all_partitions(&self) -> Result<Vec<Partition>, TransportError> {
        let names = self.names.clone();
        let found = self.connection.request(move |client, timeout| {
            let metadata = client.fetch_metadata(None, timeout)?;
            let is_one = |name: &str| {
                let topic = names.topic_of(name);
                topic.is_some_and(|topic| !topic.is_dead_letters())
            };
            let topics = metadata.topics().iter();
            let topics = topics.filter(|topic| is_one(topic.name()));
            let partitions = topics.flat_map(|topic| {
                let partitions = topic.partitions().iter();
                partitions.map(|partition| (topic.name().to_owned(), partition.id()))
            });
            Ok(partitions.collect())
        });
        found.await
    }

    /// Returns the store of a dead-letter topic, or `None` if the topic does not exist.
    async fn store(&self, topic: &Topic) -> Result<Option<Store>, TransportError> {
        let Some(partitions) = self.topology.partitions(topic).await? else {
            if self.topology.is_listed(topic).await? {
                let text = "a partition of the dead-letter topic has no leader";
                return Err(TransportError::unavailable(text));
            }
            return Ok(None);
        };
        Ok(Some(Store {
            topic: topic.clone(),
            name: self.names.topic(topic),
            partitions,
            client: self.clients.reading(),
            timeout: self.connection.timeout(),
        }))
    }

    /// Publishes tombstones for these letters, and trims removed letters at the beginning of the
    /// log.
    async fn remove(&self, topic: &Topic, ids: &[DeadLetterId]) -> Result<u64, TransportError> {
        let Some(store) = self.store(topic).await? else {
            return Ok(0);
        };
        let name = store.name.clone();
        let mut contents: Contents = blocking(move || store.contents()).await?;
        let keys = contents.take(ids);
        let sent: Vec<_> = keys
            .iter()
            .map(|key| self.publications.send_removal(&name, key))
            .collect();
        let answers = sent.into_iter().map(|sent| async {
            let delivery = sent?.await.map_err(|_canceled| PublishError::Closed)?;
            delivery.map_err(|(error, _)| publish_error(&self.topology, topic, &error))
        });
        for answer in join_all(answers).await {
            answer.map_err(TransportError::unavailable)?;
        }
        if !keys.is_empty() {
            let removable = contents.removable().map_err(transport_error)?;
            let options = AdminOptions::new().request_timeout(Some(self.connection.timeout()));
            let cut = self.topology.admin()?.delete_records(&removable, &options);
            if let Err(error) = cut.await {
                tracing::debug!(%topic, %error, "a dead-letter topic cannot be trimmed, so the next removal retries it");
            }
        }
        Ok(keys.len() as u64)
    }
}

impl KafkaBroker {
    /// Connects to the cluster of the settings. `client` is the name of the connection.
    ///
    /// # Errors
    /// [`TransportError`] if the cluster cannot be reached or rejects the credentials, or if the
    /// settings are invalid.
    pub async fn open(config: &MessagingConfig, client: &str) -> Result<Self, TransportError> {
        let kafka = &config.kafka;
        let names = Names::new(&kafka.prefix).ok_or_else(|| {
            TransportError::rejected(format!(
                "broker.kafka.prefix {:?} is invalid: use at most 45 letters, digits, '.', '-' and '_'",
                kafka.prefix
            ))
        })?;
        let clients = Clients::new(config, client)?;
        let connection = BrokerConnection::new(&clients, kafka.timeout.get())?;
        let watched = connection.watched();
        connection.check().await?;
        let topology = Topology::new(connection.clone(), names.clone(), &clients, kafka)?;
        let publications = Publications::new(connection.clone(), names.clone(), &clients)?;
        Ok(Self {
            inner: Arc::new(Inner {
                config: kafka.clone(),
                clients,
                names,
                connection,
                _watched: watched,
                topology,
                publications,
                publishing: TaskTracker::new(),
                groups: Mutex::default(),
                closed: AtomicBool::new(false),
            }),
        })
    }
}

impl Transport for KafkaBroker {
    fn system(&self) -> &'static str {
        "kafka"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let inner = &self.inner;
            inner.is_open()?;
            required::create_groups(&inner.topology, &inner.clients, &topics).await?;
            inner.publications.declare(&inner.topology, topics).await
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let inner = &self.inner;
            let _until_answered = inner.publishing.token();
            if inner.is_open().is_err() {
                return batch.iter().map(|_| Err(PublishError::Closed)).collect();
            }
            inner.publications.publish(&inner.topology, &batch).await
        })
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            let deliveries: Arc<dyn Deliveries> = Arc::new(self.inner.join(plan).await?);
            Ok(deliveries)
        })
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let inner = &self.inner;
            inner.is_open()?;
            let partitions = match inner.topics_of(group) {
                Some(topics) => inner.partitions(&topics).await?,
                None => inner.all_partitions().await?,
            };
            inner.query_group(group, partitions, groups::lag).await
        })
    }

    fn is_subscribed<'a>(
        &'a self,
        group: &'a GroupName,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move {
            let inner = &self.inner;
            inner.is_open()?;
            let partitions = inner.partitions(std::slice::from_ref(topic)).await?;
            if partitions.is_empty() {
                return Ok(false);
            }
            let known = inner
                .query_group(group, partitions, groups::committed)
                .await?;
            Ok(!known.is_empty())
        })
    }

    fn is_connected(&self) -> bool {
        self.inner.connection.is_up()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            self.inner.connection.check().await
        })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            let Some(store) = self.inner.store(topic).await? else {
                return Ok(Vec::new());
            };
            let after = after.cloned();
            blocking(move || store.browse(after.as_ref(), limit)).await
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            self.inner.remove(topic, ids).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let inner = &self.inner;
            inner.closed.store(true, Ordering::SeqCst);
            inner.publishing.close();
            inner.publishing.wait().await;
            inner.connection.close();
            if let Some(ended) = inner.publications.close() {
                let _ = time::timeout(PRODUCER_END, ended.cancelled()).await;
            }
        })
    }
}

impl fmt::Debug for KafkaBroker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KafkaBroker")
            .field("names", &self.inner.names)
            .finish_non_exhaustive()
    }
}
