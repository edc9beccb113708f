use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Message, Subject, jetstream};
use futures::future::try_join_all;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    broker::Inner,
    group_lease::{Acquired, GroupLease},
    in_flight::{InFlight, UnsettledMessage},
    names::Names,
    pull::{Arrival, Pull},
    redelivery_counts::RedeliveryCounts,
    wire,
};
use crate::transport::{Delivery, Position, SubscriptionPlan, TransportError};

/// How often a member trims the messages that all groups have acknowledged. It costs a few requests
/// per topic and member.
const TRIM_INTERVAL: Duration = Duration::from_secs(10);
/// The delay until a member checks the leases of its group. A publisher that starts concurrently
/// has created the group by then.
const RESTORE_DELAY: Duration = Duration::from_secs(5);
/// The negative acknowledgement of JetStream, which returns a message.
pub(super) const RETURN: &str = "-NAK";

/// Messages that have arrived and are not delivered.
pub(super) struct Arrivals {
    pub(super) incoming: mpsc::UnboundedReceiver<Arrival>,
    /// Messages whose delivery counts are not known yet.
    pub(super) uncounted: Vec<Delivery>,
}

/// The session of a member: its requests, its messages and its lease of an ordered group.
pub(super) struct Session {
    pub(super) broker: Arc<Inner>,
    pub(super) plan: SubscriptionPlan,
    pub(super) redelivery_counts: RedeliveryCounts,
    pub(super) group_lease: Option<GroupLease>,
    pub(super) acquired: Mutex<Option<Acquired>>,
    pub(super) in_flight: Mutex<InFlight>,
    /// Whether the session requests messages. It begins with the first call of `next`, so a dropped
    /// session has no messages.
    pub(super) begun: AtomicBool,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// The channel of arriving messages. `None` after the end of the session.
    pub(super) to: Mutex<Option<mpsc::UnboundedSender<Arrival>>>,
}

