use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use parking_lot::Mutex as Lock;
use sqlx::Row as _;
use tokio::{sync::Mutex, time};

use super::{Inner, down, envelope, milliseconds, now};
use crate::{
    Envelope, Topic,
    transport::{
        Deliveries, Delivery, DeliveryTag, Order, Position, SubscriptionPlan, TransportError,
    },
};

/// The number of poll intervals for which only other members claim a postponed message.
const POLLS_OF_OTHERS: u32 = 4;
/// Claims the oldest messages that no session holds. A message that this session is handling is not
/// delivered to it again, even if its lease has ended.
const CLAIM: &str = "
    UPDATE broker_messages SET holder = ?1, lease_until = ?2, deliveries = deliveries + 1
    WHERE seq IN (
        SELECT seq FROM broker_messages
        WHERE group_name = ?3 AND lease_until <= ?4 AND seq NOT IN (SELECT value FROM json_each(?6))
        ORDER BY seq LIMIT ?5
    )
    RETURNING seq, topic, headers, payload, deliveries";
/// As [`CLAIM`], without messages whose key another session holds.
const CLAIM_BY_KEY: &str = "
    UPDATE broker_messages SET holder = ?1, lease_until = ?2, deliveries = deliveries + 1
    WHERE seq IN (
        SELECT seq FROM broker_messages AS candidate
        WHERE group_name = ?3 AND lease_until <= ?4 AND seq NOT IN (SELECT value FROM json_each(?6))
            AND NOT EXISTS (
                SELECT 1 FROM broker_messages AS held
                WHERE held.group_name = ?3 AND held.partition_key = candidate.partition_key
                    AND held.holder IS NOT NULL AND held.holder <> ?1 AND held.lease_until > ?4
            )
        ORDER BY seq LIMIT ?5
    )
    RETURNING seq, topic, headers, payload, deliveries";
const ACKNOWLEDGE: &str =
    "DELETE FROM broker_messages WHERE seq IN (SELECT value FROM json_each(?1)) AND holder = ?2";
const RELEASE: &str = "
    UPDATE broker_messages SET holder = NULL, lease_until = 0, deliveries = max(deliveries - 1, 0)
    WHERE seq IN (SELECT value FROM json_each(?1)) AND holder = ?2";
const EXTEND: &str = "
    UPDATE broker_messages SET lease_until = ?3
    WHERE seq IN (SELECT value FROM json_each(?1)) AND holder = ?2";

/// One member of a group.
pub(super) struct SqliteDeliveries {
    member: Arc<Member>,
    claims: Mutex<Claims>,
}

/// The claims of a member. A running statement cannot be cancelled and occupies the connection. So
/// an abandoned claim runs to its end before the next statement, and the next call returns its
/// messages.
#[derive(Default)]
struct Claims {
    running: Option<Claiming>,
    claimed: Vec<Delivery>,
}

type Claiming = BoxFuture<'static, Result<Vec<Delivery>, sqlx::Error>>;

struct Member {
    broker: Arc<Inner>,
    plan: SubscriptionPlan,
    /// The ID of the session, unique over all processes.
    session: String,
    /// The messages that were delivered and are not settled.
    unacknowledged: Lock<BTreeSet<DeliveryTag>>,
    /// The postponed messages, with the time at which this member can claim them again.
    postponed: Lock<BTreeMap<DeliveryTag, time::Instant>>,
    stopped: AtomicBool,
}

impl SqliteDeliveries {
    pub(super) fn new(broker: Arc<Inner>, plan: SubscriptionPlan) -> Self {
        Self {
            member: Arc::new(Member {
                broker,
                plan,
                session: seaworthy_core::new_id().hyphenated().to_string(),
                unacknowledged: Lock::default(),
                postponed: Lock::default(),
                stopped: AtomicBool::new(false),
            }),
            claims: Mutex::default(),
        }
    }
}

