use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use seaworthy_core::Timeout;

/// A timeout that a reload of settings changes (CONF-4). Clones share the value. Running calls keep
/// the timeout with which they began.
///
/// ```
/// use seaworthy_core::Timeout;
/// use seaworthy_resilience::timeout::ReloadableTimeout;
///
/// let timeout = ReloadableTimeout::from(Timeout::from_secs(2));
/// timeout.reload(Timeout::from_secs(1));
/// assert_eq!(timeout.get().as_secs(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct ReloadableTimeout {
    /// Timeouts above 584 years, the maximum of this type, are shortened.
    nanoseconds: Arc<AtomicU64>,
}

impl ReloadableTimeout {
    /// Returns the timeout for a call that begins at the current time.
    #[must_use]
    pub fn get(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    /// Changes the timeout of later calls.
    pub fn reload(&self, timeout: Timeout) {
        self.nanoseconds
            .store(nanoseconds(timeout), Ordering::Relaxed);
    }
}

impl From<Timeout> for ReloadableTimeout {
    fn from(timeout: Timeout) -> Self {
        Self {
            nanoseconds: Arc::new(AtomicU64::new(nanoseconds(timeout))),
        }
    }
}

fn nanoseconds(timeout: Timeout) -> u64 {
    u64::try_from(timeout.get().as_nanos()).unwrap_or(u64::MAX)
}
