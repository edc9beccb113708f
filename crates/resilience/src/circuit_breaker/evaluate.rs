use super::{
    baseline::{Baseline, exceeds},
    config::CircuitBreakerConfig,
    snapshot::TripReason,
    window::Counts,
};

/// Returns why a closed breaker must open after a run of failures, with these counts in its window.
pub(super) fn reason_to_open(
    config: &CircuitBreakerConfig,
    run: u32,
    baseline: &Baseline,
    counts: Counts,
) -> Option<TripReason> {
    let enough = counts.calls >= config.min_calls.get();
    let long = config.consecutive_failures;
    if long > 0 && run >= long && baseline.is_improbable(run) {
        Some(TripReason::ConsecutiveFailures)
    } else if enough && exceeds(counts.failures, counts.calls, config.failure_rate.get()) {
        Some(TripReason::FailureRate)
    } else if enough && exceeds(counts.slow, counts.calls, config.slow_call_rate.get()) {
        Some(TripReason::SlowCallRate)
    } else {
        None
    }
}
