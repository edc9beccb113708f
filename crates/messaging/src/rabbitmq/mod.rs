//! RabbitMQ by AMQP 0-9-1: one exchange, topics as routing keys, a queue per group.
//!
//! What its defaults would lose is switched on: publisher confirms; `mandatory`, so that a message without a queue is an error; quorum queues; and for what the broker itself
//! gives up, dead-lettering with the strategy `at-least-once` and the overflow `reject-publish`, which the strategy needs. Connections are
//! one for publishing and one for consuming, because a broker short of memory stops reading from publishers and must still hear acknowledgements. A lost
//! connection is made again by a task of its own, and what the broker has forgotten is declared again.

mod channels;
mod config;
mod connection;
mod dead_letters;
mod deliveries;
mod page;
mod publish;
mod returns;
mod suspects;
mod topology;
mod unplanned;
mod wire;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

pub use config::{
    ExchangeType, QueueArgument, QueueConfig, QueueKind, RabbitmqConfig, RabbitmqHeaders,
};
use connection::{Link, Role, Slot};
use futures::future::BoxFuture;
use lapin::{options::QueueDeclareOptions, types::FieldTable};
use parking_lot::Mutex;
use seaworthy_core::Timeout;
use suspects::Suspects;
use unplanned::UnplannedQueues;

use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{Deliveries, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

/// Below the time that a health check has.
const CHECK_TIMEOUT: Timeout = Timeout::from_millis(1_500);

/// AMQP: everything went well.
const REPLY_SUCCESS: u16 = 200;

/// A broker of RabbitMQ.
#[derive(Clone)]
pub struct RabbitmqBroker(Arc<Inner>);

struct Inner {
    config: RabbitmqConfig,
    publishing: Slot,
    consuming: Slot,
    unheard: Mutex<BTreeSet<Topic>>,
    unplanned: UnplannedQueues,
    suspects: Suspects,
    closed: AtomicBool,
}

impl RabbitmqBroker {
    /// Connects to the broker that the settings name; `client` is what it shows as the name of the connection.
    ///
    /// # Errors
    /// [`TransportError`] when it cannot be reached, or refuses the credentials or the exchange.
    pub async fn open(config: &MessagingConfig, client: &str) -> Result<Self, TransportError> {
        let inner = Inner {
            config: config.rabbitmq.clone(),
            publishing: Slot::new(config, client, Role::Publishing)?,
            consuming: Slot::new(config, client, Role::Consuming)?,
            unheard: Mutex::default(),
            unplanned: UnplannedQueues::default(),
            suspects: Suspects::default(),
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

    /// The link on which is published, with its exchange declared.
    async fn publishing(&self) -> Result<Arc<Link>, TransportError> {
        self.is_open()?;
        self.publishing.made_link().await
    }

    /// The same, if it is there now.
    fn publishing_now(&self) -> Result<Arc<Link>, TransportError> {
        self.is_open()?;
        self.publishing.link()
    }

    /// The link of which consumers have a channel each.
    async fn consuming(&self) -> Result<Arc<Link>, TransportError> {
        self.is_open()?;
        self.consuming.made_link().await
    }

    async fn publish(
        &self,
        batch: &[Envelope],
    ) -> Result<Vec<Result<(), PublishError>>, TransportError> {
        let link = self.publishing_now()?;
        if link.is_blocked() {
            return Err(TransportError::unavailable(
                "the broker is short of memory or disk and takes no messages",
            ));
        }
        let mut answers = Vec::with_capacity(batch.len());
        let mut sound = Vec::with_capacity(batch.len());
        for envelope in batch {
            let prepared = if envelope.topic().is_dead_letters() {
                self.unplanned.prepare(&link, &self.config, envelope).await
            } else {
                Ok(envelope.clone())
            };
            answers.push(prepared.map(|envelope| sound.push(envelope)));
        }
        let sent = self.send(&link, &sound).await;
        let mut sent = sent.into_iter().zip(&sound).map(|(answer, envelope)| {
            if matches!(answer, Err(PublishError::Unroutable { .. })) {
                // The queue was deleted: the next attempt declares it.
                link.stores.lock().remove(envelope.topic());
            }
            answer
        });
        let missing = || Err(PublishError::unavailable("the message was not sent"));
        Ok(answers
            .into_iter()
            .map(|prepared| match prepared {
                Ok(()) => sent.next().unwrap_or_else(missing),
                Err(error) => Err(error.into()),
            })
            .collect())
    }

    fn target<'a>(&'a self, envelope: &'a Envelope) -> Target<'a> {
        let topic = envelope.topic();
        // Dead letters, and what is for one group, go straight into their queue by the default exchange.
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
                mandatory: !self.unheard.lock().contains(topic),
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
            let link = self.0.publishing().await?;
            drop(link);
            let unheard = topics
                .into_iter()
                .filter(|plan| plan.allows_unroutable);
            self.0.unheard.lock().extend(unheard.map(|plan| plan.topic));
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let (inner, count) = (Arc::clone(&self.0), batch.len());
            // A batch ends even if the caller does not wait for it: its channel is usable again
            // after the last confirm.
            let publishing = tokio::spawn(async move { inner.publish(&batch).await });
            let answers = publishing.await.map_err(TransportError::unavailable);
            match answers.flatten() {
                Ok(answers) => answers,
                Err(TransportError::Closed) => {
                    (0..count).map(|_| Err(PublishError::Closed)).collect()
                }
                Err(error) => {
                    let text = connection::explain(&error);
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
            let link = self.0.consuming().await?;
            let opening = deliveries::RabbitmqDeliveries::open(link, &self.0.config, plan);
            let limit = self.0.config.connect_timeout;
            let opened = self.0.consuming.answer(limit, opening).await?;
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
                .map_err(connection::failure)?;
            Ok(queue.message_count().into())
        })
    }

    fn is_connected(&self) -> bool {
        // What was closed is for `publish` to tell.
        !matches!(self.0.publishing_now(), Err(TransportError::Unavailable(_)))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let link = self.0.publishing_now()?;
            if link.is_blocked() {
                return Err(TransportError::unavailable(
                    "the broker is short of memory or disk",
                ));
            }
            // A refused declaration closes its channel, which must not be the publishing one.
            let asked = async {
                let channel = link.new_channel().await?;
                topology::exchanges(&channel, &self.0.config).await?;
                let closed = channel.close(REPLY_SUCCESS, "checked".into());
                closed.await.map_err(connection::failure)
            };
            self.0.publishing.answer(CHECK_TIMEOUT, asked).await
        })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            let link = self.0.consuming().await?;
            let config = self.0.config.clone();
            dead_letters::browse(link, config, topic.clone(), after.cloned(), limit).await
        })
    }

    fn has_dead_letters<'a>(
        &'a self,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move {
            let link = self.0.consuming().await?;
            dead_letters::exists(&link, topic).await
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let link = self.0.consuming().await?;
            let config = self.0.config.clone();
            let ids = ids.iter().cloned().collect();
            dead_letters::remove(link, config, topic.clone(), ids).await
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
