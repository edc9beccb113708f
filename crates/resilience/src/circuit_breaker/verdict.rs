use super::{
    chance::{Usual, exceeds},
    config::CircuitBreakerConfig,
    snapshot::TripReason,
    window::Counts,
};

/// Why a closed breaker should open, if it should: after a run of bad calls, or with such counts in its window.
pub(super) fn reason_to_open(
    config: &CircuitBreakerConfig,
    run: u32,
    usual: &Usual,
    counts: Counts,
) -> Option<TripReason> {
    let enough = counts.calls >= config.min_calls.get();
    let long = config.consecutive_failures;
    if long > 0 && run >= long && usual.is_surprised_by(run) {
        Some(TripReason::ConsecutiveFailures)
    } else if enough && exceeds(counts.failures, counts.calls, config.failure_rate.get()) {
        Some(TripReason::FailureRate)
    } else if enough && exceeds(counts.slow, counts.calls, config.slow_call_rate.get()) {
        Some(TripReason::SlowCallRate)
    } else {
        None
    }
}
