use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    broker::Inner,
    connection::connection_lost_error,
    group_lease::GroupLease,
    in_flight::UnsettledMessage,
    pull::Arrival,
    redelivery_counts::RedeliveryCounts,
    session::{Arrivals, RETURN, Session},
};
use crate::transport::{
    Deliveries, Delivery, DeliveryTag, Order, SubscriptionPlan, TransportError,
};

/// The reply that acknowledges a message.
const ACKNOWLEDGE: &str = "+ACK";
/// The reply that marks a message as in progress.
const EXTEND: &str = "+WPI";

/// One member of a group.
pub(super) struct NatsDeliveries {
    session: Arc<Session>,
    arrivals: tokio::sync::Mutex<Arrivals>,
}

impl NatsDeliveries {
    pub(super) fn new(broker: Arc<Inner>, plan: SubscriptionPlan) -> Self {
        let (to, arrivals) = mpsc::unbounded_channel();
        let group_lease = (plan.order == Order::Group).then(|| {
            GroupLease::new(
                broker.connection.clone(),
                &broker.names,
                &plan.group,
                broker.config.claim_ttl.get(),
                Arc::clone(&broker.ended),
            )
        });
        Self {
            session: Arc::new(Session {
                broker,
                redelivery_counts: RedeliveryCounts::new(plan.group.clone(), plan.topics.clone()),
                plan,
                group_lease,
                acquired: Mutex::default(),
                in_flight: Mutex::default(),
                begun: AtomicBool::new(false),
                stop: CancellationToken::new(),
                tasks: TaskTracker::new(),
                to: Mutex::new(Some(to)),
            }),
            arrivals: tokio::sync::Mutex::new(Arrivals {
                incoming: arrivals,
                uncounted: Vec::new(),
            }),
        }
    }
}

impl Deliveries for NatsDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            self.session.broker.is_open()?;
            self.session.begin();
            let mut arrivals = self.arrivals.lock().await;
            let Arrivals {
                incoming,
                uncounted,
            } = &mut *arrivals;
            while uncounted.is_empty() {
                let mut arrival = incoming.recv().await.ok_or_else(connection_lost_error)?;
                loop {
                    match arrival {
                        Arrival::Message(stream_index, message, permit) => {
                            uncounted.extend(self.session.delivery(stream_index, *message, permit));
                        }
                        Arrival::Ended(error) => return Err(error),
                    }
                    // One call delivers all messages that have arrived.
                    match incoming.try_recv() {
                        Ok(more) => arrival = more,
                        Err(_none) => break,
                    }
                }
            }
            self.session.count(uncounted).await?;
            Ok(std::mem::take(uncounted))
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let session = &self.session;
            session.broker.is_open()?;
            let done = session.in_flight.lock().take(&tags);
            let replies: Vec<_> = done.iter().map(|held| held.reply.clone()).collect();
            session.send_all(replies, ACKNOWLEDGE).await?;
            session
                .redelivery_counts
                .remove(&session.broker, &done)
                .await;
            session.end_if_over().await
        })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let session = &self.session;
            session.broker.is_open()?;
            if session.stop.is_cancelled() {
                let mut in_flight = session.in_flight.lock();
                let returned = in_flight.take(&tags);
                in_flight.return_later(returned);
            } else {
                let returned = session.in_flight.lock().take(&tags);
                let recorded: Vec<&UnsettledMessage> = returned.iter().collect();
                session
                    .redelivery_counts
                    .record(&session.broker, &recorded)
                    .await;
                let replies = returned.into_iter().map(|held| held.reply);
                session.send_all(replies, RETURN).await?;
            }
            session.end_if_over().await
        })
    }

    fn extend_interval(&self) -> Option<Duration> {
        Some(self.session.broker.config.claim_ttl.get() / 3)
    }

    fn extend(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let replies = self.session.in_flight.lock().replies(&tags);
            self.session.send_all(replies, EXTEND).await
        })
    }

    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.session.broker.superseded.cancelled())
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let session = &self.session;
            session.stop.cancel();
            session.tasks.close();
            session.tasks.wait().await;
            let mut arrivals = self.arrivals.lock().await;
            session.return_uncounted(&mut arrivals);
            session.end_if_over().await
        })
    }
}

impl Drop for NatsDeliveries {
    fn drop(&mut self) {
        self.session.end();
        self.session.return_uncounted(self.arrivals.get_mut());
        let (returning, held) = {
            let mut in_flight = self.session.in_flight.lock();
            (in_flight.take_returning(), in_flight.take_held())
        };
        let acquired = self.session.acquired.lock().take();
        if returning.is_empty() && held.is_empty() && acquired.is_none() {
            return;
        }
        if let (Some(lease), Some(_)) = (&self.session.group_lease, acquired) {
            lease.mark_ended();
        }
        // The server would redeliver the messages after the lease. A return is faster.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let session = Arc::clone(&self.session);
            runtime.spawn(async move {
                let connection = &session.broker.connection;
                if connection.is_up().is_err() {
                    // The client buffers these until it is connected, before the requests of the
                    // next session.
                    let mut unsettled: Vec<UnsettledMessage> =
                        returning.into_iter().chain(held).collect();
                    unsettled.sort_by_key(|held| held.position);
                    for held in unsettled {
                        let _ = connection.client.publish(held.reply, RETURN.into()).await;
                    }
                } else if let Err(error) = session.return_messages(returning, held, acquired).await
                {
                    tracing::debug!(%error, "messages are redelivered after their lease");
                }
            });
        }
    }
}
