use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    DeadLetterId, EmbeddedConfig, Envelope, GroupName, PublishError, Topic,
    transport::{
        Deliveries, Delivery, DeliveryTag, Order, SubscriptionPlan, TopicPlan, Transport,
        TransportError,
    },
};

/// A broker in memory, gone when the last clone is: for development, for tests, and for several services of one process. Clones are the same broker.
///
/// ```
/// use seaworthy_messaging::{EmbeddedConfig, MemoryBroker, transport::Transport};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let broker = MemoryBroker::new(&EmbeddedConfig::default());
/// assert!(broker.check().await.is_ok());
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct MemoryBroker {
    shared: Arc<Shared>,
    /// Closing is one service's affair.
    closed: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    max_backlog: usize,
}

#[derive(Debug, Default)]
struct State {
    groups: BTreeMap<GroupName, Group>,
    dead: BTreeMap<Topic, Vec<Envelope>>,
    unheard: BTreeSet<Topic>,
    sequence: u64,
    sessions: u64,
}

#[derive(Debug, Default)]
struct Group {
    topics: BTreeSet<Topic>,
    /// By the order in which they were published.
    messages: BTreeMap<u64, Stored>,
    /// Those that nobody holds.
    ready: BTreeSet<u64>,
    /// What each session holds.
    held: HashMap<u64, BTreeSet<u64>>,
    /// Who holds a key, and how many of it.
    holders: HashMap<Box<str>, (u64, usize)>,
    arrived: Arc<Notify>,
}

#[derive(Debug)]
struct Stored {
    envelope: Envelope,
    deliveries: u32,
    holder: Option<u64>,
}

impl MemoryBroker {
    /// An empty one.
    #[must_use]
    pub fn new(config: &EmbeddedConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                max_backlog: usize::try_from(config.max_backlog.get()).unwrap_or(usize::MAX),
            }),
            closed: Arc::default(),
        }
    }

    /// The same broker for another service, which closes it for itself alone.
    #[must_use]
    pub fn share(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            closed: Arc::default(),
        }
    }

    fn is_open(&self) -> Result<(), TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        Ok(())
    }
}

impl Shared {
    fn publish(&self, envelope: Envelope) -> Result<(), PublishError> {
        let mut state = self.state.lock();
        let State {
            groups,
            dead,
            unheard,
            sequence,
            ..
        } = &mut *state;
        let topic = envelope.topic();
        if topic.is_dead_letters() {
            dead.entry(topic.clone()).or_default().push(envelope);
            return Ok(());
        }
        let mut receivers: Vec<&mut Group> = groups
            .iter_mut()
            .filter(|(name, group)| match envelope.recipient() {
                Some(recipient) => *name == recipient,
                None => group.topics.contains(topic),
            })
            .map(|(_, group)| group)
            .collect();
        if receivers.is_empty() && !unheard.contains(topic) {
            return Err(PublishError::Unroutable {
                topic: topic.clone(),
            });
        }
        if receivers
            .iter()
            .any(|group| group.messages.len() >= self.max_backlog)
        {
            return Err(PublishError::unavailable(format!(
                "{} messages wait for a group of {topic}, as many as may",
                self.max_backlog
            )));
        }
        for group in &mut receivers {
            *sequence += 1;
            let stored = Stored {
                envelope: envelope.clone(),
                deliveries: 0,
                holder: None,
            };
            group.messages.insert(*sequence, stored);
            group.ready.insert(*sequence);
            group.arrived.notify_waiters();
        }
        Ok(())
    }
}

impl Group {
    /// Takes up to `room` messages for a session.
    fn claim(&mut self, session: u64, order: Order, room: usize) -> Vec<Delivery> {
        let mut claimed = Vec::new();
        for number in &self.ready {
            if claimed.len() >= room {
                break;
            }
            let Some(stored) = self.messages.get_mut(number) else {
                continue;
            };
            if let Some(key) = stored.envelope.key() {
                let holder = self.holders.entry(key.into()).or_insert((session, 0));
                if order == Order::Group && holder.0 != session && holder.1 > 0 {
                    continue;
                }
                if holder.1 == 0 {
                    holder.0 = session;
                }
                if holder.0 == session {
                    holder.1 += 1;
                }
            }
            stored.holder = Some(session);
            stored.deliveries = stored.deliveries.saturating_add(1);
            claimed.push(Delivery {
                tag: DeliveryTag(*number),
                envelope: stored.envelope.clone(),
                count: stored.deliveries,
                problem: None,
            });
        }
        let held = self.held.entry(session).or_default();
        for delivery in &claimed {
            self.ready.remove(&delivery.tag.0);
            held.insert(delivery.tag.0);
        }
        claimed
    }

