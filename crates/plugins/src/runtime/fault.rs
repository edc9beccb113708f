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
    /// No running call ended in time. The text is the group of calls: one plugin or all of them.
    #[error("too many calls of {0} run at the same time")]
    Concurrency(&'static str),
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
    /// Whether the component caused the fault. Such a fault counts towards disabling its plugin.
    pub(crate) const fn counts(&self) -> bool {
        !matches!(
            self,
            Self::Input(_)
                | Self::Throttled
                | Self::Concurrency(_)
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
            Self::Disabled => "disabled",
            Self::Stopped => "stopped",
            Self::Dependency(_) => "dependency",
            Self::Trap(_) => "trap",
        }
    }
}
