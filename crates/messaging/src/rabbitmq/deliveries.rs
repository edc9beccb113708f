use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use lapin::{
    Channel, Consumer,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::{FieldTable, ShortString},
};
use parking_lot::Mutex;

use super::{
    config::{QueueKind, RabbitmqConfig, RabbitmqHeaders},
    connection::{Link, failure},
    stops::Stops,
    topology, wire,
};
use crate::{
    Topic,
    transport::{Deliveries, Delivery, DeliveryTag, SubscriptionPlan, TransportError},
};

/// One member of a group: a channel with one consumer.
///
/// What is given back returns when the session ends, by the end of its channel: all of it at once, which is the only way in which the broker keeps its order.
pub(super) struct RabbitmqDeliveries {
    channel: Channel,
    arriving: tokio::sync::Mutex<Arriving>,
    tag: ShortString,
    /// `None` if the broker does not count returns, or if its returns cannot be distinguished.
    stops: Option<Stops>,
    /// Whether the stop of this session is recorded.
    is_recorded: AtomicBool,
    named: RabbitmqHeaders,
    fallback: Topic,
    /// What was handed out and not acknowledged.
    outstanding: Mutex<BTreeSet<u64>>,
    stopped: AtomicBool,
    _link: Arc<Link>,
}

/// Incoming deliveries, and those that are not passed on.
struct Arriving {
    consumer: Consumer,
    unseen: Vec<Delivery>,
}

impl RabbitmqDeliveries {
    pub(super) async fn open(
        link: Arc<Link>,
        config: &RabbitmqConfig,
        plan: SubscriptionPlan,
    ) -> Result<Self, TransportError> {
        let channel = link.new_channel().await?;
        topology::subscription(&channel, config, &plan).await?;
        channel
            .basic_qos(plan.prefetch.get(), BasicQosOptions::default())
            .await
            .map_err(failure)?;
        let consumer = channel
            .basic_consume(
                plan.group.as_str().into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(failure)?;
        let stops = match config.queue(plan.group.as_str()).kind {
            QueueKind::Quorum => Stops::open(&link, &plan.group).await,
            QueueKind::Classic => None,
        };
        let fallback = plan.topics.into_iter().next();
        let fallback =
            fallback.ok_or_else(|| TransportError::refused("the group has no topics"))?;
        Ok(Self {
            channel,
            tag: consumer.tag(),
            arriving: tokio::sync::Mutex::new(Arriving {
                consumer,
                unseen: Vec::new(),
            }),
            stops,
            is_recorded: AtomicBool::new(false),
            named: config.headers.clone(),
            fallback,
            outstanding: Mutex::default(),
            stopped: AtomicBool::new(false),
            _link: link,
        })
    }

    fn delivery(&self, mut came: lapin::message::Delivery) -> Delivery {
        let (envelope, problem) = wire::envelope(&mut came, &self.named, &self.fallback);
        self.outstanding.lock().insert(came.delivery_tag);
        Delivery {
            tag: DeliveryTag(came.delivery_tag),
            count: wire::deliveries(&came),
            envelope,
            problem,
        }
    }

    /// Subtracts the returns of stops from the deliveries that the broker has counted.
    async fn count(&self, unseen: &mut [Delivery]) {
        let Some(stops) = &self.stops else { return };
        if unseen.iter().all(|delivery| delivery.count <= 1) {
            return;
        }
        let stops = stops.count().await;
        for delivery in unseen {
            delivery.count = delivery.count.saturating_sub(stops).max(1);
        }
    }

    /// Records the stop once, ahead of returning its messages.
    async fn record_stop(&self) {
        if let Some(stops) = &self.stops
            && self.stopped.load(Ordering::SeqCst)
            && !self.is_recorded.swap(true, Ordering::SeqCst)
        {
            stops.record().await;
        }
    }

    /// Single acknowledgements, after one for all up to the first that is still outstanding.
    fn acknowledgements(&self, tags: Vec<DeliveryTag>) -> Vec<(u64, bool)> {
        let mut tags: Vec<u64> = tags.into_iter().map(|tag| tag.0).collect();
        tags.sort_unstable();
        let mut outstanding = self.outstanding.lock();
        for tag in &tags {
            outstanding.remove(tag);
        }
        let first = outstanding.first().copied().unwrap_or(u64::MAX);
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
            let mut arriving = self.arriving.lock().await;
            let Arriving { consumer, unseen } = &mut *arriving;
            if unseen.is_empty() {
                let ended = || TransportError::unavailable("the broker has ended the subscription");
                let first = consumer.next().await.ok_or_else(ended)?;
                unseen.push(self.delivery(first.map_err(failure)?));
                // Pass on deliveries that have arrived in the meantime.
                while let Some(Some(Ok(more))) = consumer.next().now_or_never() {
                    unseen.push(self.delivery(more));
                }
            }
            self.count(unseen).await;
            Ok(std::mem::take(unseen))
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            for (tag, multiple) in self.acknowledgements(tags) {
                let options = BasicAckOptions { multiple };
                self.channel
                    .basic_ack(tag, options)
                    .await
                    .map_err(failure)?;
            }
            Ok(())
        })
    }

    fn give_back(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            if !tags.is_empty() {
                self.record_stop().await;
            }
            Ok(())
        })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.stopped.store(true, Ordering::SeqCst);
            let cancel = self
                .channel
                .basic_cancel(self.tag.clone(), BasicCancelOptions::default());
            cancel.await.map_err(failure)?;
            let mut arriving = self.arriving.lock().await;
            let Arriving { consumer, unseen } = &mut *arriving;
            while let Some(Some(Ok(more))) = consumer.next().now_or_never() {
                unseen.push(self.delivery(more));
            }
            if !unseen.is_empty() {
                self.record_stop().await;
            }
            Ok(())
        })
    }
}
