use std::time::{Duration, Instant};

use crate::{runtime::TICK, sandbox::FAULT_WINDOW};

/// The recent duration of the hooks and decisions of a plugin. It selects the thread of the next
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// No call has shown whether the plugin is brief.
    Unknown,
    /// The last call was brief.
    Brief,
    /// A call was not brief. The others count as slow until this time, and then as unknown.
    SlowUntil(Instant),
}

impl Pace {
    /// Records the CPU time of a call. Only a hook or a decision, `is_request`, shows that others
    /// are brief.
    pub(super) fn record(&mut self, used: Duration, is_request: bool, now: Instant) {
        if used > TICK {
            self.slow_down(now);
        } else if is_request && !self.is_slow(now) {
            *self = Self::Brief;
        }
    }

    /// Records a call that was not brief. The others count as slow for as long as a fault counts.
    pub(super) fn slow_down(&mut self, now: Instant) {
        *self = Self::SlowUntil(now + FAULT_WINDOW);
    }

    fn is_slow(self, now: Instant) -> bool {
        matches!(self, Self::SlowUntil(end) if now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_brief_hook_makes_a_plugin_brief_plug_2() {
        let now = Instant::now();
        let mut pace = Pace::Unknown;
        pace.record(TICK, false, now);
        assert_eq!(pace, Pace::Unknown);
        pace.record(TICK, true, now);
        assert_eq!(pace, Pace::Brief);
        pace.record(TICK * 2, false, now);
        let slow = Pace::SlowUntil(now + FAULT_WINDOW);
        assert_eq!(pace, slow);
        pace.record(TICK, true, now);
        assert_eq!(pace, slow);
        pace.record(TICK, true, now + FAULT_WINDOW);
        assert_eq!(pace, Pace::Brief);
    }
}
