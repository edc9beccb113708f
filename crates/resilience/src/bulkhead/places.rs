use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Replaces the number of free places while none is free and calls wait.
const AWAITED: u32 = u32::MAX;

/// A fair semaphore. Without waiting calls, it takes and releases a place with one atomic step.
/// Waiting calls get places in their order. Cheap to clone. All clones share the places.
///
/// Under the lock of the queue, the queue has entries exactly when `free` is [`AWAITED`]. A free
/// place then goes to the first entry, so calls keep their order.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: AtomicU32,
    free: AtomicU32,
    /// Taken places that `release` removes instead of freeing, because `resize` reduced the total.
    surplus: AtomicU32,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    next_number: u64,
    /// In ascending order of the number, which is the order of arrival.
    entries: VecDeque<(u64, oneshot::Sender<Place>)>,
}

/// A place that is taken until this value is dropped. `None` only while it passes to another owner.
#[derive(Debug)]
pub(super) struct Place(Option<Places>);

/// An entry of the queue, which leaves it when this is dropped.
struct Waiting<'a> {
    places: &'a Inner,
    number: u64,
}

impl Places {
    /// Creates free places, at most one less than the range of `u32`.
    pub(super) fn new(all: u32) -> Self {
        let all = all.min(AWAITED - 1);
        Self(Arc::new(Inner {
            all: AtomicU32::new(all),
            free: AtomicU32::new(all),
            surplus: AtomicU32::new(0),
            queue: Mutex::default(),
        }))
    }

    /// Returns the number of taken places.
    pub(super) fn taken(&self) -> u32 {
        let read = |number: &AtomicU32| number.load(Ordering::Relaxed);
        let all = read(&self.0.all).saturating_add(read(&self.0.surplus));
        match read(&self.0.free) {
            AWAITED => all,
            free => all.saturating_sub(free),
        }
    }

    /// Changes the number of places. Calls must not overlap.
    pub(super) fn resize(&self, all: u32) {
        let all = all.min(AWAITED - 1);
        let before = self.0.all.swap(all, Ordering::Relaxed);
        for _ in before..all {
            self.clone().release();
        }
        let surplus = before.saturating_sub(all);
        self.0.surplus.fetch_add(surplus, Ordering::Relaxed);
        // Removes free places immediately. `release` removes the taken ones.
        for _ in 0..surplus {
            let Some(mut place) = self.try_take() else {
                return;
            };
            if self.0.remove_surplus() {
                place.0 = None;
            }
        }
    }

    /// Takes a place if one is free.
    pub(super) fn try_take(&self) -> Option<Place> {
        let less = |free| match free {
            0 | AWAITED => None,
            free => Some(free - 1),
        };
        self.0.change_free(Ordering::Acquire, less)?;
        Some(Place(Some(self.clone())))
    }

    /// Waits for a place, in the order of arrival. Cancel safe.
    pub(super) async fn take(&self) -> Place {
        loop {
            let (number, receiver) = match self.ask() {
                Ok(place) => return place,
                Err(queued) => queued,
            };
            let _waiting = Waiting {
                places: &self.0,
                number,
            };
            if let Ok(place) = receiver.await {
                return place;
            }
        }
    }

    /// Takes a place, or appends an entry to the queue and returns it.
    fn ask(&self) -> Result<Place, (u64, oneshot::Receiver<Place>)> {
        let mut queue = self.0.queue.lock();
        let less_or_awaited = |free| match free {
            0 | AWAITED => Some(AWAITED),
            free => Some(free - 1),
        };
        match self.0.change_free(Ordering::Acquire, less_or_awaited) {
            None | Some(0 | AWAITED) => {}
            Some(_) => return Ok(Place(Some(self.clone()))),
        }
        let (sender, receiver) = oneshot::channel();
        let number = queue.next_number;
        queue.next_number += 1;
        queue.entries.push_back((number, sender));
        Err((number, receiver))
    }

    /// Releases one place to the first waiting call, if any.
    fn release(self) {
        if self.0.remove_surplus() {
            return;
        }
        let more = |free| (free != AWAITED).then(|| free + 1);
        while self.0.change_free(Ordering::Release, more).is_none() {
            let Some(first) = self.0.pop_first() else {
                continue;
            };
            match first.send(Place(Some(self.clone()))) {
                Ok(()) => return,
                // The waiting call has ended, so the place goes to the next one.
                Err(mut place) => place.0 = None,
            }
        }
    }
}

impl Inner {
    /// Changes the number of free places and returns the previous one, unless `change` returns
    /// `None`.
    fn change_free(&self, order: Ordering, change: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        self.free
            .fetch_update(order, Ordering::Relaxed, change)
            .ok()
    }

    /// Removes one surplus place. Returns `false` if there is none.
    fn remove_surplus(&self) -> bool {
        let less = |surplus: u32| surplus.checked_sub(1);
        self.surplus
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    fn pop_first(&self) -> Option<oneshot::Sender<Place>> {
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

    /// Call it after an entry has left the queue. `free` is [`AWAITED`] while the queue has
    /// entries, and that changes only under the lock.
    fn clear_awaited_if_empty(&self, queue: &Queue) {
        if queue.entries.is_empty() {
            self.free.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.0.take() {
            places.release();
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.places.leave(self.number);
    }
}
