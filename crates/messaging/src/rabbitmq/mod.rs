//! RabbitMQ over AMQP 0-9-1, with one exchange, topics as routing keys and a queue per consumer
//! group.
//!
//! Publishing uses publisher confirms and the mandatory flag, so a message without a queue is an
//! error. Queues are quorum queues. Their dead-lettering uses the strategy `at-least-once`, which
//! requires the overflow `reject-publish`.
//!
//! Publishing and consuming have separate connections. A broker with low memory stops reading from
//! publishers, and consumers must still acknowledge. A background task restores a lost connection
//! and declares everything again.

mod binding_cache;
mod channels;
mod config;
mod connection;
mod dead_letters;
mod deliveries;
mod failure;
mod page;
mod publish;
mod redelivery_counts;
mod rejected_publishes;
mod topology;
mod undeclared_topics;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use channels::PublishChannel;
pub use config::{
    ExchangeType, QueueArgument, QueueConfig, QueueKind, RabbitmqConfig, RabbitmqHeaders,
};
use connection::{BrokerConnection, ConnectionSlot, Role};
use futures::future::BoxFuture;
use lapin::{options::QueueDeclareOptions, types::FieldTable};
use parking_lot::Mutex;
use rejected_publishes::RejectedPublishes;
use seaworthy_core::Timeout;
use undeclared_topics::UndeclaredQueues;

