use std::time::{Duration, Instant};

use super::config::AdaptiveConcurrencyConfig;

/// One adjustment halves the limit at most: a single slow window is no collapse.
const LOWEST_GRADIENT: f64 = 0.5;
/// The share of an adjustment that is made: a window is a sample, not the truth.
const EAGERNESS: f64 = 0.4;
/// How much of a window with a lower latency goes into the base: that the bottleneck got faster
/// shows without a probe.
const LEARNING: f64 = 0.1;
/// While probing, this share of the limit: below twice the concurrency of the bottleneck, half of
/// it leaves no queue.
const PROBE_SHARE: f64 = 0.5;
/// The probes of a slow bottleneck last longer, so they come less often: not before so many
/// latencies.
const PROBE_REST: f64 = 50.0;
/// A base that rose by this factor is that of another bottleneck.
const CHANGED: f64 = 1.5;
/// Until latency first rises by this factor, the limit grows by half in every window.
const KNEE: f64 = 1.25;

/// The limit and what it follows from. It reads no clock.
#[derive(Debug)]
pub(super) struct Limit {
    config: AdaptiveConcurrencyConfig,
    limit: f64,
    /// Latency without a queue, in seconds.
    base: Option<f64>,
    exploring: bool,
    window: Samples,
    probe: Probe,
}

#[derive(Debug)]
struct Samples {
    began: Instant,
    count: u32,
    sum: f64,
    most_in_flight: u32,
}

#[derive(Debug, Clone, Copy)]
enum Probe {
    /// The next one is due then.
    Due(Instant),
    /// The limit is halved; samples of requests that began before this count for nothing, as they
    /// met the queue.
    Running(Instant),
}

impl Limit {
    pub(super) fn new(config: AdaptiveConcurrencyConfig, now: Instant) -> Self {
        Self {
            limit: within(&config, f64::from(config.initial_limit.get())),
            base: None,
            exploring: true,
            window: Samples::since(now),
            probe: Probe::Due(now + config.probe_interval.get()),
            config,
        }
    }

    /// How many requests may be in flight.
    pub(super) fn get(&self) -> f64 {
        match self.probe {
            Probe::Due(_) => self.limit,
            Probe::Running(_) => self.floor(self.limit * PROBE_SHARE),
        }
    }

    /// Latency without a queue, as far as it is known.
    pub(super) fn base(&self) -> Option<Duration> {
        self.base.map(Duration::from_secs_f64)
    }

    /// Whether a failure counts as a sample: it may show that work takes longer than without a
    /// queue, never how long it takes without one.
    pub(super) fn counts_failure(&self, latency: Duration) -> bool {
        let is_slow = self.base.is_some_and(|base| latency.as_secs_f64() > base);
        is_slow && matches!(self.probe, Probe::Due(_))
    }

    /// Takes note of a request that ended, of how many were in flight with it, and whether any was
    /// refused in this window; `true` when a window ended with it.
    pub(super) fn sample(
        &mut self,
        latency: Duration,
        in_flight: u32,
        refused: bool,
        now: Instant,
    ) -> bool {
        if let Probe::Running(since) = self.probe
            && now.checked_sub(latency).is_none_or(|began| began < since)
        {
            return false;
        }
        self.window.count += 1;
        self.window.sum += latency.as_secs_f64();
        self.window.most_in_flight = self.window.most_in_flight.max(in_flight);
        let enough = self.window.count >= self.config.samples.get();
        match self.probe {
            Probe::Running(_) if enough => self.end_probe(now),
            Probe::Due(_) if enough && now >= self.window.began + self.config.window.get() => {
                self.adjust(refused, now);
            }
            Probe::Running(_) | Probe::Due(_) => return false,
        }
        true
    }

    fn adjust(&mut self, refused: bool, now: Instant) {
        let window = std::mem::replace(&mut self.window, Samples::since(now));
        let latency = window.mean();
        let base = match self.base {
            Some(base) if latency < base => base + LEARNING * (latency - base),
            Some(base) => base,
            None => latency,
        };
        self.base = Some(base);
        // What is not used is not adjusted: a quiet hour must not raise the limit.
        if f64::from(window.most_in_flight) < self.limit / 2.0 {
            return;
        }
        if self.exploring && latency < base * KNEE {
            self.limit = self.floor(self.limit * 1.5);
        } else {
            self.exploring = false;
            let gradient = (base / latency).clamp(LOWEST_GRADIENT, 1.0);
            let next = self.limit * gradient + self.limit.sqrt();
            self.limit = self.floor(self.limit + EAGERNESS * (next - self.limit));
        }
        // A limit that rejects no calls needs no probe, which would delay calls.
        if refused
            && let Probe::Due(at) = self.probe
            && now >= at
        {
            // Requests admitted until now leave within about one latency.
            self.probe = Probe::Running(now + Duration::from_secs_f64(latency));
        }
    }

    fn end_probe(&mut self, now: Instant) {
        let window = std::mem::replace(&mut self.window, Samples::since(now));
        let base = window.mean();
        // Another bottleneck than before: the old limit says nothing, and small steps would take
        // long.
        self.exploring |= self.base.is_some_and(|known| base > known * CHANGED);
        self.base = Some(base);
        let rest = Duration::from_secs_f64(base * PROBE_REST);
        self.probe = Probe::Due(now + self.config.probe_interval.get().max(rest));
    }

    fn floor(&self, limit: f64) -> f64 {
        within(&self.config, limit)
    }
}

/// Where the settings contradict each other, the minimum counts.
fn within(config: &AdaptiveConcurrencyConfig, limit: f64) -> f64 {
    let minimum = f64::from(config.min_limit.get());
    limit.clamp(minimum, f64::from(config.max_limit.get()).max(minimum))
}

impl Samples {
    fn since(now: Instant) -> Self {
        Self {
            began: now,
            count: 0,
            sum: 0.0,
            most_in_flight: 0,
        }
    }

    fn mean(&self) -> f64 {
        (self.sum / f64::from(self.count.max(1))).max(f64::MIN_POSITIVE)
    }
}
