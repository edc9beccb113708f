use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Context,
};

use futures::task::AtomicWaker;
use tokio::time::Instant;

use super::{BodyBudget, Waiting};

/// The bytes that one request holds. Dropping it releases them.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: BodyBudget,
    since: Instant,
    held: AtomicU64,
}

impl Reservation {
    pub(crate) fn new(budget: BodyBudget) -> Self {
        Self {
            budget,
            since: Instant::now(),
            held: AtomicU64::new(0),
        }
    }

    pub(super) fn since(&self) -> Instant {
        self.since
    }

    pub(super) fn budget(&self) -> &BodyBudget {
        &self.budget
    }

    pub(crate) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Takes bytes if the budget has room.
    pub(crate) fn try_take(&self, bytes: u64) -> bool {
        let is_taken = self.budget.try_take(bytes);
        if is_taken {
            self.held.fetch_add(bytes, Ordering::Relaxed);
        }
        is_taken
    }

    /// Adds bytes that another component took from the budget.
    pub(super) fn add_taken(&self, bytes: u64) {
        self.budget.0.metrics.held.add(bytes);
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Releases all bytes beyond `bytes`.
    pub(crate) fn shrink_to(&self, bytes: u64) {
        let held = self.held.fetch_min(bytes, Ordering::Relaxed);
        self.budget.release(held.saturating_sub(bytes));
    }

    /// Marks the reader as waiting, so that the body can be ended and the reader woken.
    pub(crate) fn mark_idle(&self) -> IdleBody {
        let waiting = Arc::new(Waiting {
            held: self.held(),
            wanted: AtomicU64::new(0),
            since: self.since,
            is_ended: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        let mut bodies = self.budget.0.bodies.lock();
        let number = bodies.next;
        bodies.next += 1;
        bodies.idle.insert(number, Arc::clone(&waiting));
        IdleBody {
            budget: self.budget.clone(),
            number,
            waiting,
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// A body whose reader waits, until this is dropped.
pub(crate) struct IdleBody {
    budget: BodyBudget,
    number: u64,
    waiting: Arc<Waiting>,
}

impl IdleBody {
    /// Sets the bytes that the body waits for.
    pub(crate) fn set_wanted(&self, bytes: u64) {
        self.waiting.wanted.store(bytes, Ordering::Relaxed);
    }

    /// Whether the body must end. If not, the task is woken when it must.
    pub(crate) fn is_ended(&self, context: &Context<'_>) -> bool {
        self.waiting.waker.register(context.waker());
        self.waiting.is_ended.load(Ordering::Acquire)
    }
}

impl Drop for IdleBody {
    fn drop(&mut self) {
        self.budget.0.bodies.lock().idle.remove(&self.number);
    }
}
