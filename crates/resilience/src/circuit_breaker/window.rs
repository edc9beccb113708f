use std::time::{Duration, Instant};

/// Number of buckets of a window.
const BUCKETS: usize = 20;

/// Counts of one bucket or of the whole window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) calls: u32,
    pub(super) failures: u32,
    pub(super) slow: u32,
}

/// A sliding window of counts.
#[derive(Debug)]
pub(super) struct Window {
    buckets: [Counts; BUCKETS],
    current: usize,
    total: Counts,
    bucket_ends: Instant,
    bucket_length: Duration,
}

impl Window {
    pub(super) fn new(length: Duration, now: Instant) -> Self {
        let bucket_length = (length / 20).max(Duration::from_nanos(1));
        Self {
            buckets: [Counts::default(); BUCKETS],
            current: 0,
            total: Counts::default(),
            bucket_ends: now + bucket_length,
            bucket_length,
        }
    }

    pub(super) fn total(&self) -> Counts {
        self.total
    }

    /// Returns when the next bucket begins.
    pub(super) fn next_bucket(&self) -> Instant {
        self.bucket_ends
    }

    /// Advances to `now` and returns the number of buckets that began. An earlier instant changes
    /// nothing.
    pub(super) fn advance(&mut self, now: Instant) -> u32 {
        if now < self.bucket_ends {
            return 0;
        }
        let past = now.duration_since(self.bucket_ends).as_nanos();
        let steps = u32::try_from(past / self.bucket_length.as_nanos())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        match self.bucket_length.checked_mul(steps) {
            Some(time) => self.bucket_ends += time,
            None => self.bucket_ends = now + self.bucket_length,
        }
        for _ in 0..usize::try_from(steps).unwrap_or(BUCKETS).min(BUCKETS) {
            self.current = (self.current + 1) % BUCKETS;
            if let Some(bucket) = self.buckets.get_mut(self.current) {
                self.total.calls -= bucket.calls;
                self.total.failures -= bucket.failures;
                self.total.slow -= bucket.slow;
                *bucket = Counts::default();
            }
        }
        steps
    }

    pub(super) fn count(&mut self, failed: bool, slow: bool) {
        if let Some(bucket) = self.buckets.get_mut(self.current)
            && self.total.calls < u32::MAX
        {
            for counts in [bucket, &mut self.total] {
                counts.calls += 1;
                counts.failures += u32::from(failed);
                counts.slow += u32::from(slow);
            }
        }
    }

    /// Counts successful calls that were not slow.
    pub(super) fn count_successes(&mut self, number: u32) {
        let number = number.min(u32::MAX - self.total.calls);
        if let Some(bucket) = self.buckets.get_mut(self.current) {
            bucket.calls += number;
            self.total.calls += number;
        }
    }

    pub(super) fn clear(&mut self) {
        self.buckets = [Counts::default(); BUCKETS];
        self.total = Counts::default();
    }
}
