use std::time::Duration;

use rand::RngExt as _;

use crate::Timeout;

/// Exponential backoff with full jitter.
///
/// The delay before attempt `n` (from 0) is uniform in `[0, min(max, initial * 2^n)]`. Full jitter
/// spreads many clients best (M. Brooker, "Exponential Backoff And Jitter", 2015).
///
/// ```
/// use std::time::Duration;
/// use seaworthy_core::{Backoff, Timeout};
///
/// let backoff = Backoff::new(Timeout::from_millis(100), Timeout::from_secs(10));
/// assert!(backoff.delay(0) <= Duration::from_millis(100));
/// assert!(backoff.delay(40) <= Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    initial: Timeout,
    max: Timeout,
}

impl Backoff {
    /// Creates a backoff whose bound starts at `initial` and doubles up to `max`. A `max` below
    /// `initial` is raised to `initial`.
    #[must_use]
    pub fn new(initial: Timeout, max: Timeout) -> Self {
        Self {
            initial,
            max: max.max(initial),
        }
    }

    /// Returns the upper bound of the delay before attempt `attempt` (from 0).
    #[must_use]
    pub fn max_delay(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.initial
            .get()
            .saturating_mul(factor)
            .min(self.max.get())
    }

    /// Returns a random delay for attempt `attempt` (from 0). Each call draws a new one.
    #[must_use]
    pub fn delay(&self, attempt: u32) -> Duration {
        self.delay_at(attempt, rand::rng().random())
    }

    /// Returns the delay for attempt `attempt` with the random draw `fraction` in `[0, 1]`, for
    /// simulations.
    #[must_use]
    pub fn delay_at(&self, attempt: u32, fraction: f64) -> Duration {
        self.max_delay(attempt).mul_f64(fraction.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn delays_stay_below_both_bounds_res_2(attempt: u32, fraction in 0.0..=1.0_f64) {
            let backoff = Backoff::new(Timeout::from_millis(100), Timeout::from_secs(10));
            prop_assert!(backoff.delay_at(attempt, fraction) <= backoff.max_delay(attempt));
            prop_assert!(backoff.max_delay(attempt) <= Duration::from_secs(10));
            prop_assert!(backoff.max_delay(attempt) <= backoff.max_delay(attempt.saturating_add(1)));
        }
    }

    #[test]
    fn max_delay_doubles_up_to_the_maximum_life_2() {
        let backoff = Backoff::new(Timeout::from_millis(100), Timeout::from_secs(10));
        let bounds: Vec<u128> = (0..9)
            .map(|attempt| backoff.max_delay(attempt).as_millis())
            .collect();
        assert_eq!(
            bounds,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]
        );
    }
}
