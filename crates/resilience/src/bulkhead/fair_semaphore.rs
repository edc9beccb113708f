use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// The value of `free` while no permit is free and calls wait.
const HAS_WAITERS: u32 = u32::MAX;

/// A fair semaphore. Without waiting calls, it acquires and releases a permit with one atomic step.
/// Waiting calls get permits in their order. Cheap to clone. All clones share the permits.
///
/// Under the lock of the queue, the queue has entries exactly when `free` is [`HAS_WAITERS`]. A
/// free permit then goes to the first entry, so calls keep their order.
#[derive(Debug, Clone)]
pub(super) struct FairSemaphore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: AtomicU32,
    free: AtomicU32,
    /// Acquired permits that `release` removes instead of freeing, because `resize` reduced the
    /// total.
    surplus: AtomicU32,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    next_number: u64,
    /// The waiting calls in ascending order of their numbers, which is the order of arrival.
    entries: VecDeque<(u64, oneshot::Sender<SemaphorePermit>)>,
}

/// A permit that is held until this value is dropped. `None` only while it passes to another owner.
#[derive(Debug)]
pub(super) struct SemaphorePermit(Option<FairSemaphore>);

/// An entry of the queue, which leaves it when this is dropped.
struct Waiting<'a> {
    permits: &'a Inner,
    number: u64,
}

impl FairSemaphore {
    /// Creates free permits, at most one less than the range of `u32`.
    pub(super) fn new(all: u32) -> Self {
        let all = all.min(HAS_WAITERS - 1);
        Self(Arc::new(Inner {
            all: AtomicU32::new(all),
            free: AtomicU32::new(all),
            surplus: AtomicU32::new(0),
            queue: Mutex::default(),
        }))
    }

    /// Returns the number of acquired permits.
    pub(super) fn in_use(&self) -> u32 {
        let read = |number: &AtomicU32| number.load(Ordering::Relaxed);
        let all = read(&self.0.all).saturating_add(read(&self.0.surplus));
        match read(&self.0.free) {
            HAS_WAITERS => all,
            free => all.saturating_sub(free),
        }
    }

    /// Changes the number of permits. Calls must not overlap.
    pub(super) fn resize(&self, all: u32) {
        let all = all.min(HAS_WAITERS - 1);
        let before = self.0.all.swap(all, Ordering::Relaxed);
        for _ in before..all {
            self.clone().release();
        }
        let surplus = before.saturating_sub(all);
        self.0.surplus.fetch_add(surplus, Ordering::Relaxed);
        // Removes free permits immediately. `release` removes the acquired ones.
        for _ in 0..surplus {
            let Some(mut permit) = self.try_acquire() else {
                return;
            };
            if self.0.remove_surplus() {
                permit.0 = None;
            }
        }
    }

    /// Acquires a permit if one is free.
    pub(super) fn try_acquire(&self) -> Option<SemaphorePermit> {
        let less = |free| match free {
            0 | HAS_WAITERS => None,
            free => Some(free - 1),
        };
        self.0.change_free(Ordering::Acquire, less)?;
        Some(SemaphorePermit(Some(self.clone())))
    }

    /// Waits for a permit, in the order of arrival. Cancel safe.
    pub(super) async fn acquire(&self) -> SemaphorePermit {
        loop {
            let (number, receiver) = match self.acquire_or_enqueue() {
                Ok(permit) => return permit,
                Err(queued) => queued,
            };
            let _waiting = Waiting {
                permits: &self.0,
                number,
            };
            if let Ok(permit) = receiver.await {
                return permit;
            }
        }
    }

    /// Acquires a permit, or appends an entry to the queue and returns it.
    fn acquire_or_enqueue(
        &self,
    ) -> Result<SemaphorePermit, (u64, oneshot::Receiver<SemaphorePermit>)> {
        let mut queue = self.0.queue.lock();
        let less_or_has_waiters = |free| match free {
            0 | HAS_WAITERS => Some(HAS_WAITERS),
            free => Some(free - 1),
        };
        match self.0.change_free(Ordering::Acquire, less_or_has_waiters) {
            None | Some(0 | HAS_WAITERS) => {}
            Some(_) => return Ok(SemaphorePermit(Some(self.clone()))),
        }
        let (sender, receiver) = oneshot::channel();
        let number = queue.next_number;
        queue.next_number += 1;
        queue.entries.push_back((number, sender));
        Err((number, receiver))
    }

    /// Releases one permit to the first waiting call, if any.
    fn release(self) {
        if self.0.remove_surplus() {
            return;
        }
        let more = |free| (free != HAS_WAITERS).then(|| free + 1);
        while self.0.change_free(Ordering::Release, more).is_none() {
            let Some(first) = self.0.pop_first() else {
                continue;
            };
            match first.send(SemaphorePermit(Some(self.clone()))) {
                Ok(()) => return,
                // The waiting call has ended, so the permit goes to the next one.
                Err(mut permit) => permit.0 = None,
            }
        }
    }
}

impl Inner {
    /// Changes the number of free permits and returns the previous one, unless `change` returns
    /// `None`.
    fn change_free(&self, order: Ordering, change: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        self.free
            .fetch_update(order, Ordering::Relaxed, change)
            .ok()
    }

    /// Removes one surplus permit. Returns `false` if there is none.
    fn remove_surplus(&self) -> bool {
        let less = |surplus: u32| surplus.checked_sub(1);
        self.surplus
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    fn pop_first(&self) -> Option<oneshot::Sender<SemaphorePermit>> {
        let mut queue = self.queue.lock();
        let (_, first) = queue.entries.pop_front()?;
        self.clear_awaited_if_empty(&queue);
        Some(first)
    }

    fn leave(&self, number: u64) {
        let mut queue = self.queue.lock();
        if let Ok(index) = queue.entries.binary_search_by_key(&number, |entry| entry.0) {
            queue.entries.remove(index);
            self.clear_awaited_if_empty(&queue);
        }
    }

    /// Call it after an entry has left the queue. `free` is [`HAS_WAITERS`] while the queue has
    /// entries, and that changes only under the lock.
    fn clear_awaited_if_empty(&self, queue: &Queue) {
        if queue.entries.is_empty() {
            self.free.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for SemaphorePermit {
    fn drop(&mut self) {
        if let Some(permits) = self.0.take() {
            permits.release();
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.permits.leave(self.number);
    }
}
