use std::time::Duration;

use tokio::time::Instant;

/// How long a peer may keep this side waiting: the waiting adds up, and every byte that moves pays back at a least rate.
///
/// A leaky bucket of time. A limit on each single pause would let a peer that moves one byte just before the limit hold on for ever.
#[derive(Debug)]
pub(crate) struct Patience {
    allowed: Duration,
    bytes_per_second: u64,
    owed: Duration,
    waiting_since: Option<Instant>,
}

impl Patience {
    pub(crate) fn new(allowed: Duration, bytes_per_second: u64) -> Self {
        Self {
            allowed,
            bytes_per_second: bytes_per_second.max(1),
            owed: Duration::ZERO,
            waiting_since: None,
        }
    }

    /// The peer keeps this side waiting. Returns the deadline.
    pub(crate) fn wait(&mut self, now: impl FnOnce() -> Instant) -> Instant {
        let since = *self.waiting_since.get_or_insert_with(now);
        since + self.allowed.saturating_sub(self.owed)
    }

    /// Bytes moved. Costs nothing for a peer that never let anyone wait.
    pub(crate) fn progress(&mut self, bytes: usize, now: impl FnOnce() -> Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.owed += now().saturating_duration_since(since);
        }
        if !self.owed.is_zero() {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            let paid = bytes.saturating_mul(1_000_000) / self.bytes_per_second;
            self.owed = self.owed.saturating_sub(Duration::from_micros(paid));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_trickle_runs_out_as_a_silence_does_sec_3() {
        let start = Instant::now();
        let mut patience = Patience::new(10 * SECOND, 1000);
        let mut now = start;
        for _ in 0..9 {
            assert!(patience.wait(|| now) > now);
            now += SECOND;
            patience.progress(1, || now);
        }
        let deadline = patience.wait(|| now);
        assert!(deadline <= start + 10 * SECOND + SECOND / 10);
        assert!(deadline > now);
    }

    #[test]
    fn a_peer_at_the_least_rate_is_never_cut_off_sec_3() {
        let mut patience = Patience::new(2 * SECOND, 1000);
        let mut now = Instant::now();
        for _ in 0..1000 {
            assert!(patience.wait(|| now) > now + SECOND);
            now += SECOND;
            patience.progress(1000, || now);
        }
    }
}