use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{Deliveries, GroupPlan, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

/// The timeout of a check, below that of a health check.
const CHECK_TIMEOUT: Timeout = Timeout::from_millis(1_500);

/// The AMQP reply code of a normal close.
const REPLY_SUCCESS: u16 = 200;

/// A RabbitMQ broker. Clones share its connections.
#[derive(Clone)]
pub struct RabbitmqBroker(Arc<Inner>);

struct Inner {
    config: RabbitmqConfig,
    publishing: ConnectionSlot,
    consuming: ConnectionSlot,
    /// The topics that allow messages without a subscription. They have no required groups, whose
    /// queues the broker may have lost.
    unroutable: Mutex<BTreeSet<Topic>>,
    /// The groups of declared topics.
    required: Mutex<BTreeMap<Topic, Vec<GroupPlan>>>,
    undeclared_queues: UndeclaredQueues,
    rejected_publishes: RejectedPublishes,
    closed: AtomicBool,
}

impl RabbitmqBroker {
    /// Connects to the broker of the settings. `client` is the name of the connection at the
    /// broker.
    ///
    /// # Errors
    /// [`TransportError`] if the broker cannot be reached, or rejects the credentials or the
    /// exchange.
    pub async fn open(config: &MessagingConfig, client: &str) -> Result<Self, TransportError> {
        let inner = Inner {
            config: config.rabbitmq.clone(),
            publishing: ConnectionSlot::new(config, client, Role::Publishing)?,
            consuming: ConnectionSlot::new(config, client, Role::Consuming)?,
            unroutable: Mutex::default(),
            required: Mutex::default(),
            undeclared_queues: UndeclaredQueues::default(),
            rejected_publishes: RejectedPublishes::default(),
            closed: AtomicBool::new(false),
        };
        inner.publishing().await?;
        Ok(Self(Arc::new(inner)))
    }
}

impl Inner {
    fn is_open(&self) -> Result<(), TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        Ok(())
    }

    /// Waits for the publishing connection, whose exchange is declared.
    async fn publishing(&self) -> Result<Arc<BrokerConnection>, TransportError> {
        self.is_open()?;
        self.publishing.connected().await
    }

    /// Returns the publishing connection if it is open.
    fn publishing_now(&self) -> Result<Arc<BrokerConnection>, TransportError> {
        self.is_open()?;
        self.publishing.current()
    }

    /// Waits for the consuming connection. Each consumer has a channel on it.
    async fn consuming(&self) -> Result<Arc<BrokerConnection>, TransportError> {
        self.is_open()?;
        self.consuming.connected().await
    }

    /// Returns the publishing connection and a channel for one batch.
    async fn publish_channel(
        &self,
    ) -> Result<(Arc<BrokerConnection>, PublishChannel), TransportError> {
        let connection = self.publishing_now()?;
        if connection.is_blocked() {
            return Err(TransportError::unavailable(
                "the broker blocks publishers because its memory or disk is low",
            ));
        }
        let channel = connection.channels.acquire(&connection).await?;
        Ok((connection, channel))
    }

    async fn publish(
        &self,
        connection: &BrokerConnection,
        channel: PublishChannel,
        batch: &[Envelope],
    ) -> Vec<Result<(), PublishError>> {
        let mut answers = Vec::with_capacity(batch.len());
        let mut sound = Vec::with_capacity(batch.len());
        for envelope in batch {
            let prepared = if envelope.topic().is_dead_letters() {
                self.undeclared_queues
                    .prepare(connection, &self.config, envelope)
                    .await
            } else {
                let bound = self.bind_groups(connection, envelope.topic()).await;
                // A rejection concerns the groups, not the message.
                let transient = |error| TransportError::unavailable(failure::cause_text(&error));
                bound.map(|()| envelope.clone()).map_err(transient)
            };
            answers.push(prepared.map(|envelope| sound.push(envelope)));
        }
        let sent = self.send(connection, channel, &sound).await;
        let mut sent = sent.into_iter().zip(&sound).map(|(answer, envelope)| {
            if matches!(answer, Err(PublishError::Unroutable { .. })) {
                // The queue was deleted. The next attempt declares it again.
                connection.stores.lock().remove(envelope.topic());
                connection.bound.lock().remove(envelope.topic());
            }
            answer
        });
        let missing = || Err(PublishError::unavailable("the message was not sent"));
        answers
            .into_iter()
            .map(|prepared| match prepared {
                Ok(()) => sent.next().unwrap_or_else(missing),
                Err(error) => Err(error.into()),
            })
            .collect()
    }

    /// Records the groups of a topic, so that each connection creates them.
    fn require(&self, connection: &BrokerConnection, plan: &TopicPlan) {
        let mut required = self.required.lock();
        let groups = required.entry(plan.topic.clone()).or_default();
        for group in &plan.groups {
            if !groups.contains(group) {
                groups.push(group.clone());
                connection.bound.lock().remove(&plan.topic);
            }
        }
    }

    fn has_groups(&self, topic: &Topic) -> bool {
        let required = self.required.lock();
        required.get(topic).is_some_and(|groups| !groups.is_empty())
    }

    /// Creates the groups of a declared topic, once per connection and at intervals: the broker may
    /// have lost them.
    async fn bind_groups(
        &self,
        connection: &BrokerConnection,
        topic: &Topic,
    ) -> Result<(), TransportError> {
        let begun = {
            let bound = connection.bound.lock();
            if bound.contains(topic, Instant::now()) {
                return Ok(());
            }
            bound.generation()
        };
        let groups = self.required.lock().get(topic).cloned();
        if let Some(groups) = groups.filter(|groups| !groups.is_empty()) {
            topology::required_groups(connection, &self.config, topic, &groups).await?;
        }
        let mut bound = connection.bound.lock();
        bound.insert(topic.clone(), begun, Instant::now());
        Ok(())
    }

    fn target<'a>(&'a self, envelope: &'a Envelope) -> Target<'a> {
        let topic = envelope.topic();
        // The default exchange routes dead letters and messages for one group to a queue by name.
        if topic.is_dead_letters() {
            return Target {
                exchange: "",
                routing_key: topic.as_str(),
                mandatory: true,
            };
        }
        match envelope.recipient() {
            Some(group) => Target {
                exchange: "",
                routing_key: group.as_str(),
                mandatory: true,
            },
            None => Target {
                exchange: &self.config.exchange,
                routing_key: topic.as_str(),
                mandatory: !self.unroutable.lock().contains(topic),
            },
        }
    }
}

