use std::time::{Duration, Instant};

use seaworthy_core::RequestContext;

/// The time whose unused share a plugin can collect. With more, an idle plugin could occupy a core.
const MAX_COLLECTED: Duration = Duration::from_secs(1);
/// The maximum time whose share one call may use in advance. The engine ends a longer call.
const MAX_OVERDRAWN: Duration = Duration::from_secs(10);

/// The parts of a microsecond. With them the share of a microsecond is a whole number.
const PARTS: i64 = 1_000_000;

/// The caller for which a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallOrigin {
    /// A client whose credentials are missing or not verified yet.
    Anonymous,
    /// An authenticated client, or the service itself.
    Authenticated,
}

impl CallOrigin {
    /// Returns the origin of a call in this context.
    pub(crate) fn of(request: Option<&RequestContext>) -> Self {
        let is_anonymous = |request: &RequestContext| {
            request.actor().is_none() && request.client_address().is_some()
        };
        match request.is_some_and(is_anonymous) {
            true => Self::Anonymous,
            false => Self::Authenticated,
        }
    }
}

/// The share of a CPU core that a plugin may use: two token buckets of time. A call may overdraw
/// its bucket, and later calls wait until it is positive again.
///
/// Each bucket gets half of the share, and what the other one cannot hold. Anonymous calls use one
/// bucket only, so they cannot use the other half. Other calls use both.
#[derive(Debug)]
pub(crate) struct CpuShare {
    /// The share in microseconds per second.
    rate: i64,
    /// The time that is left for all calls, in parts of microseconds. Negative if overdrawn.
    common: i64,
    /// The time that is left for calls that are not anonymous.
    reserved: i64,
    updated: Instant,
}

impl CpuShare {
    /// Creates full buckets for `percent` of one core.
    pub(crate) fn new(percent: u8, now: Instant) -> Self {
        let rate = i64::from(percent) * 10_000;
        Self {
            rate,
            common: capacity(rate),
            reserved: capacity(rate),
            updated: now,
        }
    }

    /// Returns true if the plugin may run now.
    pub(crate) fn may_run(&mut self, origin: CallOrigin, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.updated);
        let elapsed = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
        // Keep `updated` until a whole microsecond passed, so that frequent calls earn their share.
        if elapsed > 0 {
            self.earn(elapsed.saturating_mul(self.rate));
            self.updated = now;
        }
        let may_use_common = self.common > 0 && self.total() > 0;
        match origin {
            CallOrigin::Anonymous => may_use_common,
            CallOrigin::Authenticated => may_use_common || self.reserved > 0,
        }
    }

    /// Adds half of the time to each bucket, and what exceeds its capacity to the other one.
    fn earn(&mut self, earned: i64) {
        let capacity = capacity(self.rate);
        let half = earned / 2;
        let common = self.common.saturating_add(earned - half);
        let reserved = self.reserved.saturating_add(half);
        let excess = |left: i64| (left - capacity).max(0);
        self.common = common.saturating_add(excess(reserved)).min(capacity);
        self.reserved = reserved.saturating_add(excess(common)).min(capacity);
    }

    fn total(&self) -> i64 {
        self.common.saturating_add(self.reserved)
    }

    /// Returns the time that is left. Zero if calls overdrew the share.
    pub(crate) fn left(&mut self, now: Instant) -> Duration {
        self.may_run(CallOrigin::Authenticated, now);
        Duration::from_micros(u64::try_from(self.total() / PARTS).unwrap_or_default())
    }

    /// Charges the CPU time that a call used.
    pub(crate) fn charge(&mut self, origin: CallOrigin, used: Duration) {
        let used = i64::try_from(used.as_micros()).unwrap_or(i64::MAX);
        let bucket = match origin {
            CallOrigin::Authenticated if self.reserved > 0 => &mut self.reserved,
            _ => &mut self.common,
        };
        *bucket = bucket.saturating_sub(used.saturating_mul(PARTS));
    }
}