    /// A session lets go of a message. Returns whether it held it.
    fn release(&mut self, session: u64, number: u64) -> bool {
        let Some(stored) = self.messages.get_mut(&number) else {
            return false;
        };
        if stored.holder != Some(session) {
            return false;
        }
        stored.holder = None;
        if let Some(held) = self.held.get_mut(&session) {
            held.remove(&number);
        }
        if let Some(key) = stored.envelope.key()
            && let Some(holder) = self.holders.get_mut(key)
            && holder.0 == session
        {
            holder.1 = holder.1.saturating_sub(1);
            if holder.1 == 0 {
                self.holders.remove(key);
            }
        }
        true
    }

    fn held_by(&self, session: u64) -> usize {
        self.held.get(&session).map_or(0, BTreeSet::len)
    }
}

impl Transport for MemoryBroker {
    fn system(&self) -> &'static str {
        "memory"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.is_open()?;
            let mut state = self.shared.state.lock();
            let unheard = topics
                .into_iter()
                .filter(|plan| plan.may_have_no_subscriber);
            state.unheard.extend(unheard.map(|plan| plan.topic));
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let publish = |envelope| {
                self.is_open()?;
                self.shared.publish(envelope)
            };
            batch.into_iter().map(publish).collect()
        })
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            self.is_open()?;
            let mut state = self.shared.state.lock();
            state.sessions += 1;
            let session = state.sessions;
            let group = state.groups.entry(plan.group.clone()).or_default();
            group.topics = plan.topics.iter().cloned().collect();
            let arrived = Arc::clone(&group.arrived);
            let deliveries: Arc<dyn Deliveries> = Arc::new(MemoryDeliveries {
                broker: self.clone(),
                plan,
                session,
                arrived,
                stopped: AtomicBool::new(false),
            });
            Ok(deliveries)
        })
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            self.is_open()?;
            let state = self.shared.state.lock();
            let waiting = state
                .groups
                .get(group)
                .map_or(0, |group| group.messages.len());
            Ok(u64::try_from(waiting).unwrap_or(u64::MAX))
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.is_open() })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            self.is_open()?;
            let state = self.shared.state.lock();
            let all = state.dead.get(topic).map(Vec::as_slice).unwrap_or_default();
            let from = after.map_or(0, |after| {
                let known = all
                    .iter()
                    .position(|envelope| DeadLetterId::of(envelope) == *after);
                known.map_or(0, |position| position + 1)
            });
            Ok(all.iter().skip(from).take(limit).cloned().collect())
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            self.is_open()?;
            let mut state = self.shared.state.lock();
            let Some(all) = state.dead.get_mut(topic) else {
                return Ok(0);
            };
            let before = all.len();
            all.retain(|envelope| !ids.contains(&DeadLetterId::of(envelope)));
            Ok(u64::try_from(before - all.len()).unwrap_or(u64::MAX))
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.closed.store(true, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

/// One member of a group.
struct MemoryDeliveries {
    broker: MemoryBroker,
    plan: SubscriptionPlan,
    session: u64,
    arrived: Arc<Notify>,
    stopped: AtomicBool,
}

impl MemoryDeliveries {
    fn with_group<T>(&self, act: impl FnOnce(&mut Group) -> T) -> Option<T> {
        let mut state = self.broker.shared.state.lock();
        state.groups.get_mut(&self.plan.group).map(act)
    }

    fn claim(&self) -> Vec<Delivery> {
        if self.stopped.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let claimed = self.with_group(|group| {
            let held = group.held_by(self.session);
            let room = usize::from(self.plan.prefetch.get()).saturating_sub(held);
            group.claim(self.session, self.plan.order, room)
        });
        claimed.unwrap_or_default()
    }

    fn put_back(&self, numbers: &[u64]) {
        self.with_group(|group| {
            for number in numbers {
                if group.release(self.session, *number) {
                    group.ready.insert(*number);
                }
            }
        });
        self.arrived.notify_waiters();
    }
}

impl Deliveries for MemoryDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            loop {
                let arrived = self.arrived.notified();
                tokio::pin!(arrived);
                arrived.as_mut().enable();
                self.broker.is_open()?;
                let claimed = self.claim();
                if !claimed.is_empty() {
                    return Ok(claimed);
                }
                arrived.await;
            }
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.broker.is_open()?;
            self.with_group(|group| {
                for DeliveryTag(number) in tags {
                    if group.release(self.session, number) {
                        group.messages.remove(&number);
                    }
                }
            });
            // There is room again, and a key may be free.
            self.arrived.notify_waiters();
            Ok(())
        })
    }

    fn give_back(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        let numbers: Vec<u64> = tags.into_iter().map(|tag| tag.0).collect();
        self.put_back(&numbers);
        Box::pin(std::future::ready(Ok(())))
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        self.stopped.store(true, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Drop for MemoryDeliveries {
    fn drop(&mut self) {
        let held = self.with_group(|group| group.held.get(&self.session).cloned());
        let held: Vec<u64> = held.flatten().into_iter().flatten().collect();
        self.put_back(&held);
        self.with_group(|group| group.held.remove(&self.session));
    }
}
