use std::time::Duration;

use rand::RngExt as _;

use crate::Timeout;

/// Exponential backoff with full jitter: before attempt `n` the wait is uniform in `[0, min(cap, initial * 2^n)]`.
///
/// Full jitter, because it is the form that spreads a crowd of clients best (M. Brooker, "Exponential Backoff And Jitter", 2015).
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
    cap: Timeout,
}

impl Backoff {
    /// A backoff whose bound starts at `initial` and doubles up to `cap`. A cap below `initial` is raised to it.
    #[must_use]
    pub fn new(initial: Timeout, cap: Timeout) -> Self {
        Self {
            initial,
            cap: cap.max(initial),
        }
    }

    /// The longest that the wait before attempt `attempt` (from 0) may be.
    #[must_use]
    pub fn bound(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.initial
            .get()
            .saturating_mul(factor)
            .min(self.cap.get())
    }

    /// The wait before attempt `attempt` (from 0), chosen anew at each call.
    #[must_use]
    pub fn delay(&self, attempt: u32) -> Duration {
        self.delay_at(attempt, rand::rng().random())
    }

    /// The wait before attempt `attempt`, where `share` in `[0, 1]` stands for the random choice: for simulations.
    #[must_use]
    pub fn delay_at(&self, attempt: u32, share: f64) -> Duration {
        self.bound(attempt).mul_f64(share.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_never_exceeds_its_bound_and_the_bound_never_the_cap_res_2(attempt: u32, share in 0.0..=1.0_f64) {
            let backoff = Backoff::new(Timeout::from_millis(100), Timeout::from_secs(10));
            prop_assert!(backoff.delay_at(attempt, share) <= backoff.bound(attempt));
            prop_assert!(backoff.bound(attempt) <= Duration::from_secs(10));
            prop_assert!(backoff.bound(attempt) <= backoff.bound(attempt.saturating_add(1)));
        }
    }

    #[test]
    fn bounds_double_from_the_first_to_the_cap_life_2() {
        let backoff = Backoff::new(Timeout::from_millis(100), Timeout::from_secs(10));
        let bounds: Vec<u128> = (0..9)
            .map(|attempt| backoff.bound(attempt).as_millis())
            .collect();
        assert_eq!(
            bounds,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]
        );
    }
}
