use std::time::{Duration, Instant};

use super::{
    config::AdaptiveConcurrencyConfig,
    queue::{Load, Queue},
    window::{End, Window},
};

/// Minimum limit, because one stuck request must not block all others.
const MIN_LIMIT: f64 = 2.0;
/// Interval of adjustments. Ten per second follow a change within a second.
const WINDOW: Duration = Duration::from_millis(100);
/// Minimum finished requests before an adjustment. Their mean is stable enough.
const MIN_SAMPLES: u32 = 10;
/// Minimum time between two probes. One costs 1 to 2 % of the capacity of this time.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
/// Minimum factor of one adjustment, because a single slow window is not an overload.
const MIN_GRADIENT: f64 = 0.5;
/// The part of an adjustment that is applied, because a window is a sample.
const SMOOTHING: f64 = 0.4;
/// The part of a window with a lower latency that goes into the base latency. A bottleneck that
/// became faster shows without a probe.
const BASE_SMOOTHING: f64 = 0.1;
/// Minimum part of the limit during a probe.
const MIN_PROBE_SHARE: f64 = 0.25;
/// While a window reduces the limit to less than this part, a probe would measure the queue.
const MIN_SETTLED_SHARE: f64 = 0.9;
/// Minimum time between two probes, in base latencies, because the probes of a slow bottleneck
/// last longer.
const PROBE_LATENCIES: f64 = 50.0;
/// Growth of the base latency that shows that it is that of another bottleneck.
const CHANGE_FACTOR: f64 = 1.5;
/// Maximum sample, in tolerated latencies. A window in which a tenth of the requests are that slow
/// has the full effect, and one of a hundred has little.
const MAX_SAMPLE: f64 = 20.0;
/// Minimum time without a finished request after which requests that hang fill the limit.
const MIN_STALL: Duration = Duration::from_secs(1);
/// Minimum stall in tolerated latencies, because the requests of a slow bottleneck take longer.
const STALL_LATENCIES: f64 = 4.0;
/// Growth per window while the limit searches the level of another bottleneck.
const EXPLORATION: f64 = 1.5;
/// Growth per `WINDOW` of a limit that is not used and rejects nothing. It doubles in 3.5 s.
const RECOVERY: f64 = 1.02;
/// Minimum part of lost requests that shows an overload below half of the limit. A few clients
/// disconnect without an overload.
const MIN_LOST_SHARE: f64 = 0.1;
/// Minimum to which lost requests or a queue reduce the limit. Lower limits follow from the latency
/// at the limit.
const MIN_OVERLOAD_LIMIT: f64 = 32.0;

/// The limit and the measurements that it follows from. It does not read a clock.
#[derive(Debug)]
pub(super) struct Limit {
    max: f64,
    /// The tolerated delay in seconds.
    max_queue_delay: f64,
    limit: f64,
    /// Latency without a queue, in seconds.
    base: Option<f64>,
    /// Set after a change of the bottleneck, until the latency rises.
    exploring: bool,
    /// Whether the requests that were served last took longer than tolerated.
    is_late: bool,
    queue: Queue,
    window: Window,
    probe: Probe,
    /// The time of the last finished request or relief.
    progress: Instant,
    /// The time of the last request that finished without a sample.
    unmeasured: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Probe {
    /// The next probe starts at this time or later.
    Due(Instant),
    /// The limit is reduced to a share. Requests that began earlier are not measured, because they
    /// waited in the queue.
    Running { since: Instant, share: f64 },
}

impl Limit {
    pub(super) fn new(config: &AdaptiveConcurrencyConfig, now: Instant) -> Self {
        let max = f64::from(config.max_limit.get());
        Self {
            max,
            max_queue_delay: config.max_queue_delay.get().as_secs_f64(),
            limit: max,
            base: None,
            exploring: false,
            is_late: false,
            queue: Queue::default(),
            window: Window::new(now),
            probe: Probe::Due(now + PROBE_INTERVAL),
            progress: now,
            unmeasured: None,
        }
    }

    /// Returns how many requests may be in flight.
    pub(super) fn get(&self) -> f64 {
        match self.probe {
            Probe::Due(_) => self.limit,
            Probe::Running { share, .. } => self.bounded(self.limit * share),
        }
    }

    /// Returns the latency without a queue, if it is known.
    pub(super) fn base(&self) -> Option<Duration> {
        self.base.map(Duration::from_secs_f64)
    }

    /// Returns whether the latency of a request is a sample. A failure can show that work takes
    /// longer than the base latency, and a client that left can show that it takes longer than
    /// tolerated. Both never show the base latency.
    fn is_sample(&self, end: End, latency: f64) -> bool {
        let min = match end {
            End::Served => return true,
            End::Failed => self.base,
            End::Abandoned => self.tolerated(),
        };
        min.is_some_and(|min| latency > min) && matches!(self.probe, Probe::Due(_))
    }

