use std::time::{Duration, Instant};

/// Multiple of the slowest recent response from which a call is stalled.
const SLOWEST_FACTOR: u32 = 10;
/// Divisor of `slow_call_duration` for the minimum wait, so that a garbage collection or the
/// election of a leader does not open the breaker.
const MIN_WAIT_DIVISOR: u32 = 4;
/// Minimum number of responses to know the usual latency.
const MIN_RESPONSES: u32 = 10;

/// Detects an outage from pending calls: enough of them wait unusually long, and no call has
/// succeeded since the first of them began.
#[derive(Debug)]
pub(super) struct Stall {
    /// Number of stalled calls that open the breaker. 0 disables it.
    min_calls: u32,
    slow_call_duration: Duration,
    window: Duration,
    /// The first pending calls since the last success, with their numbers.
    pending: Vec<(u64, Instant)>,
    next_number: u64,
    current: Responses,
    previous: Responses,
    next_window: Instant,
}

/// The responses of one window.
#[derive(Debug, Clone, Copy, Default)]
struct Responses {
    count: u32,
    slowest: Duration,
}

impl Stall {
    pub(super) fn new(
        min_calls: u32,
        slow_call_duration: Duration,
        window: Duration,
        now: Instant,
    ) -> Self {
        Self {
            min_calls,
            slow_call_duration,
            window,
            pending: Vec::new(),
            next_number: 0,
            current: Responses::default(),
            previous: Responses::default(),
            next_window: now + window,
        }
    }

    /// Changes the settings. Pending calls stay.
    pub(super) fn reload(
        &mut self,
        min_calls: u32,
        slow_call_duration: Duration,
        window: Duration,
        now: Instant,
    ) {
        self.min_calls = min_calls;
        self.slow_call_duration = slow_call_duration;
        if self.window != window {
            self.window = window;
            self.next_window = now + window;
        }
    }

    /// Returns when the next window begins.
    pub(super) fn next_window(&self) -> Instant {
        self.next_window
    }

    pub(super) fn advance(&mut self, now: Instant) {
        if now >= self.next_window {
            // A window without calls resets the usual latency.
            let passed = now.duration_since(self.next_window);
            self.previous = if passed < self.window {
                self.current
            } else {
                Responses::default()
            };
            self.current = Responses::default();
            self.next_window = now + self.window;
        }
    }

    /// Adds a pending call and returns its number for [`remove`](Self::remove).
    pub(super) fn add(&mut self, began: Instant) -> u64 {
        self.next_number += 1;
        if self.pending.len() < self.min_calls.try_into().unwrap_or(usize::MAX) {
            self.pending.push((self.next_number, began));
        }
        self.next_number
    }

    /// Removes a pending call that ended without a success.
    pub(super) fn remove(&mut self, number: u64) {
        self.pending.retain(|(pending, _)| *pending != number);
    }

    /// Records a success. The pending calls are slow at worst.
    pub(super) fn record_success(&mut self, took: Duration) {
        self.pending.clear();
        self.current.count = self.current.count.saturating_add(1);
        self.current.slowest = self.current.slowest.max(took);
    }

    /// Counts successes without a duration while no call was pending.
    pub(super) fn count_successes(&mut self, number: u32) {
        self.current.count = self.current.count.saturating_add(number);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.pending.clear();
    }

    /// Returns when the pending calls are stalled. `None` if they are too few.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let min_calls = self.min_calls.try_into().ok()?;
        if self.pending.is_empty() || self.pending.len() < min_calls {
            return None;
        }
        let last = self.pending.iter().map(|(_, began)| *began).max()?;
        Some(last + self.max_wait())
    }

    fn max_wait(&self) -> Duration {
        let responses = self.current.count.saturating_add(self.previous.count);
        if responses < MIN_RESPONSES {
            return self.slow_call_duration;
        }
        let slowest = self.current.slowest.max(self.previous.slowest);
        let shortest = self.slow_call_duration / MIN_WAIT_DIVISOR;
        let usual = slowest.saturating_mul(SLOWEST_FACTOR);
        usual.clamp(shortest, self.slow_call_duration)
    }
}
