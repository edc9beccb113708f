mod deliveries;
mod group;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use deliveries::MemoryDeliveries;
use futures::future::BoxFuture;
use group::Group;
use parking_lot::Mutex;

use crate::{
    DeadLetterId, EmbeddedConfig, Envelope, GroupName, PublishError, Topic,
    transport::{
        Deliveries, GroupPlan, KeyOrder, MAX_PAGE_SIZE, SubscriptionPlan, TopicPlan, Transport,
        TransportError,
    },
};

/// A broker in memory, for development, for tests, and for services of one process. Clones share
/// the broker, which ends with the last clone.
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
    /// Whether this service has closed the broker. Each service closes it for itself only.
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
    unroutable: BTreeSet<Topic>,
    sequence: u64,
    sessions: u64,
}

impl MemoryBroker {
    /// Creates an empty broker.
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

    /// Returns the same broker for another service, which closes it for itself only.
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
            unroutable,
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
                None => group.has_topic(topic),
            })
            .map(|(_, group)| group)
            .collect();
        if receivers.is_empty() && !unroutable.contains(topic) {
            return Err(PublishError::Unroutable {
                topic: topic.clone(),
            });
        }
        if receivers
            .iter()
            .any(|group| group.messages.len() >= self.max_backlog)
        {
            return Err(PublishError::QueueFull {
                topic: topic.clone(),
            });
        }
        for group in &mut receivers {
            *sequence += 1;
            group.add(*sequence, envelope.clone());
        }
        Ok(())
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
            for TopicPlan {
                topic,
                allows_unroutable,
                groups,
            } in topics
            {
                for GroupPlan { group, .. } in groups {
                    let group = state.groups.entry(group).or_default();
                    group.required.insert(topic.clone());
                }
                if allows_unroutable {
                    state.unroutable.insert(topic);
                }
            }
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let mut order = KeyOrder::default();
            let publish = |envelope: Envelope| {
                self.is_open()?;
                order.admit(&envelope)?;
                let key = envelope.key().map(str::to_owned);
                let answer = self.shared.publish(envelope);
                order.record(key.as_deref(), &answer);
                answer
            };
            batch.into_iter().map(publish).collect()
        })
    }

    fn keeps_key_order(&self) -> bool {
        true
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
            let mut size = 0;
            let page = all.iter().skip(from).take(limit).take_while(|letter| {
                let is_full = size >= MAX_PAGE_SIZE.as_usize();
                size += letter.size();
                !is_full
            });
            Ok(page.cloned().collect())
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
