/// Growth of both the requests in flight and their latency, since they take longer than tolerated,
/// that shows a queue. More load alone raises only the first, and slower work only the second.
const GROWTH: f64 = 2.0;
/// Growth of both per window that does not show a queue, because it is slower than that of a queue.
const DRIFT: f64 = 1.002;

/// The requests in flight and their latency in one window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) in_flight: f64,
    /// The latency in seconds.
    pub(super) latency: f64,
}

/// Recognizes a queue that grows, while too few requests are in flight to reach the limit.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The load when requests began to take longer than tolerated. It follows a lower load
    /// immediately, and a higher one slowly.
    start: Option<Load>,
}

impl Queue {
    /// Returns whether the queue grows, after a load that lasted this number of windows. `is_late`
    /// means that requests take longer than tolerated.
    pub(super) fn grows(&mut self, is_late: bool, load: Load, windows: f64) -> bool {
        if !is_late {
            self.start = None;
            return false;
        }
        let start = self.start.unwrap_or(load);
        let drift = DRIFT.powf(windows);
        self.start = Some(Load {
            in_flight: (start.in_flight * drift).min(load.in_flight),
            latency: (start.latency * drift).min(load.latency),
        });
        load.in_flight > start.in_flight * GROWTH && load.latency > start.latency * GROWTH
    }
}
