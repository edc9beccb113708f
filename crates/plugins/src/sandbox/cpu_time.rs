use std::time::Duration;

/// A point in the CPU time of a thread. The time of a waiting thread does not count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuTime(Duration);

impl CpuTime {
    /// Returns the CPU time of the current thread.
    pub(crate) fn now() -> Self {
        Self(thread_time())
    }

    /// Returns the CPU time since this point. Call it on the thread that created the point.
    pub(crate) fn elapsed(self) -> Duration {
        thread_time().saturating_sub(self.0)
    }
}

#[cfg(unix)]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanos)
}

/// Uses wall-clock time on other systems.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    use std::{sync::LazyLock, time::Instant};

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use super::*;

    #[test]
    #[cfg(unix)]
    fn waiting_does_not_use_cpu_time_plug_2() {
        let begun = CpuTime::now();
        thread::sleep(Duration::from_millis(200));
        assert!(begun.elapsed() < Duration::from_millis(100));
        let computed = Instant::now();
        while begun.elapsed() < Duration::from_millis(5) {
            assert!(computed.elapsed() < Duration::from_secs(60));
        }
    }
}
