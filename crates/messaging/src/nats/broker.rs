use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::jetstream::Context;
use futures::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use seaworthy_core::{RotationAttempts, Secret, Timeout, error_chain};
use serde::Deserialize;
use serde_json::Value;
use tokio::time;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    config::NatsConfig, connection::BrokerConnection, dead_letters, deliveries::NatsDeliveries,
    group_lease::EndedSessions, names::Names, publications::Publications,
    redelivery_counts::Recording, topology::Topology,
};
use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{
        Deliveries, GroupPlan, Order, SubscriptionPlan, TopicPlan, Transport, TransportError,
    },
};

/// Maximum time of a close. A slow server must not delay the stop.
const CLOSE_TIMEOUT: Timeout = Timeout::from_secs(2);
/// How often a connection checks whether its password was rotated.
const PASSWORD_POLL_INTERVAL: Duration = Duration::from_secs(2);

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
    current: Arc<RwLock<Arc<Inner>>>,
    /// Ends the task that follows the password.
    _ended: Arc<DropGuard>,
}

/// One connection, and the state that all connections of the broker share.
pub(super) struct Inner {
    pub(super) connection: BrokerConnection,
    pub(super) context: Context,
    /// Cancelled when a connection with a newer password replaces this one.
    pub(super) superseded: CancellationToken,
    pub(super) names: Names,
    pub(super) config: NatsConfig,
    pub(super) ended: EndedSessions,
    pub(super) topology: Arc<Topology>,
    pub(super) recording: Arc<Recording>,
    publications: Arc<Publications>,
    publishing: TaskTracker,
    /// The topics of the groups of this process.
    groups: Arc<Mutex<BTreeMap<GroupName, Vec<Topic>>>>,
    closed: Arc<AtomicBool>,
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

    /// Returns the same broker over another connection.
    fn over(&self, connection: BrokerConnection, publish_timeout: Timeout) -> Self {
        Self {
            context: connection.publishing(publish_timeout.get()),
            connection,
            superseded: CancellationToken::new(),
            names: self.names.clone(),
            config: self.config.clone(),
            ended: Arc::clone(&self.ended),
            topology: Arc::clone(&self.topology),
            recording: Arc::clone(&self.recording),
            publications: Arc::clone(&self.publications),
            publishing: self.publishing.clone(),
            groups: Arc::clone(&self.groups),
            closed: Arc::clone(&self.closed),
        }
    }

    async fn check(&self) -> Result<(), TransportError> {
        self.connection
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
        // Read before connecting: if the password rotates meanwhile, a new connection follows.
        let version = password_version(config);
        let connection = BrokerConnection::open(config, client).await?;
        let inner = Inner {
            context: connection.publishing(config.publish_timeout.get()),
            connection,
            superseded: CancellationToken::new(),
            publications: Arc::new(Publications::new(names.clone())),
            topology: Arc::new(Topology::new(names.clone(), nats)),
            names,
            config: nats.clone(),
            recording: Arc::default(),
            ended: EndedSessions::default(),
            publishing: TaskTracker::new(),
            groups: Arc::default(),
            closed: Arc::default(),
        };
        inner.check().await?;
        let current = Arc::new(RwLock::new(Arc::new(inner)));
        let ended = CancellationToken::new();
        if config.password.is_some() {
            let (config, client) = (config.clone(), client.to_owned());
            let (followed, ends) = (Arc::downgrade(&current), ended.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = follow_password(followed, config, client, version) => {}
                    () = ends.cancelled() => {}
                }
            });
        }
        Ok(Self {
            current,
            _ended: Arc::new(ended.drop_guard()),
        })
    }

    fn current(&self) -> Arc<Inner> {
        Arc::clone(&self.current.read())
    }
}

fn password_version(config: &MessagingConfig) -> u64 {
    config.password.as_ref().map_or(0, Secret::version)
}