impl Member {
    async fn claim(&self) -> Result<Vec<Delivery>, sqlx::Error> {
        let (unacknowledged, excluded) = {
            let (tags, mut postponed) = (self.unacknowledged.lock(), self.postponed.lock());
            let now = time::Instant::now();
            postponed.retain(|_, until| *until > now);
            (tags.len(), numbers(tags.iter().chain(postponed.keys())))
        };
        let room = usize::from(self.plan.prefetch.get()).saturating_sub(unacknowledged);
        if room == 0 || self.stopped.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        let now = now();
        let statement = match self.plan.order {
            Order::Member => CLAIM,
            Order::Group => CLAIM_BY_KEY,
        };
        let rows = sqlx::query(statement)
            .bind(&self.session)
            .bind(now.saturating_add(milliseconds(self.broker.config.claim_ttl.get())))
            .bind(self.plan.group.as_str())
            .bind(now)
            .bind(i64::try_from(room).unwrap_or(i64::MAX))
            .bind(excluded)
            .fetch_all(&self.broker.pool)
            .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            let seq: i64 = row.try_get("seq")?;
            let (envelope, problem) = match envelope(&row) {
                Ok(envelope) => (envelope, None),
                Err(error) => {
                    let payload: Vec<u8> = row.try_get("payload")?;
                    let topic = self.plan.topics.first().cloned();
                    let Some(topic) = topic else { continue };
                    (broken(topic, payload), Some(error.to_string()))
                }
            };
            claimed.push(Delivery {
                tag: DeliveryTag(seq.cast_unsigned()),
                envelope,
                count: row.try_get("deliveries")?,
                problem,
                position: Some(Position {
                    partition: None,
                    offset: seq.cast_unsigned(),
                }),
            });
        }
        // The statement returns rows in any order.
        claimed.sort_unstable_by_key(|delivery| delivery.tag);
        let tags = claimed.iter().map(|delivery| delivery.tag);
        self.unacknowledged.lock().extend(tags);
        Ok(claimed)
    }

    async fn settle(
        &self,
        statement: &'static str,
        tags: &[DeliveryTag],
    ) -> Result<(), TransportError> {
        self.broker.is_open()?;
        sqlx::query(statement)
            .bind(numbers(tags))
            .bind(&self.session)
            .execute(&self.broker.pool)
            .await
            .map_err(down)?;
        {
            let mut unacknowledged = self.unacknowledged.lock();
            for tag in tags {
                unacknowledged.remove(tag);
            }
        }
        // A prefetch slot is free, a key may be free, and other members may claim released
        // messages.
        self.broker.arrived.notify_waiters();
        Ok(())
    }
}

/// Returns an envelope for a row that cannot be decoded.
fn broken(topic: Topic, payload: Vec<u8>) -> Envelope {
    let event_type = topic.as_str().to_owned();
    Envelope::new(topic, &event_type, "", payload)
}

fn numbers<'a>(tags: impl IntoIterator<Item = &'a DeliveryTag>) -> String {
    let numbers: Vec<String> = tags.into_iter().map(|tag| tag.0.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

impl Member {
    /// Extends the leases of these messages. If another session has claimed one of them, this
    /// session has lost its leases.
    async fn extend(&self, tags: Vec<DeliveryTag>) -> Result<(), TransportError> {
        self.broker.is_open()?;
        let lease = milliseconds(self.broker.config.claim_ttl.get());
        let extended = sqlx::query(EXTEND)
            .bind(numbers(&tags))
            .bind(&self.session)
            .bind(now().saturating_add(lease))
            .execute(&self.broker.pool)
            .await
            .map_err(down)?;
        if extended.rows_affected() < tags.len() as u64 {
            return Err(TransportError::lease_lost());
        }
        Ok(())
    }
}

impl SqliteDeliveries {
    /// Returns the deliveries of a claim, either a new claim or the one in progress.
    async fn claimed(&self) -> Result<Vec<Delivery>, TransportError> {
        let mut claims = self.claims.lock().await;
        if !claims.claimed.is_empty() {
            return Ok(std::mem::take(&mut claims.claimed));
        }
        let running = claims.running.get_or_insert_with(|| {
            let member = Arc::clone(&self.member);
            Box::pin(async move { member.claim().await })
        });
        let claimed = running.await;
        claims.running = None;
        claimed.map_err(down)
    }

    /// Ends a claim that runs.
    async fn finish_claim(&self) -> Result<(), TransportError> {
        let mut claims = self.claims.lock().await;
        if let Some(running) = &mut claims.running {
            let claimed = running.await;
            claims.running = None;
            claims.claimed.extend(claimed.map_err(down)?);
        }
        Ok(())
    }

    async fn settle(
        &self,
        statement: &'static str,
        tags: &[DeliveryTag],
    ) -> Result<(), TransportError> {
        self.finish_claim().await?;
        self.member.settle(statement, tags).await
    }
}

impl Deliveries for SqliteDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            let broker = &self.member.broker;
            loop {
                let arrived = broker.arrived.notified();
                tokio::pin!(arrived);
                arrived.as_mut().enable();
                broker.is_open()?;
                let claimed = self.claimed().await?;
                if !claimed.is_empty() {
                    return Ok(claimed);
                }
                let poll = broker.config.poll_interval.get();
                let _ = time::timeout(poll, arrived).await;
            }
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.settle(ACKNOWLEDGE, &tags).await })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.settle(RELEASE, &tags).await })
    }

    fn postpone(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            // Otherwise this member would claim them again before others poll.
            let poll = self.member.broker.config.poll_interval.get();
            let until = time::Instant::now() + poll * POLLS_OF_OTHERS;
            let postponed = tags.iter().map(|tag| (*tag, until));
            self.member.postponed.lock().extend(postponed);
            self.settle(RELEASE, &tags).await
        })
    }

    fn extend_interval(&self) -> Option<Duration> {
        Some(self.member.broker.config.claim_ttl.get() / 3)
    }

    fn extend(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.finish_claim().await?;
            self.member.extend(tags).await
        })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.member.stopped.store(true, Ordering::SeqCst);
            self.finish_claim().await?;
            let claimed = std::mem::take(&mut self.claims.lock().await.claimed);
            let tags: Vec<_> = claimed.iter().map(|delivery| delivery.tag).collect();
            self.member.settle(RELEASE, &tags).await
        })
    }
}
