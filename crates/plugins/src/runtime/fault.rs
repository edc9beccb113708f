use std::time::Duration;

use crate::PluginErrorCode;

/// Errors of calls of a component that did not return a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("exceeded its timeout of {0:?}")]
    Timeout(Duration),
    #[error("needs more memory than {0} bytes")]
    Memory(usize),
    #[error("made more than {0} calls to the host")]
    HostCalls(u32),
    #[error("exceeded the payload limit of {0} bytes")]
    Payload(usize),
    #[error("exceeded the CPU time of {0:?}")]
    ProcessorTime(Duration),
    #[error("exceeded the input limit of {0} bytes per call")]
    Input(usize),
    #[error("exceeded its CPU share")]
    Throttled,
    /// No running call ended in time. The text is the group of calls: one plugin, all of them, or
    /// all with the capability `http`.
    #[error("too many calls of {0} run at the same time")]
    Concurrency(&'static str),
    /// The system cannot create a thread for the guest.
    #[error("cannot be called, because the system has no thread for it")]
    NoThread,
    #[error("is disabled after too many faults")]
    Disabled,
    /// An operator stopped the plugin, or a newer version replaced this one.
    #[error("is stopped")]
    Stopped,
    /// The text is the dependency.
    #[error("depends on \"{0}\", which is disabled")]
    Dependency(String),
    #[error("trapped: {0}")]
    Trap(String),
}

impl Fault {
    /// All results of [`reason`](Self::reason).
    pub(crate) const REASONS: [&str; 13] = [
        "timeout",
        "memory",
        "host_calls",
        "payload",
        "processor_time",
        "input",
        "throttled",
        "concurrency",
        "no_thread",
        "disabled",
        "stopped",
        "dependency",
        "trap",
    ];

    /// Whether the component caused the fault. Such a fault counts towards disabling its plugin.
    pub(crate) const fn counts(&self) -> bool {
        !matches!(
            self,
            Self::Input(_)
                | Self::Throttled
                | Self::Concurrency(_)
                | Self::NoThread
                | Self::Disabled
                | Self::Stopped
                | Self::Dependency(_)
        )
    }

    /// Whether a retry of the same call fails again, at least for seconds. Retries of an event
    /// handler end within a second.
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

    /// Returns the code of the fault for operators.
    pub(crate) const fn code(&self) -> PluginErrorCode {
        match self {
            Self::Timeout(_) => PluginErrorCode::Timeout,
            Self::Dependency(_) => PluginErrorCode::Dependency,
            _ => PluginErrorCode::Internal,
        }
    }

    /// Returns the label `reason` of metrics.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            Self::Memory(_) => "memory",
            Self::HostCalls(_) => "host_calls",
            Self::Payload(_) => "payload",
            Self::ProcessorTime(_) => "processor_time",
            Self::Input(_) => "input",
            Self::Throttled => "throttled",
            Self::Concurrency(_) => "concurrency",
            Self::NoThread => "no_thread",
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

    /// Returns the fault after another one. A new fault needs a place here.
    fn next(fault: &Fault) -> Option<Fault> {
        Some(match fault {
            Fault::Timeout(_) => Fault::Memory(0),
            Fault::Memory(_) => Fault::HostCalls(0),
            Fault::HostCalls(_) => Fault::Payload(0),
            Fault::Payload(_) => Fault::ProcessorTime(Duration::ZERO),
            Fault::ProcessorTime(_) => Fault::Input(0),
            Fault::Input(_) => Fault::Throttled,
            Fault::Throttled => Fault::Concurrency("this plugin"),
            Fault::Concurrency(_) => Fault::NoThread,
            Fault::NoThread => Fault::Disabled,
            Fault::Disabled => Fault::Stopped,
            Fault::Stopped => Fault::Dependency(String::new()),
            Fault::Dependency(_) => Fault::Trap(String::new()),
            Fault::Trap(_) => return None,
        })
    }

    #[test]
    fn each_fault_has_a_counted_reason_plug_1() {
        let all = std::iter::successors(Some(Fault::Timeout(Duration::ZERO)), next);
        let mut reasons: Vec<&str> = all.map(|fault| fault.reason()).collect();
        reasons.dedup();
        assert_eq!(reasons, Fault::REASONS);
    }
}
