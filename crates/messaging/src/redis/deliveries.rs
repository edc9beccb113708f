use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_core::Timeout;
use seaworthy_redis::{
    Redis,
    redis::{Value, cmd},
};
use tokio::{sync::Notify, time::Instant};

use super::{
    broker::Inner,
    failure::transport_error,
    in_flight::{Entry, InFlight},
    scripts, wire,
};
use crate::transport::{
    Deliveries, Delivery, DeliveryTag, Order, SubscriptionPlan, TransportError,
};

/// The consumer of returned messages. The consumers of sessions are UUIDs.
const RETURNED: &str = "returned";
/// Number of leases after which an inactive consumer without messages is deleted.
const IDLE_LEASES: u32 = 10;

/// One member of a group.
pub(super) struct RedisDeliveries {
    member: Arc<Member>,
    pending: tokio::sync::Mutex<Pending>,
}

/// The calls that continue when `next` is cancelled. The result of a claim must not be lost, and a
/// blocking command occupies its connection.
#[derive(Default)]
struct Pending {
    claim: Option<BoxFuture<'static, Result<Claimed, TransportError>>>,
    wait: Option<BoxFuture<'static, Result<(), TransportError>>>,
}

/// The result of a claim.
enum Claimed {
    Deliveries(Vec<Delivery>),
    /// No messages. The last entries of the wake stream and of the topics, after which to wait.
    Empty(Vec<String>),
    /// The session holds `prefetch` messages.
    Full,
}

/// A claimed entry: the index of its stream, its ID, its deliveries, its fields.
type Taken = (usize, String, u32, Vec<Vec<u8>>);

struct Member {
    broker: Arc<Inner>,
    plan: SubscriptionPlan,
    /// The ID of the session, a UUID.
    session: String,
    /// The keys of the active session, of the wake stream, and of the streams of the topics.
    keys: Vec<String>,
    /// A connection for blocking commands.
    blocking: Redis,
    in_flight: Mutex<InFlight>,
    swept: Mutex<Option<Instant>>,
    room: Notify,
    stopped: AtomicBool,
}

impl RedisDeliveries {
    pub(super) fn new(broker: Arc<Inner>, plan: SubscriptionPlan) -> Result<Self, TransportError> {
        let lease = broker.config.claim_ttl.get();
        let timeout = Timeout::try_from(lease / 4 + broker.config.timeout.get());
        let timeout = timeout.unwrap_or(broker.config.claim_ttl);
        let mut keys = vec![
            broker.keys.active(&plan.group),
            broker.keys.wake(&plan.group),
        ];
        let topics = plan.topics.iter();
        keys.extend(topics.map(|topic| broker.keys.stream(topic.as_str())));
        Ok(Self {
            member: Arc::new(Member {
                blocking: broker
                    .redis
                    .with_timeout(timeout)
                    .map_err(transport_error)?,
                broker,
                plan,
                session: seaworthy_core::new_id().hyphenated().to_string(),
                keys,
                in_flight: Mutex::default(),
                swept: Mutex::default(),
                room: Notify::new(),
                stopped: AtomicBool::new(false),
            }),
            pending: tokio::sync::Mutex::default(),
        })
    }
}

impl Member {
    fn lease(&self) -> Duration {
        self.broker.config.claim_ttl.get()
    }

    fn keys(&self) -> Vec<&str> {
        self.keys.iter().map(String::as_str).collect()
    }

    /// Whether a search for expired messages is due.
    fn is_sweep_due(&self) -> bool {
        let mut swept = self.swept.lock();
        let due = swept.is_none_or(|swept| swept.elapsed() >= self.lease() / 4);
        if due {
            *swept = Some(Instant::now());
        }
        due
    }

    async fn claim(&self) -> Result<Claimed, TransportError> {
        let prefetch = usize::from(self.plan.prefetch.get());
        let room = prefetch.saturating_sub(self.in_flight.lock().len());
        if room == 0 {
            return Ok(Claimed::Full);
        }
        let due = self.is_sweep_due();
        let (room, prefetch) = (room.to_string(), prefetch.to_string());
        let lease = self.lease().as_millis().to_string();
        let arguments = [
            self.plan.group.as_str(),
            &self.session,
            RETURNED,
            &room,
            &prefetch,
            &lease,
            match self.plan.order {
                Order::Member => "member",
                Order::Group => "group",
            },
            if due { "dead" } else { "" },
        ];
        let arguments = arguments.map(str::as_bytes);
        let redis = &self.broker.redis;
        let keys = self.keys();
        let claimed = redis.invoke(&scripts::CLAIM, &keys, &arguments).await;
        let (taken, seen): (Vec<Taken>, Vec<String>) = claimed.map_err(transport_error)?;
        if due {
            self.sweep().await?;
        }
        if taken.is_empty() {
            return Ok(Claimed::Empty(seen));
        }
        let mut in_flight = self.in_flight.lock();
        let deliveries = taken
            .into_iter()
            .filter_map(|(stream_index, id, count, fields)| {
                let topic = self.plan.topics.get(stream_index)?.clone();
                let (envelope, problem) = wire::envelope(topic, fields);
                Some(Delivery {
                    tag: in_flight.add(Entry { stream_index, id }),
                    envelope,
                    count,
                    problem,
                    position: None,
                })
            });
        Ok(Claimed::Deliveries(deliveries.collect()))
    }