    /// Records the end of a request, the number in flight with it, and whether a request was
    /// rejected in this window. Returns `true` if the limit may have changed.
    pub(super) fn sample(
        &mut self,
        end: End,
        latency: Duration,
        in_flight: u32,
        rejected: bool,
        now: Instant,
    ) -> bool {
        let seconds = latency.as_secs_f64();
        if !self.is_sample(end, seconds) {
            return false;
        }
        match end {
            End::Served | End::Failed => self.progress = now,
            End::Abandoned => self.record_unmeasured(now),
        }
        if let Probe::Running { since, .. } = self.probe
            && now.checked_sub(latency).is_none_or(|began| began < since)
        {
            return false;
        }
        let max = self
            .tolerated()
            .map_or(f64::MAX, |tolerated| tolerated * MAX_SAMPLE);
        self.window.add(end, seconds.min(max), in_flight);
        if self.window.count() < MIN_SAMPLES {
            return false;
        }
        match self.probe {
            Probe::Running { .. } => self.end_probe(now),
            Probe::Due(_) if now >= self.window.started + WINDOW => self.adjust(rejected, now),
            Probe::Due(_) => return false,
        }
        true
    }

    /// Records a request that finished without a sample, such as a rejected one. Requests do not
    /// hang then.
    pub(super) fn record_unmeasured(&mut self, now: Instant) {
        self.unmeasured = Some(now);
    }

    /// Ends a probe if no request was measured for long, and raises the limit to `limit` if none
    /// has finished. Returns `true` if the limit may have changed.
    ///
    /// Requests that hang would otherwise hold a low limit, and no finished request would raise it.
    pub(super) fn relieve(&mut self, limit: f64, now: Instant) -> bool {
        let latency = self.tolerated().unwrap_or_default() * STALL_LATENCIES;
        let stall = MIN_STALL.max(Duration::try_from_secs_f64(latency).unwrap_or(Duration::MAX));
        if now.saturating_duration_since(self.progress) < stall {
            return false;
        }
        self.progress = now;
        self.window = Window::new(now);
        self.probe = Probe::Due(now + PROBE_INTERVAL);
        let has_finished = |at: Instant| now.saturating_duration_since(at) < stall;
        if !self.unmeasured.is_some_and(has_finished) {
            self.limit = self.bounded(self.limit.max(limit));
        }
        true
    }

    /// Returns the maximum latency that does not reduce the limit, if the base latency is known.
    fn tolerated(&self) -> Option<f64> {
        self.base.map(|base| base + self.max_queue_delay)
    }

    fn adjust(&mut self, rejected: bool, now: Instant) {
        let window = std::mem::replace(&mut self.window, Window::new(now));
        let finished = window.served.and(window.failed);
        let base = match (self.base, finished.mean()) {
            (Some(base), Some(latency)) if latency < base => {
                base + BASE_SMOOTHING * (latency - base)
            }
            (Some(base), _) => base,
            (None, Some(latency)) => latency,
            (None, None) => return,
        };
        self.base = Some(base);
        let tolerated = base + self.max_queue_delay;
        if let Some(served) = window.served.mean() {
            self.is_late = served > tolerated;
        }
        // Abandoned requests show nothing while the service responds to the others in time.
        let all = if self.is_late {
            finished.and(window.abandoned)
        } else {
            finished
        };
        let Some(latency) = all.mean() else {
            return;
        };
        let in_flight = f64::from(window.max_in_flight);
        let elapsed = now.saturating_duration_since(window.started);
        let windows = elapsed.as_secs_f64() / WINDOW.as_secs_f64();
        let is_losing = self.is_late && latency > tolerated && window.lost_share() > MIN_LOST_SHARE;
        let load = Load { in_flight, latency };
        let has_queue = self.queue.grows(latency > tolerated, load, windows);
        let is_overloaded = is_losing || has_queue && in_flight > MIN_OVERLOAD_LIMIT;
        if is_overloaded {
            let limit = self.limit.min(in_flight.max(MIN_OVERLOAD_LIMIT));
            self.limit = limit.min(self.max);
        }
        if in_flight < self.limit / 2.0 {
            // Few requests show nothing about the bottleneck.
            if !rejected && !is_overloaded {
                self.limit = self.bounded(self.limit * RECOVERY.powf(windows));
            }
            return;
        }
        let previous = self.limit;
        if self.exploring && latency < tolerated {
            self.limit = self.bounded(self.limit * EXPLORATION);
        } else {
            self.exploring = false;
            let gradient = (tolerated / latency).clamp(MIN_GRADIENT, 1.0);
            let next = self.limit * gradient + self.limit.sqrt();
            self.limit = self.bounded(self.limit + SMOOTHING * (next - self.limit));
        }
        // A probe rejects requests, so none starts while the limit rejects nothing.
        if rejected
            && self.limit >= previous * MIN_SETTLED_SHARE
            && let Probe::Due(at) = self.probe
            && now >= at
        {
            // The admitted requests finish within about one latency.
            self.probe = Probe::Running {
                since: now + Duration::from_secs_f64(latency),
                // Half of the concurrency of the bottleneck if the base is right, and less than
                // half of the limit if it is too high.
                share: (base / (base + latency)).max(MIN_PROBE_SHARE),
            };
        }
    }

    fn end_probe(&mut self, now: Instant) {
        let window = std::mem::replace(&mut self.window, Window::new(now));
        let Some(base) = window.served.mean() else {
            return;
        };
        // The limit of another bottleneck does not apply here, and small steps would take long.
        self.exploring |= self.base.is_some_and(|known| base > known * CHANGE_FACTOR);
        self.base = Some(base);
        let rest = Duration::from_secs_f64(base * PROBE_LATENCIES);
        self.probe = Probe::Due(now + PROBE_INTERVAL.max(rest));
    }

    fn bounded(&self, limit: f64) -> f64 {
        limit.min(self.max).max(MIN_LIMIT.min(self.max))
    }
}