/// Returns the maximum CPU time of one call with `percent` of one core.
pub(crate) fn max_cpu_time(percent: u8) -> Duration {
    MAX_OVERDRAWN * u32::from(percent) / 100
}

/// Returns the time that each bucket can collect, in parts of microseconds.
fn capacity(rate: i64) -> i64 {
    let micros = i64::try_from(MAX_COLLECTED.as_micros()).unwrap_or(i64::MAX);
    rate.saturating_mul(micros) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_above_the_share_is_rejected_plug_2() {
        // Each kind of caller alone gets the whole share.
        for origin in [CallOrigin::Anonymous, CallOrigin::Authenticated] {
            let used = used_within_ten_seconds([origin].iter().cycle());
            // 10 % of 10 s, and the full buckets of the start.
            let limit = Duration::from_millis(1_000 + 100) + STEP;
            assert!(used.0 + used.1 <= limit, "{used:?}");
            assert!(used.0 + used.1 >= Duration::from_millis(1_000), "{used:?}");
        }
    }

    #[test]
    fn anonymous_calls_leave_half_of_the_share_plug_2() {
        let flood = [CallOrigin::Anonymous, CallOrigin::Authenticated];
        let (anonymous, known) = used_within_ten_seconds(flood.iter().cycle());
        let half = Duration::from_millis(500);
        assert!(known >= half && anonymous <= half + STEP * 11, "{known:?}");
        // One call that overdraws the share leaves the other half, too.
        let now = Instant::now();
        let mut share = CpuShare::new(10, now);
        share.charge(CallOrigin::Anonymous, Duration::from_secs(1));
        assert!(!share.may_run(CallOrigin::Anonymous, now));
        assert!(share.may_run(CallOrigin::Authenticated, now));
    }

    /// The CPU time of a call.
    const STEP: Duration = Duration::from_millis(5);

    /// Returns the CPU time of anonymous and of other calls with 10 % of a core. One call of each
    /// origin in turn starts in each half of a millisecond.
    fn used_within_ten_seconds<'a>(
        origins: impl Iterator<Item = &'a CallOrigin>,
    ) -> (Duration, Duration) {
        let start = Instant::now();
        let mut share = CpuShare::new(10, start);
        let mut used = (Duration::ZERO, Duration::ZERO);
        for (half, origin) in (0..20_000).zip(origins) {
            if share.may_run(*origin, start + Duration::from_micros(500) * half) {
                share.charge(*origin, STEP);
                match origin {
                    CallOrigin::Anonymous => used.0 += STEP,
                    CallOrigin::Authenticated => used.1 += STEP,
                }
            }
        }
        used
    }

    #[test]
    fn overdrawn_share_recovers_with_time_plug_2() {
        let start = Instant::now();
        let mut share = CpuShare::new(10, start);
        assert_eq!(share.left(start), Duration::from_millis(100));
        share.charge(CallOrigin::Authenticated, Duration::from_secs(1));
        assert_eq!(share.left(start), Duration::ZERO);
        assert!(!share.may_run(CallOrigin::Authenticated, start + Duration::from_secs(8)));
        assert!(share.may_run(CallOrigin::Authenticated, start + Duration::from_secs(10)));
    }

    #[test]
    fn frequent_checks_earn_the_whole_share_plug_2() {
        let start = Instant::now();
        // Between two checks the plugin earns less than two microseconds.
        for interval in [3, 199] {
            let mut share = CpuShare::new(1, start);
            // The full bucket has 10 ms, and 1 % of 2 s are 20 ms.
            share.charge(CallOrigin::Authenticated, Duration::from_millis(30));
            let mut checks = (0_u64..).step_by(interval).map(Duration::from_micros);
            let earned =
                checks.find(|elapsed| share.may_run(CallOrigin::Authenticated, start + *elapsed));
            let earned = earned.unwrap().as_millis();
            assert_eq!(earned, 2_000, "a check each {interval} µs");
        }
    }
}
