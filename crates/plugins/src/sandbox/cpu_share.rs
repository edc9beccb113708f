use std::time::{Duration, Instant};

/// The time whose unused share a plugin can collect. With more, an idle plugin could occupy a core.
const MAX_COLLECTED: Duration = Duration::from_secs(1);
/// The maximum time whose share one call may use in advance. The engine ends a longer call.
const MAX_OVERDRAWN: Duration = Duration::from_secs(10);

/// The parts of a microsecond. With them the share of a microsecond is a whole number.
const PARTS: i64 = 1_000_000;

/// The share of a CPU core that a plugin may use: a token bucket of time. A call may overdraw
/// it, and later calls wait until it is positive again.
#[derive(Debug)]
pub(crate) struct CpuShare {
    /// The share in microseconds per second.
    rate: i64,
    /// The time that is left, in parts of microseconds. Negative if a call overdrew the share.
    left: i64,
    updated: Instant,
}

impl CpuShare {
    /// Creates a full bucket for `percent` of one core.
    pub(crate) fn new(percent: u8, now: Instant) -> Self {
        let rate = i64::from(percent) * 10_000;
        Self {
            rate,
            left: capacity(rate),
            updated: now,
        }
    }

    /// Returns true if the plugin may run now.
    pub(crate) fn may_run(&mut self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.updated);
        let elapsed = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
        // Keep `updated` until a whole microsecond passed, so that frequent calls earn their share.
        if elapsed > 0 {
            let earned = elapsed.saturating_mul(self.rate);
            self.left = self.left.saturating_add(earned).min(capacity(self.rate));
            self.updated = now;
        }
        self.left > 0
    }

    /// Returns the time that is left. Zero if a call overdrew the share.
    pub(crate) fn left(&mut self, now: Instant) -> Duration {
        self.may_run(now);
        Duration::from_micros(u64::try_from(self.left / PARTS).unwrap_or_default())
    }

    /// Charges the CPU time that a call used.
    pub(crate) fn charge(&mut self, used: Duration) {
        let used = i64::try_from(used.as_micros()).unwrap_or(i64::MAX);
        self.left = self.left.saturating_sub(used.saturating_mul(PARTS));
    }
}

/// Returns the maximum CPU time of one call with `percent` of one core.
pub(crate) fn max_cpu_time(percent: u8) -> Duration {
    MAX_OVERDRAWN * u32::from(percent) / 100
}

/// Returns the time that a plugin can collect, in parts of microseconds.
fn capacity(rate: i64) -> i64 {
    let micros = i64::try_from(MAX_COLLECTED.as_micros()).unwrap_or(i64::MAX);
    rate.saturating_mul(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_above_the_share_is_rejected_plug_2() {
        let start = Instant::now();
        let mut share = CpuShare::new(10, start);
        let mut used = Duration::ZERO;
        let step = Duration::from_millis(5);
        for millisecond in 0..10_000 {
            let now = start + Duration::from_millis(millisecond);
            if share.may_run(now) {
                share.charge(step);
                used += step;
            }
        }
        // 10 % of 10 s, and the full bucket of the start.
        let limit = Duration::from_millis(1_000 + 100) + step;
        assert!(used <= limit, "{used:?}");
        assert!(used >= Duration::from_millis(1_000), "{used:?}");
    }

    #[test]
    fn overdrawn_share_recovers_with_time_plug_2() {
        let start = Instant::now();
        let mut share = CpuShare::new(10, start);
        assert_eq!(share.left(start), Duration::from_millis(100));
        share.charge(Duration::from_secs(1));
        assert_eq!(share.left(start), Duration::ZERO);
        assert!(!share.may_run(start + Duration::from_secs(8)));
        assert!(share.may_run(start + Duration::from_secs(10)));
    }

    #[test]
    fn frequent_checks_earn_the_whole_share_plug_2() {
        let start = Instant::now();
        // Between two checks the plugin earns less than two microseconds.
        for interval in [3, 199] {
            let mut share = CpuShare::new(1, start);
            // The full bucket has 10 ms, and 1 % of 2 s are 20 ms.
            share.charge(Duration::from_millis(30));
            let mut checks = (0_u64..).step_by(interval).map(Duration::from_micros);
            let earned = checks.find(|elapsed| share.may_run(start + *elapsed));
            let earned = earned.unwrap().as_millis();
            assert_eq!(earned, 2_000, "a check each {interval} µs");
        }
    }
}
