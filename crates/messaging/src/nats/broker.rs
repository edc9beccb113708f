use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_nats::jetstream::Context;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_core::Timeout;
use serde::Deserialize;
use serde_json::Value;
use tokio::time;
use tokio_util::task::TaskTracker;

use super::{
    config::NatsConfig, dead_letters, deliveries::NatsDeliveries, group_lease::EndedSessions,
    link::Link, names::Names, publications::Publications, returns::Recording, topology::Topology,
};
use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{Deliveries, Order, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

/// A slow server must not delay the stop.
const CLOSE_TIMEOUT: Timeout = Timeout::from_secs(2);

/// NATS JetStream as an engine of messages: a server or a cluster.
///
/// ```no_run
/// use seaworthy_messaging::{MessagingConfig, nats::NatsBroker, transport::TransportError};
///
/// # async fn open() -> Result<NatsBroker, TransportError> {
/// let config = MessagingConfig::new("nats://localhost:4222".parse().unwrap());
/// NatsBroker::open(&config, "orders").await
/// # }
/// ```
#[derive(Clone)]
pub struct NatsBroker {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) link: Link,
    pub(super) names: Names,
    pub(super) config: NatsConfig,
    pub(super) context: Context,
    pub(super) ended: EndedSessions,
    pub(super) topology: Topology,
    pub(super) recording: Recording,
    publications: Publications,
    publishing: TaskTracker,
    /// The topics of the groups of this process.
    groups: Mutex<BTreeMap<GroupName, Vec<Topic>>>,
    closed: AtomicBool,
}

/// The account information of JetStream. Its content is not used.
#[derive(Debug, Deserialize)]
struct Account {}

impl Inner {
    pub(super) fn is_open(&self) -> Result<(), TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), TransportError> {
        self.link
            .call::<Account>("INFO", &Value::Null)
            .await
            .map(drop)
            .map_err(TransportError::from)
    }
}

impl NatsBroker {
    /// Connects to the server of the settings. `client` is the name of the connection.
    ///
    /// # Errors
    /// [`TransportError`] if the server cannot be reached, rejects the credentials or has no
    /// JetStream, or if the prefix is invalid.
    pub async fn open(config: &MessagingConfig, client: &str) -> Result<Self, TransportError> {
        let nats = &config.nats;
        let names = Names::new(&nats.prefix).ok_or_else(|| {
            TransportError::rejected(format!(
                "broker.nats.prefix {:?} is invalid: use letters, digits, '-' and '_'",
                nats.prefix
            ))
        })?;
        let link = Link::open(config, client).await?;
        let context = link.publishing(config.publish_timeout.get());
        let inner = Inner {
            publications: Publications::new(context.clone(), names.clone()),
            topology: Topology::new(names.clone(), nats),
            link,
            names,
            config: nats.clone(),
            recording: Recording::default(),
            context,
            ended: EndedSessions::default(),
            publishing: TaskTracker::new(),
            groups: Mutex::default(),
            closed: AtomicBool::new(false),
        };
        inner.check().await?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }
}

impl Transport for NatsBroker {
    fn system(&self) -> &'static str {
        "nats"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let inner = &self.inner;
            inner.is_open()?;
            for plan in &topics {
                inner
                    .topology
                    .create_topic(&inner.link, &plan.topic)
                    .await?;
            }
            inner.publications.declare(topics);
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let inner = &self.inner;
            let _until_answered = inner.publishing.token();
            if inner.is_open().is_err() {
                return batch.iter().map(|_| Err(PublishError::Closed)).collect();
            }
            let publications = &inner.publications;
            publications
                .publish(&inner.link, &inner.topology, &batch)
                .await
        })
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            let inner = &self.inner;
            inner.is_open()?;
            let Inner { link, topology, .. } = &**inner;
            for topic in &plan.topics {
                topology.create_topic(link, topic).await?;
                topology.create_topic(link, &topic.dead_letters()).await?;
                topology.create_consumer(link, topic, &plan.group).await?;
            }
            inner.recording.prepare(link, topology).await?;
            if plan.order == Order::Group {
                topology.create_leases(link).await?;
            }
            let (group, topics) = (plan.group.clone(), plan.topics.clone());
            inner.groups.lock().insert(group, topics);
            let deliveries: Arc<dyn Deliveries> =
                Arc::new(NatsDeliveries::new(Arc::clone(inner), plan));
            Ok(deliveries)
        })
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let Inner { link, topology, .. } = &*self.inner;
            self.inner.is_open()?;
            let topics = self.inner.groups.lock().get(group).cloned();
            match topics {
                Some(topics) => topology.lag_of(link, group, &topics).await,
                None => topology.lag(link, group).await,
            }
        })
    }

    fn is_connected(&self) -> bool {
        self.inner.link.is_up().is_ok()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            self.inner.check().await
        })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            let Inner {
                link,
                names,
                topology,
                ..
            } = &*self.inner;
            self.inner.is_open()?;
            if !topology.exists(link, topic).await? {
                return Ok(Vec::new());
            }
            dead_letters::browse(link, names, topic, after, limit).await
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let Inner {
                link,
                names,
                topology,
                ..
            } = &*self.inner;
            self.inner.is_open()?;
            if !topology.exists(link, topic).await? {
                return Ok(0);
            }
            dead_letters::remove(link, names, topic, ids).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.inner.closed.store(true, Ordering::SeqCst);
            self.inner.publishing.close();
            self.inner.publishing.wait().await;
            let client = &self.inner.link.client;
            let closing = async {
                let _ = client.flush().await;
                let _ = client.drain().await;
            };
            let _ = time::timeout(CLOSE_TIMEOUT.get(), closing).await;
        })
    }
}

impl fmt::Debug for NatsBroker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NatsBroker")
            .field("link", &self.inner.link)
            .finish_non_exhaustive()
    }
}
