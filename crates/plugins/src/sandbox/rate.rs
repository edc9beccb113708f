use std::time::Instant;

use parking_lot::Mutex;

/// The parts of one token. With them the tokens of a microsecond are a whole number.
const PARTS: u64 = 1_000_000;

/// A token bucket for a number of actions per second. After idle time it permits as many at once.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The tokens that are left, in parts.
    left: u64,
    updated: Instant,
}

impl Rate {
    /// Creates a full bucket. With zero it never permits an action.
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        let left = u64::from(per_second) * PARTS;
        let updated = now;
        Self {
            per_second,
            state: Mutex::new(State { left, updated }),
        }
    }

    /// Returns true if an action may happen now. Counts it.
    pub(crate) fn take(&self, now: Instant) -> bool {
        let per_second = u64::from(self.per_second);
        let mut state = self.state.lock();
        let elapsed = now.saturating_duration_since(state.updated).as_micros();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        // Keep `updated` until a whole microsecond passed, so that frequent actions earn tokens.
        if elapsed > 0 {
            let earned = elapsed.saturating_mul(per_second);
            state.left = state.left.saturating_add(earned).min(per_second * PARTS);
            state.updated = now;
        }
        let left = state.left.checked_sub(PARTS);
        state.left = left.unwrap_or(state.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn actions_above_the_rate_are_rejected_plug_2() {
        let start = Instant::now();
        let rate = Rate::new(10, start);
        let milliseconds = (0..2_000).map(|millisecond| start + Duration::from_millis(millisecond));
        let permitted = milliseconds.filter(|now| rate.take(*now)).count();
        // The full bucket of the start, and ten per second.
        assert_eq!(permitted, 10 + 19);
        assert!(!Rate::new(0, start).take(start + Duration::from_secs(60)));
    }
}
