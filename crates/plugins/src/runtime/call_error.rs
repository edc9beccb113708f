use std::time::Duration;

use crate::PluginErrorCode;

/// Errors of calls without a result. Those that the component caused are faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    #[error("exceeded its timeout of {0:?}")]
    Timeout(Duration),
    /// As `Timeout`, but the guest waited for a core during most of this time. Or its caller
    /// stopped waiting, so the cause of the delay is unknown.
    #[error("exceeded its timeout of {0:?}")]
    Starved(Duration),
    #[error("needs more memory than {0} bytes")]
    Memory(usize),
    #[error("made more than {0} calls to the host")]
    HostCalls(u32),
    #[error("exceeded the payload limit of {0} bytes")]
    Payload(usize),
    #[error("exceeded the CPU time of {0:?}")]
    CpuTime(Duration),
    #[error("exceeded the input limit of {0} bytes per call")]
    Input(usize),
    #[error("exceeded its CPU share")]
    Throttled,
    /// No running call ended in time. The text is the group of calls: one plugin, all of them, or
    /// all with the capability `http`.
    #[error("too many calls of {0} run at the same time")]
    Concurrency(&'static str),
    /// The system cannot create a thread for the guest.
    #[error("cannot be called, because a thread cannot be created: raise the limit of threads")]
    NoThread,
    /// The caller stopped waiting, or the deadline of its request passed.
    #[error("was cancelled, because its caller stopped waiting")]
    Cancelled,
    #[error("is disabled after too many faults")]
    Disabled,
    /// An operator stopped the plugin, or a newer version replaced this one.
    #[error("is stopped")]
    Stopped,
    /// The text is the dependency.
    #[error("depends on \"{0}\", which cannot be called")]
    Dependency(String),
    #[error("trapped: {0}")]
    Trap(String),
}

impl CallError {
    /// All results of [`reason`](Self::reason).
    pub(crate) const REASONS: [&str; 14] = [
        "timeout",
        "memory",
        "host_calls",
        "payload",
        "cpu_time",
        "input",
        "throttled",
        "concurrency",
        "no_thread",
        "cancelled",
        "disabled",
        "stopped",
        "dependency",
        "trap",
    ];

    /// Returns true if the component caused the error. Such an error is a fault, and faults disable
    /// the plugin.
    pub(crate) const fn is_caused_by_guest(&self) -> bool {
        !matches!(
            self,
            Self::Starved(_)
                | Self::Input(_)
                | Self::Throttled
                | Self::Concurrency(_)
                | Self::NoThread
                | Self::Cancelled
                | Self::Disabled
                | Self::Stopped
                | Self::Dependency(_)
        )
    }

    /// Returns true if the plugin has no time or thread for the caller. It may have them for
    /// others.
    pub(crate) const fn is_busy(&self) -> bool {
        matches!(self, Self::Throttled | Self::Concurrency(_))
    }

    /// Returns true if callers can cause the error, by their number or by the size of their data.
    /// Such an error must not skip a veto or a policy.
    pub(crate) const fn is_caused_by_callers(&self) -> bool {
        matches!(
            self,
            Self::Starved(_)
                | Self::Input(_)
                | Self::Throttled
                | Self::Concurrency(_)
                | Self::NoThread
        )
    }

    /// Returns true if a retry of the same call fails again, at least for seconds. With the
    /// default `retry_count`, the retries of an event handler end within a second.
    pub(crate) const fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::Memory(_)
                | Self::Payload(_)
                | Self::Input(_)
                | Self::Throttled
                | Self::Disabled
                | Self::Stopped
                | Self::Dependency(_)
                | Self::Trap(_)
        )
    }

    /// Returns the code for operators.
    pub(crate) const fn code(&self) -> PluginErrorCode {
        match self {
            Self::Timeout(_) | Self::Starved(_) => PluginErrorCode::Timeout,
            Self::Dependency(_) => PluginErrorCode::Dependency,
            _ => PluginErrorCode::Internal,
        }
    }

    /// Returns the label `reason` of metrics.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Timeout(_) | Self::Starved(_) => "timeout",
            Self::Memory(_) => "memory",
            Self::HostCalls(_) => "host_calls",
            Self::Payload(_) => "payload",
            Self::CpuTime(_) => "cpu_time",
            Self::Input(_) => "input",
            Self::Throttled => "throttled",
            Self::Concurrency(_) => "concurrency",
            Self::NoThread => "no_thread",
            Self::Cancelled => "cancelled",
            Self::Disabled => "disabled",
            Self::Stopped => "stopped",
            Self::Dependency(_) => "dependency",
            Self::Trap(_) => "trap",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the error after another one. A new error needs a place here.
    fn next(error: &CallError) -> Option<CallError> {
        Some(match error {
            CallError::Timeout(_) => CallError::Starved(Duration::ZERO),
            CallError::Starved(_) => CallError::Memory(0),
            CallError::Memory(_) => CallError::HostCalls(0),
            CallError::HostCalls(_) => CallError::Payload(0),
            CallError::Payload(_) => CallError::CpuTime(Duration::ZERO),
            CallError::CpuTime(_) => CallError::Input(0),
            CallError::Input(_) => CallError::Throttled,
            CallError::Throttled => CallError::Concurrency("this plugin"),
            CallError::Concurrency(_) => CallError::NoThread,
            CallError::NoThread => CallError::Cancelled,
            CallError::Cancelled => CallError::Disabled,
            CallError::Disabled => CallError::Stopped,
            CallError::Stopped => CallError::Dependency(String::new()),
            CallError::Dependency(_) => CallError::Trap(String::new()),
            CallError::Trap(_) => return None,
        })
    }

    #[test]
    fn each_fault_has_a_counted_reason_plug_1() {
        let all = std::iter::successors(Some(CallError::Timeout(Duration::ZERO)), next);
        let mut reasons: Vec<&str> = all.map(|error| error.reason()).collect();
        reasons.dedup();
        assert_eq!(reasons, CallError::REASONS);
    }
}
