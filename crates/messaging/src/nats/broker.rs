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
    config::NatsConfig, dead_letters, deliveries::NatsDeliveries, link::Link, names::Names,
    publications::Publications, topology::Topology, turn::Ended,
};
use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{Deliveries, Order, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

/// Closing politely is worth little more than closing.
const CLOSE_TIMEOUT: Timeout = Timeout::from_secs(2);

/// A server, or a cluster, of NATS with JetStream.
#[derive(Clone)]
pub struct NatsBroker {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) link: Link,
    pub(super) names: Names,
    pub(super) config: NatsConfig,
    pub(super) context: Context,
    pub(super) ended: Ended,
    pub(super) topology: Topology,
    publications: Publications,
    publishing: TaskTracker,
    /// The topics of the groups that were opened here.
    groups: Mutex<BTreeMap<GroupName, Vec<Topic>>>,
    closed: AtomicBool,
}

/// That JetStream answers.
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
            .ask::<Account>("INFO", &Value::Null)
            .await
            .map(drop)
            .map_err(TransportError::from)
    }
}

impl NatsBroker {
    /// Connects to the server that the settings name; `client` is what it shows as the name of the connection.
    ///
    /// # Errors
    /// [`TransportError`] when it cannot be reached, refuses the credentials, or has no JetStream, and when the prefix cannot be one.
    pub async fn open(config: &MessagingConfig, client: &str) -> Result<Self, TransportError> {
        let nats = &config.nats;
        let names = Names::new(&nats.prefix).ok_or_else(|| {
            TransportError::refused(format!(
                "nats.prefix is {:?}, but has letters, digits, - and _ alone",
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
            context,
            ended: Ended::default(),
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
                inner.topology.topic(&inner.link, &plan.topic).await?;
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
                topology.topic(link, topic).await?;
                topology.topic(link, &topic.dead_letters()).await?;
                topology.consumer(link, topic, &plan.group).await?;
            }
            topology.returns(link).await?;
            if plan.order == Order::Group {
                topology.turns(link).await?;
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