struct Target<'a> {
    exchange: &'a str,
    routing_key: &'a str,
    mandatory: bool,
}

impl Transport for RabbitmqBroker {
    fn system(&self) -> &'static str {
        "rabbitmq"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let (inner, connection) = (&self.0, self.0.publishing().await?);
            for plan in topics {
                inner.require(&connection, &plan);
                let binding = inner.bind_groups(&connection, &plan.topic);
                let limit = inner.config.connect_timeout;
                inner.publishing.await_reply(limit, binding).await?;
                if inner.has_groups(&plan.topic) {
                    inner.unroutable.lock().remove(&plan.topic);
                } else if plan.allows_unroutable {
                    inner.unroutable.lock().insert(plan.topic);
                }
            }
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let (inner, count) = (Arc::clone(&self.0), batch.len());
            // A caller that stops waiting for a channel publishes nothing. Once sent, a batch ends
            // even if the caller does not wait for it, because its channel is usable after its last
            // confirm.
            let answers = match inner.publish_channel().await {
                Ok((connection, channel)) => {
                    let publishing =
                        async move { inner.publish(&connection, channel, &batch).await };
                    let answers = tokio::spawn(publishing).await;
                    answers.map_err(TransportError::unavailable)
                }
                Err(error) => Err(error),
            };
            match answers {
                Ok(answers) => answers,
                Err(TransportError::Closed) => {
                    (0..count).map(|_| Err(PublishError::Closed)).collect()
                }
                Err(error) => {
                    let text = failure::cause_text(&error);
                    let failed = |_| Err(PublishError::unavailable(text.clone()));
                    (0..count).map(failed).collect()
                }
            }
        })
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            let connection = self.0.consuming().await?;
            let opening = deliveries::RabbitmqDeliveries::open(connection, &self.0.config, plan);
            let limit = self.0.config.connect_timeout;
            let opened = self.0.consuming.await_reply(limit, opening).await?;
            let deliveries: Arc<dyn Deliveries> = Arc::new(opened);
            Ok(deliveries)
        })
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let channel = self.0.consuming().await?.new_channel().await?;
            let options = QueueDeclareOptions {
                passive: true,
                ..QueueDeclareOptions::default()
            };
            let queue = channel
                .queue_declare(group.as_str().into(), options, FieldTable::default())
                .await
                .map_err(failure::transport_error)?;
            Ok(queue.message_count().into())
        })
    }

    fn is_connected(&self) -> bool {
        // After a close, `publish` returns the error.
        !matches!(self.0.publishing_now(), Err(TransportError::Unavailable(_)))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let connection = self.0.publishing_now()?;
            if connection.is_blocked() {
                return Err(TransportError::unavailable(
                    "the broker blocks publishers because its memory or disk is low",
                ));
            }
            // A rejected declaration closes its channel, which must not be the publishing one.
            let check = async {
                let channel = connection.new_channel().await?;
                topology::exchanges(&channel, &self.0.config).await?;
                let closed = channel.close(REPLY_SUCCESS, "checked".into());
                closed.await.map_err(failure::transport_error)
            };
            self.0.publishing.await_reply(CHECK_TIMEOUT, check).await
        })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            let connection = self.0.consuming().await?;
            let config = self.0.config.clone();
            dead_letters::browse(connection, config, topic.clone(), after.cloned(), limit).await
        })
    }

    fn has_dead_letters<'a>(
        &'a self,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move {
            let connection = self.0.consuming().await?;
            dead_letters::exists(&connection, topic).await
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let connection = self.0.consuming().await?;
            let config = self.0.config.clone();
            let ids = ids.iter().cloned().collect();
            dead_letters::remove(connection, config, topic.clone(), ids).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.0.closed.store(true, Ordering::SeqCst);
            self.0.publishing.close().await;
            self.0.consuming.close().await;
        })
    }
}