impl Session {
    /// Starts to request messages.
    pub(super) fn begin(self: &Arc<Self>) {
        if self.begun.swap(true, Ordering::SeqCst) {
            return;
        }
        let Some(to) = self.to.lock().clone() else {
            return;
        };
        let pulls = self.pulls(&to);
        let (session, ended) = (Arc::clone(self), to.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = session.stop.cancelled() => {}
                () = ended.closed() => {}
                () = session.maintain() => {}
            }
        });
        if self.group_lease.is_none() {
            for pull in pulls {
                self.tasks.spawn(pull.run());
            }
            return;
        }
        let session = Arc::clone(self);
        self.tasks.spawn(async move {
            let ended = session.pull_with_lease(pulls, &to);
            let ended = tokio::select! {
                biased;
                () = to.closed() => return,
                ended = ended => ended,
            };
            if let Err(error) = ended {
                let _ = to.send(Arrival::Ended(error));
            }
        });
    }

    /// Trims the messages that all groups have acknowledged, at intervals. Restores the leases of
    /// the group once.
    async fn maintain(&self) {
        let Inner {
            connection,
            topology,
            ..
        } = &*self.broker;
        time::sleep(RESTORE_DELAY).await;
        for topic in &self.plan.topics {
            let restored = topology
                .restore_lease(connection, topic, &self.plan.group)
                .await;
            if let Err(error) = restored {
                tracing::warn!(%topic, group = %self.plan.group, %error, "the lease of a group cannot be checked, so the server may redeliver messages too early");
            }
        }
        let mut delay = TRIM_INTERVAL.saturating_sub(RESTORE_DELAY);
        loop {
            time::sleep(delay).await;
            delay = TRIM_INTERVAL;
            for topic in &self.plan.topics {
                if let Err(error) = topology.trim(connection, topic).await {
                    tracing::debug!(%topic, %error, "a stream cannot be trimmed, retrying");
                }
            }
        }
    }

    fn pulls(&self, to: &mpsc::UnboundedSender<Arrival>) -> Vec<Pull> {
        let prefetch = usize::from(self.plan.prefetch.get());
        let room = Arc::new(Semaphore::new(prefetch));
        let share = (prefetch / self.plan.topics.len().max(1)).max(1);
        let topics = self.plan.topics.iter().enumerate();
        topics
            .map(|(stream_index, topic)| Pull {
                connection: self.broker.connection.clone(),
                stream_index,
                stream: self.broker.names.stream(topic),
                consumer: Names::consumer(&self.plan.group),
                room: Arc::clone(&room),
                share,
                stop: self.stop.clone(),
                to: to.clone(),
            })
            .collect()
    }

    /// Requests messages while this member has the lease of the ordered group.
    async fn pull_with_lease(
        self: &Arc<Self>,
        pulls: Vec<Pull>,
        to: &mpsc::UnboundedSender<Arrival>,
    ) -> Result<(), TransportError> {
        let Some(lease) = &self.group_lease else {
            return Ok(());
        };
        let mut loss = self.broker.connection.watch_loss();
        let acquired = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(()),
            acquired = lease.acquire(&mut loss) => acquired?,
        };
        *self.acquired.lock() = Some(acquired);
        let session = Arc::clone(self);
        let to = to.clone();
        // The renewal continues after the stop until the last message is settled. A stop does not
        // wait for this task.
        tokio::spawn(async move {
            let Some(lease) = &session.group_lease else {
                return;
            };
            let is_needed = |renewed| {
                let mut acquired = session.acquired.lock();
                acquired
                    .as_mut()
                    .map(|acquired| *acquired = renewed)
                    .is_some()
            };
            tokio::select! {
                () = to.closed() => {}
                renewed = lease.renew(acquired, is_needed) => if let Err(error) = renewed {
                    let _ = to.send(Arrival::Ended(error));
                }
            }
        });
        futures::future::join_all(pulls.into_iter().map(Pull::run)).await;
        Ok(())
    }

    pub(super) fn delivery(
        &self,
        stream_index: usize,
        message: Message,
        permit: OwnedSemaphorePermit,
    ) -> Option<Delivery> {
        let topic = self.plan.topics.get(stream_index)?.clone();
        let reply = message.reply.clone()?;
        let message = jetstream::Message {
            message,
            context: self.broker.context.clone(),
        };
        let (sequence, count) = match message.info() {
            Ok(info) => (info.stream_sequence, info.delivered),
            Err(_unknown) => return None,
        };
        let (envelope, problem) = wire::envelope(topic, message.message);
        let tag = self.in_flight.lock().add(UnsettledMessage {
            reply,
            position: (stream_index, sequence),
            returned: (count <= 1).then_some(0),
            _permit: permit,
        });
        Some(Delivery {
            tag,
            envelope,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            problem,
            position: Some(Position {
                partition: None,
                offset: sequence,
            }),
        })
    }

    pub(super) async fn send_all(
        &self,
        replies: impl IntoIterator<Item = Subject>,
        text: &'static str,
    ) -> Result<(), TransportError> {
        for reply in replies {
            self.broker.connection.send(reply, text).await?;
        }
        Ok(())
    }

    /// Returns messages and releases the lease of the ordered group, if the session was stopped and
    /// does not hold messages.
    pub(super) async fn end_if_over(&self) -> Result<(), TransportError> {
        let returning = {
            let mut in_flight = self.in_flight.lock();
            if !self.stop.is_cancelled() || !in_flight.is_empty() {
                return Ok(());
            }
            in_flight.take_returning()
        };
        let acquired = self.acquired.lock().take();
        self.return_messages(returning, Vec::new(), acquired).await
    }

    /// Returns these undelivered messages, in addition to those that the session holds when it
    /// ends.
    pub(super) async fn return_messages(
        &self,
        returning: Vec<UnsettledMessage>,
        unsettled: Vec<UnsettledMessage>,
        acquired: Option<Acquired>,
    ) -> Result<(), TransportError> {
        let recorded: Vec<&UnsettledMessage> = returning.iter().collect();
        self.redelivery_counts.record(&self.broker, &recorded).await;
        let mut all: Vec<UnsettledMessage> = returning.into_iter().chain(unsettled).collect();
        all.sort_by_key(|held| held.position);
        let mut replies: Vec<Subject> = all.into_iter().map(|held| held.reply).collect();
        let last = replies.pop();
        self.send_all(replies, RETURN).await?;
        if let Some(last) = last {
            // The reply to the last return confirms all of them.
            let body = Value::String(RETURN.to_owned());
            self.broker
                .connection
                .request(last.to_string(), &body)
                .await?;
        }
        if let (Some(lease), Some(acquired)) = (&self.group_lease, acquired) {
            lease.release(acquired).await?;
        }
        let flushed = self.broker.connection.client.flush().await;
        flushed.map_err(TransportError::unavailable)
    }

    /// Adds undelivered messages to those that the session will return.
    pub(super) fn return_uncounted(&self, arrivals: &mut Arrivals) {
        while let Ok(arrival) = arrivals.incoming.try_recv() {
            if let Arrival::Message(stream_index, message, permit) = arrival {
                arrivals
                    .uncounted
                    .extend(self.delivery(stream_index, *message, permit));
            }
        }
        let uncounted = std::mem::take(&mut arrivals.uncounted);
        let tags: Vec<_> = uncounted.iter().map(|delivery| delivery.tag).collect();
        let mut in_flight = self.in_flight.lock();
        let returned = in_flight.take(&tags);
        in_flight.return_later(returned);
    }

    /// Subtracts returns from the deliveries that the server has counted.
    pub(super) async fn count(&self, uncounted: &mut [Delivery]) -> Result<(), TransportError> {
        let again = uncounted.iter_mut().filter(|delivery| delivery.count > 1);
        let counted = again.map(|delivery| async {
            let Some(position) = self.in_flight.lock().position(delivery.tag) else {
                return Ok(());
            };
            let returned = self.redelivery_counts.read(&self.broker, position).await?;
            self.in_flight.lock().record_return(delivery.tag, returned);
            let returned = u32::try_from(returned).unwrap_or(u32::MAX);
            delivery.count = delivery.count.saturating_sub(returned).max(1);
            Ok(())
        });
        try_join_all(counted).await.map(drop)
    }

    /// Ends the tasks of the session.
    pub(super) fn end(&self) {
        self.stop.cancel();
        self.to.lock().take();
    }
}
