use std::{collections::BTreeMap, sync::Arc};

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use lapin::{
    Channel, Consumer,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
    },
    types::{FieldTable, ShortString},
};
use parking_lot::Mutex;

use super::{
    config::{QueueKind, RabbitmqConfig, RabbitmqHeaders},
    connection::BrokerConnection,
    failure::transport_error,
    redelivery_counts::RedeliveryCounts,
    topology, wire,
};
use crate::{
    MessageId, Topic,
    transport::{Deliveries, Delivery, DeliveryTag, SubscriptionPlan, TransportError},
};

/// One member of a group, with a channel and one consumer.
///
/// Released messages return to the queue when the channel of the session ends. Only this way does
/// the broker keep their order.
pub(super) struct RabbitmqDeliveries {
    channel: Channel,
    incoming: tokio::sync::Mutex<Incoming>,
    tag: ShortString,
    /// `None` if the broker does not count returns, or if returns cannot be recorded.
    redelivery_counts: Option<RedeliveryCounts>,
    named: RabbitmqHeaders,
    fallback: Topic,
    /// Whether settings bind the group instead of its topics.
    has_own_bindings: bool,
    /// The deliveries without an acknowledgement, by tag.
    outstanding: Mutex<BTreeMap<u64, MessageId>>,
    connection: Arc<BrokerConnection>,
}

/// The consumer, and the deliveries that [`next`](Deliveries::next) has not returned.
struct Incoming {
    consumer: Consumer,
    buffered: Vec<Delivery>,
}

impl RabbitmqDeliveries {
    pub(super) async fn open(
        connection: Arc<BrokerConnection>,
        config: &RabbitmqConfig,
        plan: SubscriptionPlan,
    ) -> Result<Self, TransportError> {
        let kind = topology::subscription(&connection, config, &plan).await?;
        let channel = connection.new_channel().await?;
        channel
            .basic_qos(plan.prefetch.get(), BasicQosOptions::default())
            .await
            .map_err(transport_error)?;
        let consumer = channel
            .basic_consume(
                plan.group.as_str().into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(transport_error)?;
        let redelivery_counts = match kind {
            QueueKind::Quorum => RedeliveryCounts::open(&connection, &plan.group).await,
            QueueKind::Classic => None,
        };
        let has_own_bindings = !config.queue(plan.group.as_str()).bindings.is_empty();
        let fallback = plan.topics.into_iter().next();
        let fallback =
            fallback.ok_or_else(|| TransportError::rejected("the group has no topics"))?;
        Ok(Self {
            channel,
            tag: consumer.tag(),
            incoming: tokio::sync::Mutex::new(Incoming {
                consumer,
                buffered: Vec::new(),
            }),
            redelivery_counts,
            named: config.headers.clone(),
            fallback,
            has_own_bindings,
            outstanding: Mutex::default(),
            connection,
        })
    }

    fn delivery(&self, mut delivery: lapin::message::Delivery) -> Delivery {
        let (envelope, problem) = wire::envelope(&mut delivery, &self.named, &self.fallback);
        let id = envelope.id().clone();
        self.outstanding.lock().insert(delivery.delivery_tag, id);
        Delivery {
            tag: DeliveryTag(delivery.delivery_tag),
            count: wire::deliveries(&delivery),
            envelope,
            problem,
            position: None,
        }
    }

    /// Ends the subscription. The deliveries that have arrived are buffered.
    async fn cancelled(&self) -> Result<tokio::sync::MutexGuard<'_, Incoming>, TransportError> {
        let cancel = self
            .channel
            .basic_cancel(self.tag.clone(), BasicCancelOptions::default());
        cancel.await.map_err(transport_error)?;
        let mut incoming = self.incoming.lock().await;
        let Incoming { consumer, buffered } = &mut *incoming;
        while let Some(Some(Ok(more))) = consumer.next().now_or_never() {
            buffered.push(self.delivery(more));
        }
        Ok(incoming)
    }

