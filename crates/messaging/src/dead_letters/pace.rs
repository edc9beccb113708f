use std::num::NonZeroU32;

use tokio::time::{self, Instant};

/// Limits the average rate since the start.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    rate: NonZeroU32,
    done: u32,
}

impl Pace {
    pub(super) fn new(rate: NonZeroU32) -> Self {
        Self {
            begun: Instant::now(),
            rate,
            done: 0,
        }
    }

    /// Waits until the rate allows the next letter.
    pub(super) async fn wait(&self) {
        let seconds = f64::from(self.done) / f64::from(self.rate.get());
        time::sleep_until(self.begun + std::time::Duration::from_secs_f64(seconds)).await;
    }

    pub(super) fn count(&mut self, done: usize) {
        let done = u32::try_from(done).unwrap_or(u32::MAX);
        self.done = self.done.saturating_add(done);
    }
}