/// Replaces the connection after its password was rotated (CONF-5). The connection stays until the
/// server accepts the new password. It closes when its last session and publication have ended.
async fn follow_password(
    broker: Weak<RwLock<Arc<Inner>>>,
    config: MessagingConfig,
    client: String,
    mut version: u64,
) {
    let mut attempts = RotationAttempts::default();
    loop {
        time::sleep(PASSWORD_POLL_INTERVAL).await;
        let newest = password_version(&config);
        if newest == version || !attempts.is_due(newest, time::Instant::now().into_std()) {
            continue;
        }
        let opened = BrokerConnection::open(&config, &client).await;
        let Some(broker) = broker.upgrade() else {
            return;
        };
        let old = Arc::clone(&broker.read());
        if old.is_open().is_err() {
            return;
        }
        match opened {
            Ok(connection) => {
                version = newest;
                *broker.write() = Arc::new(old.over(connection, config.publish_timeout));
                old.superseded.cancel();
            }
            Err(error) => {
                if attempts.record_failure(newest, time::Instant::now().into_std()) {
                    tracing::warn!(
                        problem = error_chain(&error),
                        "no connection with the rotated password can be opened, so the other one stays open"
                    );
                }
            }
        }
    }
}

impl Transport for NatsBroker {
    fn system(&self) -> &'static str {
        "nats"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let inner = self.current();
            inner.is_open()?;
            let Inner {
                connection,
                topology,
                ..
            } = &*inner;
            for TopicPlan { topic, groups, .. } in &topics {
                topology.create_topic(connection, topic).await?;
                for GroupPlan { group, .. } in groups {
                    // A repeated creation would change the `ack_wait` of a group with other
                    // settings. If a member creates the group between both requests, it restores
                    // its `ack_wait`.
                    if !topology.has_group(connection, topic, Some(group)).await? {
                        topology.create_consumer(connection, topic, group).await?;
                    }
                }
            }
            inner.publications.declare(topics);
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let inner = self.current();
            let _until_answered = inner.publishing.token();
            if inner.is_open().is_err() {
                return batch.iter().map(|_| Err(PublishError::Closed)).collect();
            }
            let publications = &inner.publications;
            let clients = (&inner.connection, &inner.context);
            publications.publish(clients, &inner.topology, &batch).await
        })
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            let inner = self.current();
            inner.is_open()?;
            let Inner {
                connection,
                topology,
                ..
            } = &*inner;
            for topic in &plan.topics {
                topology.create_topic(connection, topic).await?;
                topology
                    .create_topic(connection, &topic.dead_letters())
                    .await?;
                topology
                    .create_consumer(connection, topic, &plan.group)
                    .await?;
            }
            inner.recording.prepare(connection, topology).await?;
            if plan.order == Order::Group {
                topology.create_leases(connection).await?;
            }
            let (group, topics) = (plan.group.clone(), plan.topics.clone());
            inner.groups.lock().insert(group, topics);
            let deliveries: Arc<dyn Deliveries> =
                Arc::new(NatsDeliveries::new(Arc::clone(&inner), plan));
            Ok(deliveries)
        })
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let inner = self.current();
            let Inner {
                connection,
                topology,
                ..
            } = &*inner;
            inner.is_open()?;
            let topics = inner.groups.lock().get(group).cloned();
            match topics {
                Some(topics) => topology.lag_of(connection, group, &topics).await,
                None => topology.lag(connection, group).await,
            }
        })
    }

    fn is_connected(&self) -> bool {
        self.current().connection.is_up().is_ok()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let inner = self.current();
            inner.is_open()?;
            inner.check().await
        })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            let inner = self.current();
            let Inner {
                connection,
                names,
                topology,
                ..
            } = &*inner;
            inner.is_open()?;
            if !topology.exists(connection, topic).await? {
                return Ok(Vec::new());
            }
            dead_letters::browse(connection, names, topic, after, limit).await
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let inner = self.current();
            let Inner {
                connection,
                names,
                topology,
                ..
            } = &*inner;
            inner.is_open()?;
            if !topology.exists(connection, topic).await? {
                return Ok(0);
            }
            dead_letters::remove(connection, names, topic, ids).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let inner = self.current();
            inner.closed.store(true, Ordering::SeqCst);
            inner.publishing.close();
            inner.publishing.wait().await;
            let client = &inner.connection.client;
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
            .field("connection", &self.current().connection)
            .finish_non_exhaustive()
    }
}