    /// Subtracts the returns of each message from the deliveries that the broker has counted.
    async fn count(&self, buffered: &mut [Delivery]) {
        let Some(redelivery_counts) = &self.redelivery_counts else {
            return;
        };
        let redelivered = buffered.iter().filter(|delivery| delivery.count > 1);
        let ids: Vec<_> = redelivered.map(|delivery| delivery.envelope.id()).collect();
        if ids.is_empty() {
            return;
        }
        let counts = redelivery_counts
            .count(&self.connection, ids.into_iter())
            .await;
        for delivery in buffered {
            let returned = counts.get(delivery.envelope.id()).copied();
            let count = delivery.count.saturating_sub(returned.unwrap_or_default());
            delivery.count = count.max(1);
        }
    }

    /// Records that these messages return to the queue when the session ends.
    async fn record_returns(&self, ids: &[MessageId]) {
        if let Some(redelivery_counts) = &self.redelivery_counts {
            redelivery_counts.record(ids).await;
        }
    }

    /// Returns one acknowledgement for all tags below the first outstanding one, and single ones
    /// for the others.
    fn acknowledgements(&self, tags: Vec<DeliveryTag>) -> Vec<(u64, bool)> {
        let mut tags: Vec<u64> = tags.into_iter().map(|tag| tag.0).collect();
        tags.sort_unstable();
        let mut outstanding = self.outstanding.lock();
        for tag in &tags {
            outstanding.remove(tag);
        }
        let first = outstanding.keys().next().copied().unwrap_or(u64::MAX);
        let together = tags.partition_point(|tag| *tag < first);
        let (together, single) = tags.split_at(together);
        let together = together.last().map(|last| (*last, true));
        let single = single.iter().map(|tag| (*tag, false));
        together.into_iter().chain(single).collect()
    }
}

impl Deliveries for RabbitmqDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            let mut incoming = self.incoming.lock().await;
            let Incoming { consumer, buffered } = &mut *incoming;
            if buffered.is_empty() {
                let ended = || TransportError::unavailable("the broker has ended the subscription");
                let first = consumer.next().await.ok_or_else(ended)?;
                buffered.push(self.delivery(first.map_err(transport_error)?));
                // Pass on deliveries that have arrived in the meantime.
                while let Some(Some(Ok(more))) = consumer.next().now_or_never() {
                    buffered.push(self.delivery(more));
                }
            }
            self.count(buffered).await;
            Ok(std::mem::take(buffered))
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            for (tag, multiple) in self.acknowledgements(tags) {
                let options = BasicAckOptions { multiple };
                self.channel
                    .basic_ack(tag, options)
                    .await
                    .map_err(transport_error)?;
            }
            Ok(())
        })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let ids: Vec<_> = {
                let outstanding = self.outstanding.lock();
                let ids = tags.iter().filter_map(|tag| outstanding.get(&tag.0));
                ids.cloned().collect()
            };
            self.record_returns(&ids).await;
            Ok(())
        })
    }

    fn returns_new_topics(&self) -> bool {
        !self.has_own_bindings
    }

    fn postpone(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.release(tags.clone()).await?;
            self.nack(tags).await
        })
    }

    fn nack(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            for tag in tags {
                self.outstanding.lock().remove(&tag.0);
                // The broker counts it, so its own limit of deliveries ends the redeliveries.
                let options = BasicNackOptions {
                    requeue: true,
                    ..BasicNackOptions::default()
                };
                let nacked = self.channel.basic_nack(tag.0, options);
                nacked.await.map_err(transport_error)?;
            }
            Ok(())
        })
    }

    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.connection.superseded())
    }

    fn drain(&self) -> BoxFuture<'_, Result<Option<Vec<Delivery>>, TransportError>> {
        Box::pin(async move {
            let mut incoming = self.cancelled().await?;
            let Incoming { buffered, .. } = &mut *incoming;
            self.count(buffered).await;
            Ok(Some(std::mem::take(buffered)))
        })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let incoming = self.cancelled().await?;
            let Incoming { buffered, .. } = &*incoming;
            let ids: Vec<_> = buffered
                .iter()
                .map(|delivery| delivery.envelope.id().clone())
                .collect();
            self.record_returns(&ids).await;
            Ok(())
        })
    }
}
