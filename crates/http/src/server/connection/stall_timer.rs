use std::time::Duration;

use tokio::time::Instant;

/// Limits the time that a peer stalls a transfer. Stalls add up, and each byte at the minimum rate
/// reduces the sum.
///
/// The sum is a leaky bucket of time. With a limit on each single stall, a peer could send one byte
/// shortly before each deadline, and the transfer would never end.
#[derive(Debug)]
pub(crate) struct StallTimer {
    timeout: Duration,
    /// Bytes per second.
    min_rate: u64,
    stalled: Duration,
    stalled_since: Option<Instant>,
}

impl StallTimer {
    pub(crate) fn new(timeout: Duration, min_rate: u64) -> Self {
        Self {
            timeout,
            min_rate: min_rate.max(1),
            stalled: Duration::ZERO,
            stalled_since: None,
        }
    }

    /// Records that the transfer waits for the peer. Returns the deadline.
    pub(crate) fn wait(&mut self, now: impl FnOnce() -> Instant) -> Instant {
        let since = *self.stalled_since.get_or_insert_with(now);
        since + self.timeout.saturating_sub(self.stalled)
    }

    /// Records transferred bytes. It does not read the clock for a peer that never stalls.
    pub(crate) fn progress(&mut self, bytes: usize, now: impl FnOnce() -> Instant) {
        if let Some(since) = self.stalled_since.take() {
            self.stalled += now().saturating_duration_since(since);
        }
        if !self.stalled.is_zero() {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            let credit = bytes.saturating_mul(1_000_000) / self.min_rate;
            self.stalled = self.stalled.saturating_sub(Duration::from_micros(credit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn trickle_ends_as_early_as_silence_sec_3() {
        let start = Instant::now();
        let mut stall = StallTimer::new(10 * SECOND, 1000);
        let mut now = start;
        for _ in 0..9 {
            assert!(stall.wait(|| now) > now);
            now += SECOND;
            stall.progress(1, || now);
        }
        let deadline = stall.wait(|| now);
        assert!(deadline <= start + 10 * SECOND + SECOND / 10);
        assert!(deadline > now);
    }

    #[test]
    fn peer_at_minimum_rate_has_no_deadline_sec_3() {
        let mut stall = StallTimer::new(2 * SECOND, 1000);
        let mut now = Instant::now();
        for _ in 0..1000 {
            assert!(stall.wait(|| now) > now + SECOND);
            now += SECOND;
            stall.progress(1000, || now);
        }
    }
}
