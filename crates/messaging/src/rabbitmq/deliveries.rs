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
    config::{RabbitmqConfig, RabbitmqHeaders},
    connection::{Link, failure},
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
    consumer: tokio::sync::Mutex<Consumer>,
    tag: ShortString,
    named: RabbitmqHeaders,
    fallback: Topic,
    /// What was handed out and not acknowledged.
    outstanding: Mutex<BTreeSet<u64>>,
    stopped: AtomicBool,
    _link: Arc<Link>,
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
        let fallback = plan.topics.into_iter().next();
        let fallback =
            fallback.ok_or_else(|| TransportError::refused("the group has no topics"))?;
        Ok(Self {
            channel,
            tag: consumer.tag(),
            consumer: tokio::sync::Mutex::new(consumer),
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
            let mut consumer = self.consumer.lock().await;
            let ended = || TransportError::unavailable("the broker has ended the subscription");
            let first = consumer.next().await.ok_or_else(ended)?;
            let mut batch = vec![self.delivery(first.map_err(failure)?)];
            // What has come already is handed out with it.
            while let Some(Some(Ok(more))) = consumer.next().now_or_never() {
                batch.push(self.delivery(more));
            }
            Ok(batch)
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
        drop(tags);
        Box::pin(std::future::ready(Ok(())))
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.stopped.store(true, Ordering::SeqCst);
            let cancel = self
                .channel
                .basic_cancel(self.tag.clone(), BasicCancelOptions::default());
            cancel.await.map_err(failure)
        })
    }
}
