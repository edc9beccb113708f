//! A limit on the bytes of request bodies that a process holds at the same time (SEC-3).
//!
//! The limit of one body and the limit of requests in flight bound memory only as their product,
//! which exceeds any container. The budget bounds the sum. It is charged for every byte of a
//! request body when the reader receives it, and released when the response is sent. A declared
//! `Content-Length` does not count. Decoders also charge it for the decoded form of a request
//! ([`RequestMemory`](seaworthy_core::RequestMemory)).
//!
//! A body that exceeds the budget waits for [`MAX_WAIT`], and is then rejected with 503 and
//! `Retry-After`. While bodies wait, the budget ends bodies whose clients do not send, with the
//! same response. It starts with the body that has the largest product of bytes held and time held.
//! A body may wait if another one is heavier by that product, or holds more bytes.
//! The budget never ends a complete body. So clients that send slowly, or never finish,
//! cannot exhaust the
//! budget.

mod metrics;
mod pending_reservation;
mod reservation;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::task::AtomicWaker;
use parking_lot::Mutex;
use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_telemetry::metrics::Metrics;
use tokio::{sync::Semaphore, time::Instant};

use metrics::BudgetMetrics;
pub(crate) use pending_reservation::PendingReservation;
pub(crate) use reservation::{IdleBody, Reservation};

/// The default budget: a quarter of a container of 256 MiB, which is 32 bodies of 2 MiB.
pub const DEFAULT_BODY_BUDGET: ByteSize = ByteSize::mebibytes(64);
/// Maximum wait for the budget. Most handlers release their bytes in less time, and it is short
/// compared to any deadline.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// The `Retry-After` of a rejected body.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The bytes of request bodies that a process may hold at the same time. Cheap to clone. All clones
/// share one budget, so that one process has one for all its listeners.
#[derive(Clone)]
pub struct BodyBudget(Arc<Inner>);

struct Inner {
    limit: u64,
    free: Arc<Semaphore>,
    bodies: Mutex<Bodies>,
    metrics: BudgetMetrics,
}

/// Bodies whose readers wait, for their client or for the budget.
#[derive(Default)]
struct Bodies {
    next: u64,
    idle: BTreeMap<u64, Arc<Waiting>>,
    /// The sum of bytes that bodies wait for.
    wanted: u64,
}

/// A body whose reader waits, so that the budget can end it.
struct Waiting {
    held: u64,
    /// The bytes that the body waits for. 0 while it waits for its client.
    wanted: AtomicU64,
    since: Instant,
    is_ended: AtomicBool,
    waker: AtomicWaker,
}

/// The error of a body for which the budget has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the budget for request bodies is exhausted")]
pub(crate) struct BudgetExhausted;

impl BodyBudget {
    /// Creates a budget of `limit` bytes and reports it in `metrics`.
    #[must_use]
    pub fn new(limit: ByteSize, metrics: &Metrics) -> Self {
        let permits = limit.as_usize().min(Semaphore::MAX_PERMITS);
        let limit = u64::try_from(permits).unwrap_or(u64::MAX);
        Self(Arc::new(Inner {
            limit,
            free: Arc::new(Semaphore::new(permits)),
            bodies: Mutex::default(),
            metrics: BudgetMetrics::new(metrics, limit),
        }))
    }

    /// The maximum bytes that requests may hold at the same time.
    #[must_use]
    pub fn limit(&self) -> ByteSize {
        ByteSize::bytes(self.0.limit)
    }

    /// The bytes that requests hold.
    #[must_use]
    pub fn used(&self) -> ByteSize {
        ByteSize::bytes(self.0.metrics.held.get())
    }

    /// Takes bytes if the budget has room.
    fn try_take(&self, bytes: u64) -> bool {
        let Ok(permits) = u32::try_from(bytes) else {
            return false;
        };
        let Ok(taken) = self.0.free.try_acquire_many(permits) else {
            return false;
        };
        taken.forget();
        self.0.metrics.held.add(bytes);
        true
    }

    fn release(&self, bytes: u64) {
        if bytes > 0 {
            self.0.metrics.held.subtract(bytes);
            self.0.free.add_permits(usize::try_from(bytes).unwrap_or(0));
        }
    }

    /// Ends idle bodies until they release the bytes that bodies wait for. It ends those that are
    /// heavier than the calling body, and those that hold more bytes than it requests. So a flood
    /// of young bodies cannot block a small one. Returns whether the calling body may wait. It may
    /// not wait if the budget must end it first.
    fn evict_idle(&self, caller: &Reservation, bytes: u64) -> bool {
        let now = Instant::now();
        let own_held = caller.held() + bytes;
        let own_weight = weight(own_held, caller.since(), now);
        let mut bodies = self.0.bodies.lock();
        let is_ended = |body: &&Arc<Waiting>| body.is_ended.load(Ordering::Acquire);
        let mut coming: u64 = bodies
            .idle
            .values()
            .filter(is_ended)
            .map(|body| body.releases())
            .sum();
        let wanted = bodies.wanted + bytes;
        // Bytes that no request holds are free, or reserved for a waiting body that is about to
        // wake.
        let free = self.0.limit.saturating_sub(self.0.metrics.held.get());
        let mut released = 0;
        while free + coming < wanted {
            let mut is_alone = true;
            let heaviest = bodies
                .idle
                .values()
                .filter(|body| !is_ended(body))
                .inspect(|_| is_alone = false)
                .map(|body| (weight(body.held, body.since, now), body))
                .filter(|(weight, body)| *weight > own_weight || body.held > own_held)
                .max_by_key(|(weight, _)| *weight);
            let Some((_, body)) = heaviest else {
                // Handlers hold the rest and release it with their responses, or other bodies wait
                // for the rest and this one has made its own room.
                if is_alone || released >= bytes {
                    break;
                }
                return false;
            };
            body.is_ended.store(true, Ordering::Release);
            body.waker.wake();
            released += body.held;
            coming += body.releases();
            self.0.metrics.ended.increment();
        }
        bodies.wanted = wanted;
        true
    }
}

impl Waiting {
    /// The bytes that the end of the body makes available to others.
    fn releases(&self) -> u64 {
        self.held + self.wanted.load(Ordering::Relaxed)
    }
}

/// The cost of a body: bytes times nanoseconds. In a coarser unit, new bodies of any size would
/// have the same cost.
fn weight(held: u64, since: Instant, now: Instant) -> u128 {
    u128::from(held) * now.saturating_duration_since(since).as_nanos()
}

/// The response to a request whose body exceeds the budget.
pub(crate) fn exhausted() -> Error {
    Error::new(
        Code::Unavailable,
        "OVERLOADED",
        "the service is overloaded: try again later",
    )
    .with_retry_after(RETRY_AFTER)
}

impl fmt::Debug for BodyBudget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BodyBudget")
            .field("limit", &self.limit())
            .field("used", &self.used())
            .finish()
    }
}

#[cfg(test)]
mod tests;