    async fn sweep(&self) -> Result<(), TransportError> {
        let idle = (self.lease() * IDLE_LEASES).as_millis().to_string();
        let arguments = [self.plan.group.as_str(), &self.session, &idle].map(str::as_bytes);
        let keys = self.keys();
        let streams = keys.get(2..).unwrap_or_default();
        let redis = &self.broker.redis;
        let swept = redis.invoke::<Value>(&scripts::SWEEP, streams, &arguments);
        swept.await.map(drop).map_err(transport_error)
    }

    /// Waits for an entry after those in `seen`, or until the next search for expired messages.
    async fn wait(&self, seen: Vec<String>) -> Result<(), TransportError> {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(1).arg("BLOCK");
        let block = u64::try_from((self.lease() / 4).as_millis()).unwrap_or(u64::MAX);
        read.arg(block.max(1)).arg("STREAMS");
        for key in self.keys.iter().skip(1).take(seen.len()) {
            read.arg(key);
        }
        read.arg(seen);
        let read = self.blocking.request::<Value>(&read).await;
        read.map(drop).map_err(transport_error)
    }

    async fn settle(&self, act: &str, tags: &[DeliveryTag]) -> Result<(), TransportError> {
        self.broker.is_open()?;
        let (entries, over) = {
            let mut in_flight = self.in_flight.lock();
            let entries = in_flight.find(tags);
            if act != "extend" {
                in_flight.remove(tags);
            }
            (
                entries,
                self.stopped.load(Ordering::SeqCst) && in_flight.len() == 0,
            )
        };
        let lease = self.lease().as_millis().to_string();
        let mut arguments = vec![
            self.plan.group.as_str().to_owned(),
            self.session.clone(),
            RETURNED.to_owned(),
            act.to_owned(),
            lease,
            if over { "over" } else { "" }.to_owned(),
        ];
        for Entry { stream_index, id } in entries {
            arguments.extend([stream_index.to_string(), id]);
        }
        let arguments: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
        let redis = &self.broker.redis;
        let keys = self.keys();
        let lost: u64 = redis
            .invoke(&scripts::SETTLE, &keys, &arguments)
            .await
            .map_err(transport_error)?;
        self.room.notify_one();
        if lost > 0 {
            return Err(TransportError::lease_lost());
        }
        Ok(())
    }
}

impl Pending {
    async fn claim(&mut self, member: &Arc<Member>) -> Result<Claimed, TransportError> {
        let claim = self.claim.get_or_insert_with(|| {
            let member = Arc::clone(member);
            Box::pin(async move { member.claim().await })
        });
        let claimed = claim.await;
        self.claim = None;
        claimed
    }

    async fn wait(&mut self) -> Result<(), TransportError> {
        if let Some(wait) = &mut self.wait {
            let waited = wait.await;
            self.wait = None;
            waited?;
        }
        Ok(())
    }
}

impl Deliveries for RedisDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            let mut pending = self.pending.lock().await;
            loop {
                self.member.broker.is_open()?;
                pending.wait().await?;
                match pending.claim(&self.member).await? {
                    Claimed::Deliveries(deliveries) => return Ok(deliveries),
                    Claimed::Full => self.member.room.notified().await,
                    Claimed::Empty(seen) => {
                        let member = Arc::clone(&self.member);
                        pending.wait = Some(Box::pin(async move { member.wait(seen).await }));
                    }
                }
            }
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.member.settle("acknowledge", &tags).await })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.member.settle("give_back", &tags).await })
    }

    fn extend_interval(&self) -> Option<Duration> {
        Some(self.member.lease() / 3)
    }

    fn extend(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.member.settle("extend", &tags).await })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let mut pending = self.pending.lock().await;
            pending.wait = None;
            let mut undelivered = Vec::new();
            if pending.claim.is_some()
                && let Claimed::Deliveries(deliveries) = pending.claim(&self.member).await?
            {
                undelivered = deliveries.iter().map(|delivery| delivery.tag).collect();
            }
            self.member.stopped.store(true, Ordering::SeqCst);
            self.member.settle("give_back", &undelivered).await
        })
    }
}
