use std::time::Instant;

/// A sample above the mean of the others by this factor is a request that hung.
const OUTLIER: f64 = 10.0;

/// How an admitted request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The request did its work.
    Served,
    /// The request failed, and may have taken less time than its work does.
    Failed,
    /// The client of the request disconnected first.
    Abandoned,
}

/// The requests that finished since the last adjustment.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) started: Instant,
    pub(super) served: Samples,
    pub(super) failed: Samples,
    pub(super) abandoned: Samples,
    pub(super) max_in_flight: u32,
}

/// Latencies of requests that ended in the same way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Samples {
    count: u32,
    /// The sum of the samples in seconds.
    sum: f64,
    /// The maximum of the samples in seconds.
    max: f64,
}

impl Window {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            served: Samples::default(),
            failed: Samples::default(),
            abandoned: Samples::default(),
            max_in_flight: 0,
        }
    }

    pub(super) fn add(&mut self, end: End, seconds: f64, in_flight: u32) {
        let samples = match end {
            End::Served => &mut self.served,
            End::Failed => &mut self.failed,
            End::Abandoned => &mut self.abandoned,
        };
        samples.add(seconds);
        self.max_in_flight = self.max_in_flight.max(in_flight);
    }

    pub(super) fn count(&self) -> u32 {
        self.served.count + self.failed.count + self.abandoned.count
    }

    /// Returns the part of the requests that were not served.
    pub(super) fn lost_share(&self) -> f64 {
        f64::from(self.failed.count + self.abandoned.count) / f64::from(self.count().max(1))
    }
}

impl Samples {
    fn add(&mut self, seconds: f64) {
        self.count += 1;
        self.sum += seconds;
        self.max = self.max.max(seconds);
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            max: self.max.max(other.max),
        }
    }

    /// Returns the mean, if there is a sample. It omits the largest sample if that is a request
    /// that hung.
    pub(super) fn mean(self) -> Option<f64> {
        let mean = |sum: f64, count: u32| (sum / f64::from(count.max(1))).max(f64::MIN_POSITIVE);
        let others = mean(self.sum - self.max, self.count.saturating_sub(1));
        (self.count > 0).then(|| {
            if self.count > 1 && self.max > others * OUTLIER {
                others
            } else {
                mean(self.sum, self.count)
            }
        })
    }
}
