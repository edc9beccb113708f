//! Separates outages from random failures.

/// Probability below which a run is not random: at 1,000 calls per second, once in eleven days.
const MAX_PROBABILITY: f64 = 1e-9;
/// Maximum baseline. Above it the failure rate decides instead of a run.
const MAX_BASELINE: f64 = 0.5;
/// Minimum number of calls for a baseline.
const MIN_CALLS: f64 = 10.0;
/// Decay per bucket. With 20 buckets per window, the memory is two windows long.
const DECAY: f64 = 0.975;
/// Width of the interval in standard deviations. With two, one close case in forty opens too early.
const DEVIATIONS: f64 = 2.0;

/// The usual share of failures outside of outages.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    successes: f64,
    failures: f64,
}

impl Baseline {
    pub(super) fn decay(&mut self, buckets: u32) {
        if buckets > 0 {
            let remains = DECAY.powi(i32::try_from(buckets).unwrap_or(i32::MAX));
            self.successes *= remains;
            self.failures *= remains;
        }
    }

    /// Counts a success that ended a run of failures.
    pub(super) fn count(&mut self, run: u32) {
        self.successes += 1.0;
        self.failures += f64::from(run);
    }

    /// Counts successes that follow a success.
    pub(super) fn count_successes(&mut self, number: u32) {
        self.successes += f64::from(number);
    }

    /// Returns whether a run of failures is too long to be random with the usual share of failures.
    pub(super) fn is_improbable(&self, run: u32) -> bool {
        let calls = self.successes + self.failures;
        if calls < MIN_CALLS {
            return true;
        }
        let share = (self.failures / calls).min(MAX_BASELINE);
        share <= 0.0 || f64::from(run) * share.ln() < MAX_PROBABILITY.ln()
    }
}

/// Returns whether the lower bound of the Wilson score interval of `hits` in `calls` exceeds the
/// threshold.
pub(super) fn exceeds(hits: u32, calls: u32, threshold: f64) -> bool {
    let (hits, calls) = (f64::from(hits), f64::from(calls));
    if calls <= 0.0 || hits < threshold * calls {
        return false;
    }
    if hits >= calls {
        return true;
    }
    let share = hits / calls;
    let square = DEVIATIONS * DEVIATIONS;
    let spread = (share * (1.0 - share) / calls + square / (4.0 * calls * calls)).sqrt();
    let lower = (share + square / (2.0 * calls) - DEVIATIONS * spread) / (1.0 + square / calls);
    lower >= threshold
}
